"""security.md S5 as a browser carries it out: a header's text proves its spelling, only its effect the header.

Patients' pages and staff's are tried alike, each by somebody who may open them. The other site is on the same host
(another origin) or under another name (another site); each refusal has its counterpart that is not refused.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.security.grounds import Grounds
from tests.security.other_site import HOSTS, OtherSite

FEATURES = ("camera", "microphone", "geolocation", "display-capture", "usb", "payment")
ALLOWED = f"{list(FEATURES)}.filter((name) => document.featurePolicy.allowsFeature(name))"
FETCH = """([url, mode]) => fetch(url, {mode, credentials: "include"}).then(() => "came", () => "refused")"""
LOAD = """([url]) => new Promise((done) => {
    Object.assign(new Image(), {onload: () => done("came"), onerror: () => done("refused"), src: url});
})"""
PATIENT = ("/", "/questions/1", "/check", "/summary", "/nothing-here")
LEAD = ("/clinic/responses", "/clinic/responses/REF", "/clinic/settings", "/clinic/audit", "/clinic/nothing-here")


@pytest.fixture
def strangers(browser: Browser, grounds: Grounds) -> Iterator[dict[str, BrowserContext]]:
    """Give the browsers of a patient and of staff; nobody watches them, for other sites may fail in them."""
    contexts = {}
    for who in ("patient", "lead"):
        contexts[who] = browser.new_context(base_url=grounds.server.url)
        cookies = grounds.callers[who].cookies.items()
        contexts[who].add_cookies(
            [{"name": name, "value": value, "url": grounds.server.url} for name, value in cookies]
        )
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize(
    ("who", "path"), [*(("patient", path) for path in PATIENT), *(("lead", path) for path in LEAD)]
)
def test_pages_are_cut_off_from_others_and_from_the_device(
    who: str, path: str, grounds: Grounds, strangers: dict[str, BrowserContext]
) -> None:
    # `crossOriginIsolated` is what COOP and COEP are for, and both are dropped when they are misspelled
    page = strangers[who].new_page()
    page.goto(path.replace("REF", grounds.reference))
    assert page.evaluate("crossOriginIsolated") is True
    assert page.evaluate(ALLOWED) == []


def test_where_nobody_forbids_it_it_is_allowed(strangers: dict[str, BrowserContext], other_site: OtherSite) -> None:
    page = strangers["patient"].new_page()
    page.goto(other_site.name("127.0.0.1", "/own"))
    assert page.evaluate("crossOriginIsolated") is False
    assert page.evaluate(ALLOWED) == list(FEATURES)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("patient", ("/", "/check", "/summary.pdf", "/nothing-here", "/static/none.css")),
        ("lead", ("/clinic/responses", "/clinic/responses/REF", "/clinic/sign-in", "/clinic/responses/REF.pdf")),
    ],
)
def test_a_frame_on_another_site_stays_empty(
    who: str,
    paths: tuple[str, ...],
    host: str,
    grounds: Grounds,
    strangers: dict[str, BrowserContext],
    other_site: OtherSite,
) -> None:
    addresses = ["/own", *(f"{grounds.server.url}{path.replace('REF', grounds.reference)}" for path in paths)]
    other_site.pages["/frames"] = "".join(f"<iframe src='{address}'></iframe>" for address in addresses)
    page = strangers[who].new_page()
    page.goto(other_site.name(host, "/frames"))
    own, *ours = page.frames[1:]
    assert "a page of its own" in own.content()
    assert [frame.url for frame in ours] == ["chrome-error://chromewebdata/"] * len(paths)
    assert not any("Demonstration" in frame.content() or "first page" in frame.content() for frame in ours)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("patient", ("/summary.pdf", "/summary", "/resume", "/icon.svg")),
        ("lead", ("/clinic/responses/REF.pdf", "/clinic/responses/REF", "/clinic/enrol/code.svg")),
    ],
)
def test_another_site_cannot_fetch_what_its_visitor_can_open(
    who: str,
    paths: tuple[str, ...],
    host: str,
    grounds: Grounds,
    strangers: dict[str, BrowserContext],
    other_site: OtherSite,
) -> None:
    # As text, blindly, and as a picture
    page = strangers[who].new_page()
    page.goto(other_site.name(host, "/own"))
    assert page.evaluate(FETCH, [other_site.name(host, "/own"), "no-cors"]) == "came"
    for path in paths:
        address = f"{grounds.server.url}{path.replace('REF', grounds.reference)}"
        found = [page.evaluate(FETCH, [address, mode]) for mode in ("no-cors", "cors")]
        assert [*found, page.evaluate(LOAD, [address])] == ["refused"] * 3, path
