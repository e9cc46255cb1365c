"""security.md S6: what somebody typed does not stay in the browser they typed it in."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from app.questionnaire.answer import Text
from app.storage.people import Role
from tests.browser.patient import Patient
from tests.browser.review_desk import Correspondent
from tests.browser.staff import sign_in
from tests.support.browser import _FLAGS, find_chromium
from tests.support.server import Server, StartServer

CANARY = "Kanarienvogel 7041 gelb"
WORD = CANARY.partition(" ")[0]
TRACES = (WORD.encode(), WORD.encode("utf-16-le"), WORD.encode("utf-16-be"), WORD.lower().encode())
READ_CONTROLS = "() => [...document.querySelectorAll('input, textarea')].map((each) => each.value).join('\\n')"


def read_all(page: Page) -> str:
    """Return the page's text and what its controls hold, also where its script is just about to load it again."""
    for _ in range(10):
        with suppress(Error):
            return page.content() + str(page.evaluate(READ_CONTROLS))
        page.wait_for_load_state()
    raise AssertionError(f"{page.url} does not come to rest")


@contextmanager
def open_keeping(browser: Browser, url: str, *, has_scripts: bool) -> Iterator[Page]:
    """Open a page in a browser that keeps pages for going back, as people's browsers do and Playwright's does not."""
    keeping = browser.browser_type.launch(
        executable_path=find_chromium(), args=_FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield keeping.new_context(base_url=url, java_script_enabled=has_scripts).new_page()
    keeping.close()


@contextmanager
def open_profile(browser: Browser, url: str, folder: Path) -> Iterator[BrowserContext]:
    """Open a browser whose profile stays in a folder when it is closed."""
    context = browser.browser_type.launch_persistent_context(
        folder,
        executable_path=find_chromium(),
        args=_FLAGS,
        base_url=url,
        extra_http_headers={"Accept-Encoding": "identity"},  # what is compressed in the cache could not be found
    )
    yield context
    context.close()


def go_back(page: Page, times: int) -> dict[str, str]:
    """Go back page by page, and return what each one showed."""
    shown = {}
    for _ in range(times):
        shown[page.url] = read_all(page)
        page.go_back()
    return shown


def search_profile(folder: Path, visited: bytes) -> None:
    """Fail when the profile has the canary: in its history, cache, sessions or form memory."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    # Addresses and the style sheet were kept: this looks where the browser keeps what it saw
    assert [content for content in files if visited in content]
    assert [content for content in files if b"@layer tokens" in content]
    assert [content for content in files if any(word in content for word in TRACES)] == []


def write_and_look(page: Page) -> None:
    """Begin a form, type the canary, and look at every page that shows it."""
    Patient(page, {}).start()
    page.locator("[name=reason-for-visit-something-else]").fill(CANARY)
    page.get_by_role("button", name="Save and continue").click()
    page.locator("input[name=asked][value^=previous]").wait_for(state="attached")
    for path in ("/questions/1", "/check", "/summary"):
        page.goto(path)
        assert CANARY in page.content(), path


@pytest.fixture
def received(start_server: StartServer) -> tuple[Server, str]:
    """Start a clinic that has received the canary, as a name and as an answer; return the reference too."""
    server = start_server()
    return server, Correspondent(server, name=CANARY).send(other_conditions=Text(CANARY))


def review(page: Page, reference: str) -> list[str]:
    """Find the person by name, open their response and its other pages, and return the addresses that showed them."""
    sign_in(page, Role.REVIEWER, Role.ADMINISTRATOR)
    page.goto("/clinic/responses")
    page.get_by_label("Name", exact=True).fill(CANARY)
    page.get_by_role("button", name="Find").click()
    page.wait_for_load_state()
    shown = [page.url]
    for path in ("", "/correct"):
        page.goto(f"/clinic/responses/{reference}{path}")
        assert CANARY in page.content() + page.evaluate(READ_CONTROLS)
        shown.append(page.url)
    page.goto("/clinic/account")
    return shown


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with script", "without script"])
def test_after_erasing_the_way_back_shows_no_answer(
    *, has_scripts: bool, live_server: Server, browser: Browser
) -> None:
    with open_keeping(browser, live_server.url, has_scripts=has_scripts) as page:
        # Given a person who wrote something down and looked at it
        write_and_look(page)
        page.goto("/done")
        # When they erase it and somebody else goes back, page by page
        page.goto("/erase")
        page.get_by_role("button", name="Erase").click()
        page.get_by_role("heading", name="Everything is erased").wait_for()
        shown = go_back(page, 12)
    # Then none of the pages has it any more
    assert {urlsplit(url).path for url in shown} >= {"/done", "/summary", "/check", "/questions/1", "/questions/2", "/"}
    assert [url for url, text in shown.items() if CANARY in text] == []


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with script", "without script"])
def test_after_signing_out_the_way_back_shows_no_response(
    *, has_scripts: bool, received: tuple[Server, str], browser: Browser
) -> None:
    server, reference = received
    with open_keeping(browser, server.url, has_scripts=has_scripts) as page:
        visited = review(page, reference)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/clinic/signed-out")
        shown = go_back(page, 10)
    assert [url for url, text in shown.items() if CANARY in text] == []
    # The way back was gone: from each of its pages one lands at the sign-in page, or sees what is no answer
    assert {urlsplit(url).path for url in shown} >= {"/clinic/signed-out", "/clinic/sign-in"}
    # And no address of theirs said whom they looked for
    assert [url for url in visited if WORD in url] == []


def test_a_closed_browser_has_nothing_that_was_typed(live_server: Server, browser: Browser, tmp_path: Path) -> None:
    with open_profile(browser, live_server.url, tmp_path) as context:
        write_and_look(context.new_page())
    search_profile(tmp_path, b"/summary")


def test_a_closed_browser_of_staff_has_nothing_that_was_read(
    received: tuple[Server, str], browser: Browser, tmp_path: Path
) -> None:
    server, reference = received
    with open_profile(browser, server.url, tmp_path) as context:
        page = context.new_page()
        review(page, reference)
        page.goto(f"/clinic/responses/{reference}")
        page.locator("[name=note]").fill(CANARY)
    search_profile(tmp_path, b"/clinic/responses")
