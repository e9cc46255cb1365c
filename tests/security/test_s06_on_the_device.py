"""security.md S6: what somebody typed does not stay in the browser they typed it in."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.patient import Patient
from tests.support.browser import _FLAGS, find_chromium
from tests.support.server import Server

CANARY = "Kanarienvogel 7041 gelb"


READ_CONTROLS = "() => [...document.querySelectorAll('input, textarea')].map((each) => each.value).join('\\n')"


def read_all(page: Page) -> str:
    """Return the page's text and what its controls hold, also where its script is just about to load it again."""
    for _ in range(10):
        with suppress(Error):
            return page.content() + str(page.evaluate(READ_CONTROLS))
        page.wait_for_load_state()
    raise AssertionError(f"{page.url} does not come to rest")


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
