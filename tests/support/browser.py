"""A real browser: Debian's Chromium, driven by Playwright. Pages may reach this machine and nothing else.

Each page is watched: a request to another host (design D-11), an exception in a script or anything that the content
security policy stopped fails the test at its end.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SHELL = "chromium-headless-shell"
_MILLISECONDS = 60_000  # how long anything may take on a machine that is busy with everything else
_OWN_HOSTS = {"127.0.0.1", "localhost", "::1"}
_FLAGS = [
    "--no-sandbox",  # root cannot have Chromium's sandbox; it shows our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Otherwise Chromium looks up its maker's hosts at every start.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a person looks with; `is_calm` asks for reduced motion."""

    width: int = 1280
    height: int = 900
    has_scripts: bool = True
    is_dark: bool = False
    is_calm: bool = False
    is_forced_colors: bool = False
    user_agent: str | None = None


DESKTOP = Screen()
PHONE = Screen(width=320, height=568)  # the narrowest that WCAG 2.2, 1.4.10 names


class OpenPage(Protocol):
    """Opens a watched page in a browser context of its own: it shares no cookie with another."""

    def __call__(self, base_url: str | None = None, screen: Screen = DESKTOP) -> Page:
        """Return the new page."""
        ...


def find_chromium() -> str:
    """Return the path of Chromium (the variable CHROMIUM names another), or fail: no browser test is ever skipped."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail("there is no Chromium on this machine: make test installs it, or says how", pytrace=False)
    return found


def find_shell() -> str:
    """Return the path of Chromium without the windows around a page, which cost as much as the page; else Chromium."""
    return (None if "CHROMIUM" in os.environ else shutil.which(_SHELL)) or find_chromium()


def watch(context: BrowserContext) -> list[str]:
    """Return a list that fills with every fault of the context's pages: other hosts, script errors, policy breaks."""
    faults: list[str] = []

    def note_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.hostname not in _OWN_HOSTS:
            faults.append(f"{request.frame.url} asked another host for {request.url}")

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(f"console: {message.text}")

    context.on("request", note_request)
    context.on("console", note_message)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    return faults


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Start what drives browsers, once for all tests of this process."""
    expect.set_options(timeout=_MILLISECONDS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(driver: Playwright) -> Iterator[Browser]:
    """Start Chromium once for all tests of this process, where it can be without its windows and its viewer of PDFs."""
    yield from _launch(driver, find_shell())


@pytest.fixture(scope="session")
def whole_browser(driver: Playwright) -> Iterator[Browser]:
    """Start Chromium with all that people's browsers have, once for all tests of this process."""
    yield from _launch(driver, find_chromium())


def _launch(driver: Playwright, path: str) -> Iterator[Browser]:
    try:
        browser = driver.chromium.launch(executable_path=path, args=_FLAGS)
    except Error as error:
        pytest.fail(f"{path} did not start: {error.message}", pytrace=False)
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Give a function that opens watched pages; a fault on any of them fails the test."""
    opened: list[tuple[BrowserContext, list[str]]] = []

    def open_one(base_url: str | None = None, screen: Screen = DESKTOP) -> Page:
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": screen.width, "height": screen.height},
            java_script_enabled=screen.has_scripts,
            color_scheme="dark" if screen.is_dark else "light",
            reduced_motion="reduce" if screen.is_calm else "no-preference",
            forced_colors="active" if screen.is_forced_colors else "none",
            user_agent=screen.user_agent,
            locale="en-US",
            timezone_id="America/Chicago",
        )
        context.set_default_timeout(_MILLISECONDS)
        opened.append((context, watch(context)))
        return context.new_page()

    yield open_one
    for context, _ in opened:
        context.close()
    faults = [fault for _, found in opened for fault in found]
    if faults:
        pytest.fail("the browser met faults:\n" + "\n".join(faults), pytrace=False)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """Open a page as wide as a desktop's."""
    return open_page()
