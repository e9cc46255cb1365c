"""S3 to S6 as a browser carries them out: a header's text proves its spelling, and only its effect proves the header.

The other site is a real second server on this machine: on the same host it is another origin, under the name
`localhost` another site. Each refusal has its counterpart, which shows that the browser would have done it.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.courier import Courier, send_courier
from tests.browser.patient import Patient
from tests.browser.scenes import merge_patients
from tests.support.browser import _FLAGS, OpenPage, find_chromium
from tests.support.server import Server

HOSTS = ["127.0.0.1", "localhost"]
CANARY = "Kanarienvogel 7041 gelb"
HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title=`owned`</script>'
READ_CONTROLS = "() => [...document.querySelectorAll('input, textarea')].map((each) => each.value).join('\\n')"


@dataclass
class OtherSite:
    """Somebody else's website: `pages` are its pages by path."""

    port: int
    pages: dict[str, str] = field(default_factory=dict)

    def name(self, host: str, path: str) -> str:
        """Return the address of a page."""
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def other_site() -> Iterator[OtherSite]:
    """Serve somebody else's website."""
    pages: dict[str, str] = {"/own": "<title>Own</title><p>a page of its own</p>"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(urlsplit(self.path).path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield OtherSite(server.server_port, pages)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def stranger(browser: Browser, live_server: Server) -> Iterator[Courier]:
    """Give a person with answers in an open form, whose browser is not watched: other sites may fail in it."""
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        courier.send({"age": "34"})
        yield courier


def read_all(page: Page) -> str:
    """Return the page's text and what its controls hold, also where its script is just about to load it again."""
    for _ in range(10):
        with suppress(Error):
            return page.content() + str(page.evaluate(READ_CONTROLS))
        page.wait_for_load_state()
    raise AssertionError(f"{page.url} does not come to rest")


def fill_everything(courier: Courier, words: str) -> None:
    """Start a form, type the same words wherever there is room, and walk to the check page."""
    answers = merge_patients("ABHGL")
    courier.start()
    courier.walk(answers)
    typed: dict[str, dict[str, str | Sequence[str]]] = {
        "visit": {"reason-for-visit": ["something-else"], "reason-for-visit-something-else": words},
        "medicines": {"current-medicines-1-name": words, "current-medicines-1-reason": words},
        "bladder-more": {"bladder-how-long": words},
        "anything-else": {"other-conditions": words, "questions-for-doctor": words},
    }
    for link_id, values in typed.items():
        courier.open_page(link_id)
        courier.send(values)
        assert courier.sheet.status == 200
    courier.get("/check")


@pytest.mark.parametrize("path", ["/", "/questions/1", "/check", "/summary", "/nothing-here"])
def test_pages_are_cut_off_from_others_and_from_the_device(path: str, stranger: Courier, other_site: OtherSite) -> None:
    # S5: `crossOriginIsolated` is what COOP and COEP are for, and both are dropped when they are misspelled
    page = stranger.context.new_page()
    page.goto(path)
    features = ("camera", "microphone", "geolocation", "display-capture", "usb", "payment")
    allows = f"{list(features)}.filter((name) => document.featurePolicy.allowsFeature(name))"
    assert page.evaluate("crossOriginIsolated") is True
    assert page.evaluate(allows) == []
    # And where nobody forbids it, it is allowed
    page.goto(other_site.name("127.0.0.1", "/own"))
    assert page.evaluate("crossOriginIsolated") is False
    assert page.evaluate(allows) == list(features)


@pytest.mark.parametrize("host", HOSTS)
def test_a_frame_on_another_site_stays_empty(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S4, S5
    addresses = ["/own", *(f"{live_server.url}{path}" for path in ("/", "/check", "/nothing-here", "/static/none.css"))]
    other_site.pages["/frames"] = "".join(f"<iframe src='{address}'></iframe>" for address in addresses)
    page = stranger.context.new_page()
    page.goto(other_site.name(host, "/frames"))
    own, *ours = page.frames[1:]
    assert "a page of its own" in own.content()
    assert [frame.url for frame in ours] == ["chrome-error://chromewebdata/"] * 4
    assert [
        frame for frame in ours if "Demonstration" in frame.content() or "Go to the first page" in frame.content()
    ] == []


@pytest.mark.parametrize("host", HOSTS)
def test_another_site_cannot_fetch_what_the_patient_can_open(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S5: as text, blindly, and as a picture
    fetch = """([url, mode]) => fetch(url, {mode, credentials: "include"}).then(() => "came", () => "refused")"""
    load = """([url]) => new Promise((done) => {
        Object.assign(new Image(), {onload: () => done("came"), onerror: () => done("refused"), src: url});
    })"""
    page = stranger.context.new_page()
    page.goto(other_site.name(host, "/own"))
    assert page.evaluate(fetch, [other_site.name(host, "/own"), "no-cors"]) == "came"
    for path in ("/summary.pdf", "/summary", "/resume", "/icon.svg"):
        address = f"{live_server.url}{path}"
        found = [page.evaluate(fetch, [address, mode]) for mode in ("no-cors", "cors")]
        assert [*found, page.evaluate(load, [address])] == ["refused"] * 3, path


@pytest.mark.parametrize("host", HOSTS)
def test_a_form_that_another_site_sends_is_refused_and_stores_nothing(
    host: str, live_server: Server, stranger: Courier, other_site: OtherSite
) -> None:
    # S3: with everything that the form has, its token too
    stranger.open_page("visit")
    form = stranger.find_form()
    fields = {**{name: values[0] for name, values in form.fields.items()}, "age": "99", "action": "save"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    submit = "<script>document.forms[0].submit()</script>"
    other_site.pages["/trap"] = f'<form method="post" action="{live_server.url}/questions/1">{inputs}</form>{submit}'
    page = stranger.context.new_page()
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.goto(other_site.name(host, "/trap"))
    assert answer.value.status == 403
    page.get_by_role("heading", name="This came from another website").wait_for()
    stranger.open_page("visit")
    assert stranger.find_form().fields["age"] == ["34"]
    # And the same fields from our own page are saved
    stranger.post("/questions/1", {name: [value] for name, value in fields.items()})
    stranger.open_page("visit")
    assert stranger.find_form().fields["age"] == ["99"]


def test_no_page_breaks_our_own_policy(live_server: Server, open_page: OpenPage) -> None:
    # S4: `open_page` fails the test for whatever the policy stops. Every page that links lead to is opened.
    page = open_page(live_server.url)
    page.context.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error(event.blockedURI))"
    )
    fill_everything(Courier(page.context, live_server.url), HOSTILE)
    waiting, seen = ["/", "/check", "/summary", "/share", "/done"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page.goto(path)
        links = page.locator("a[href^='/']").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
        found = {link.partition("#")[0] for link in links} - seen - set(waiting)
        waiting += sorted(link for link in found if ".pdf" not in link)
    assert len([path for path in seen if path.startswith("/questions/")]) > 40
    assert {"/for-clinicians", "/privacy", "/support", "/resume", "/erase"} <= seen


def test_markup_that_somebody_types_is_shown_as_they_typed_it(live_server: Server, open_page: OpenPage) -> None:
    # S4, W-09
    page = open_page(live_server.url)
    fill_everything(Courier(page.context, live_server.url), HOSTILE)
    for path in ("/check", "/summary", "/questions/1", "/questions/19", "/questions/54", "/questions/60"):
        page.goto(path)
        assert page.locator("main :is(img, script)").count() == 0
        assert HOSTILE in page.locator("main").inner_text() + page.evaluate(READ_CONTROLS), path
        assert "owned" not in page.title()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with script", "without script"])
def test_after_erasing_the_way_back_shows_no_answer(
    *, has_scripts: bool, live_server: Server, browser: Browser
) -> None:
    # S6: in a browser that keeps pages for going back, as people's browsers do and Playwright's does not
    keeping = browser.browser_type.launch(
        executable_path=find_chromium(), args=_FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = keeping.new_context(base_url=live_server.url, java_script_enabled=has_scripts).new_page()
    # Given a person who wrote something down and looked at it
    patient = Patient(page, {})
    patient.start()
    page.locator("[name=reason-for-visit-something-else]").fill(CANARY)
    page.get_by_role("button", name="Save and continue").click()
    page.locator("input[name=asked][value^=previous]").wait_for(state="attached")
    for path in ("/questions/1", "/check", "/summary", "/done"):
        page.goto(path)
        if path != "/done":
            assert CANARY in page.content(), path
    # When they erase it and somebody else goes back, page by page
    page.goto("/erase")
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("heading", name="Everything is erased").wait_for()
    shown = {}
    for _ in range(12):
        shown[page.url] = read_all(page)
        page.go_back()
    keeping.close()
    # Then none of the pages has it any more
    assert {urlsplit(url).path for url in shown} >= {"/done", "/summary", "/check", "/questions/1", "/questions/2", "/"}
    assert [url for url, text in shown.items() if CANARY in text] == []


def test_a_closed_browser_has_nothing_that_was_typed(live_server: Server, browser: Browser, tmp_path: Path) -> None:
    # S6: the profile's history, cache, sessions and form memory
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=find_chromium(),
        args=_FLAGS,
        base_url=live_server.url,
        extra_http_headers={"Accept-Encoding": "identity"},  # what is compressed in the cache could not be found
    )
    page = context.new_page()
    patient = Patient(page, {})
    patient.start()
    page.locator("[name=reason-for-visit-something-else]").fill(CANARY)
    page.get_by_role("button", name="Save and continue").click()
    page.locator("input[name=asked][value^=previous]").wait_for(state="attached")
    for path in ("/questions/1", "/check", "/summary"):
        page.goto(path)
        assert CANARY in page.content(), path
    context.close()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    # Addresses and the style sheet were kept: this looks where the browser keeps what it saw
    assert [content for content in files if b"/summary" in content]
    assert [content for content in files if b"@layer tokens" in content]
    words = (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.replace(" ", "+").encode())
    assert [content for content in files if any(word in content for word in words)] == []
