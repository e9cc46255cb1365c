"""Joining, signing in and one's own account at a real browser: without scripts at 320 px, and with passkeys."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from app.storage.people import Role
from tests.browser.staff import sign_in
from tests.browser.test_accessibility import FIND_SMALL, FIND_UNMARKED
from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.html import CheckHtml
from tests.support.redis import RedisServer
from tests.support.server import Server, StartServer
from tests.web.clinic.colleague import PASSWORD
from tests.web.clinic.staff import make_codes

LOGIN = "ann@clinic.example"
WITHOUT_SCRIPTS = "a phone without scripts"
SCREENS = {
    WITHOUT_SCRIPTS: Screen(width=PHONE.width, height=PHONE.height, has_scripts=False),
    "a phone": PHONE,
    "dark": Screen(is_dark=True),
    "forced colors": Screen(is_forced_colors=True),
}


@dataclass(slots=True)
class Eye:
    """Looks at each page on the way and notes what somebody could not use."""

    page: Page
    axe: RunAxe
    faults: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    can_search: bool = True

    def look(self, name: str) -> None:
        """Look at the page that is open; what searches a page needs its scripts."""
        self.page.wait_for_load_state()
        self.pages[name] = self.page.content()
        if not self.can_search:
            return
        self.faults += [f"{name}: {violation}" for violation in self.axe(self.page)]
        self.page.keyboard.press("Tab")  # focus shows itself to whoever uses the keyboard
        for search in (FIND_SMALL, FIND_UNMARKED):
            self.faults += [f"{name}: {fault}" for fault in self.page.evaluate(search)]
        width = self.page.evaluate("document.scrollingElement.scrollWidth")
        if width > self.page.viewport_size["width"]:  # type: ignore[index]  # it has a size
            self.faults.append(f"{name}: {width} px wide")


def find_link(server: Server) -> str:
    """Return the first administrator's link, as the server said it at its start."""
    found = re.search(r"To join as its first administrator, open (\S+)", server.read_log())
    assert found is not None
    return found.group(1)


def read_key(page: Page) -> str:
    return page.locator(".code strong").inner_text().replace("-", "")


def make_code(key: str) -> str:
    (code,) = make_codes(key, datetime.now(UTC), 0)
    return code


def fill_in_password(page: Page) -> None:
    page.get_by_label("A password", exact=True).fill(PASSWORD)
    page.get_by_label("The password once more").fill(PASSWORD)


def join(page: Page, link: str) -> str:
    """Join as the first administrator and return the key of the authenticator app."""
    page.goto(link)
    page.get_by_label("Your name").fill("Ann Lee")
    page.get_by_label("Sign-in name").fill(LOGIN)
    fill_in_password(page)
    page.get_by_role("button", name="Go on").click()
    key = read_key(page)
    page.get_by_label("Code", exact=True).fill(make_code(key))
    page.get_by_role("button", name="Go on").click()
    return key


def start_signing_in(page: Page) -> None:
    page.goto("/clinic/sign-in")
    page.get_by_label("Sign-in name").fill(LOGIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Go on").click()


def join_looking(eye: Eye, link: str) -> str:
    """Join as the first administrator, looking at each page, and return a recovery code."""
    page = eye.page
    page.goto(link)
    eye.look("join")
    go_on(page)
    eye.look("join: nothing typed")
    assert page.title().startswith("Error: ")
    page.get_by_label("Your name").fill("Ann Lee")
    page.get_by_label("Sign-in name").fill(LOGIN)
    fill_in_password(page)
    go_on(page)
    eye.look("second key")
    page.get_by_label("Code", exact=True).fill(make_code(read_key(page)))
    go_on(page)
    eye.look("recovery codes")
    code = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    return code


def invite_looking(eye: Eye) -> None:
    """Invite somebody, look at a new link for them and leave it, and close their account, looking at each page."""
    page = eye.page
    page.goto("/clinic/people")
    page.get_by_label("Name", exact=True).fill("Ben Roe")
    page.get_by_label("Sign-in name").fill("ben@clinic.example")
    page.get_by_label(re.compile("^Reviewer")).check()
    eye.look("people")
    assert page.locator(".people").evaluate("each => each.scrollWidth <= each.parentElement.clientWidth")  # all of it
    page.get_by_role("button", name="Make a link").click()
    eye.look("link")
    assert "/clinic/join/" in page.locator(".link").inner_text()
    page.get_by_role("link", name="Back to the people").click()
    page.get_by_role("link", name="Ben Roe").click()
    eye.look("one person")
    page.get_by_role("button", name="Make a new link").click()
    eye.look("one person: a new link?")
    page.get_by_role("link", name="No, back to this person").click()
    page.get_by_role("button", name="Close the account").click()
    eye.look("one person: close?")
    page.get_by_role("button", name="Yes, close the account").click()
    page.get_by_role("button", name="Open the account").wait_for()
    eye.look("one person, closed")


def look_at_account(eye: Eye) -> None:
    """Look at the pages of one's own account, and sign out."""
    page = eye.page
    for name in ("", "/password", "/app", "/passkey", "/remove", "/recovery-codes"):
        page.goto(f"/clinic/account{name}")
        eye.look(f"account{name}")
    page.get_by_role("button", name="Make new codes").click()
    eye.look("recovery codes: no password")
    page.get_by_role("button", name="Sign out").click()
    eye.look("signed out")


def sign_in_looking(eye: Eye, code: str) -> None:
    """Sign in with a recovery code, looking at each page."""
    page = eye.page
    page.get_by_role("link", name="Sign in").click()
    eye.look("sign in")
    go_on(page)
    eye.look("sign in: wrong")
    start_signing_in(page)
    page.get_by_text("Use a recovery code").click()
    eye.look("second factor")
    page.get_by_label("Recovery code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Sign in with this code").click()
    page.get_by_role("button", name="Sign out").wait_for()


@pytest.mark.parametrize("screen", SCREENS)
def test_an_administrator_joins_invites_and_looks_after_the_account(
    screen: str, start_server: StartServer, open_page: OpenPage, axe: RunAxe, check_html: CheckHtml
) -> None:
    server = start_server(demo=0, password_cost="test")
    page = open_page(server.url, SCREENS[screen])
    eye = Eye(page, axe, can_search=SCREENS[screen].has_scripts)
    link = find_link(server)
    code = join_looking(eye, link)
    invite_looking(eye)
    look_at_account(eye)
    sign_in_looking(eye, code)
    page.goto(link)
    eye.look("dead link")
    assert not eye.faults, "\n".join(eye.faults)
    if screen == WITHOUT_SCRIPTS:
        check_html(eye.pages)


@contextmanager
def hold_security_key(page: Page) -> Iterator[None]:
    """Give the browser a security key that asks who holds it, and is told that it is the right one."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield
    session.detach()


def test_a_passkey_signs_in_after_the_password_and_alone(start_server: StartServer, open_page: OpenPage) -> None:
    server = start_server(demo=0, password_cost="test")
    own = server.url.replace("127.0.0.1", "localhost")  # browsers make no passkey for a bare address
    page = open_page(own)
    with hold_security_key(page):
        join(page, find_link(server).replace("127.0.0.1", "localhost"))
        make_passkey(page)
        assert "Blue key" in page.locator("main").inner_text()

        page.get_by_role("button", name="Sign out").click()
        start_signing_in(page)
        page.get_by_role("button", name="Use your passkey").click()
        page.wait_for_url(lambda address: "sign-in" not in address)

        page.get_by_role("button", name="Sign out").click()
        page.goto("/clinic/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(lambda address: "sign-in" not in address)
        page.goto("/clinic/account")
        assert "Ann Lee" in page.locator("main").inner_text()


def make_passkey(page: Page) -> None:
    page.goto("/clinic/account/passkey")
    page.get_by_label("A name for this passkey").fill("Blue key")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/clinic/account")


def test_while_passwords_cannot_be_checked_the_passkey_on_that_page_signs_in(
    start_server: StartServer, browser: Browser, redis_server: RedisServer
) -> None:
    server = start_server(demo=0, password_cost="test", redis_url=redis_server.url)
    # Not watched: the console tells of the page that says to wait.
    context = browser.new_context(base_url=server.url.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    with closing(context), hold_security_key(page):
        join(page, find_link(server).replace("127.0.0.1", "localhost"))
        make_passkey(page)
        page.get_by_role("button", name="Sign out").click()
        redis_server.kill()
        start_signing_in(page)
        page.get_by_text("Passwords and codes cannot be checked at this moment").first.wait_for()
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(lambda address: "sign-in" not in address)
    server.stop(may_have_failed=True)  # its log tells of the Redis


def test_a_browser_without_a_passkey_says_so_and_stays(start_server: StartServer, open_page: OpenPage) -> None:
    server = start_server(demo=0, password_cost="test")
    page = open_page(server.url)  # a bare address: the browser refuses at once
    page.goto("/clinic/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The browser gave no passkey").wait_for()
    assert page.url.endswith("/clinic/sign-in")


def test_nothing_is_seen_by_going_back_after_signing_out(live_server: Server, open_page: OpenPage) -> None:
    # security.md S6
    page = open_page(live_server.url)
    sign_in(page, Role.ADMINISTRATOR)
    page.goto("/clinic/people")
    page.get_by_text("administrator@demonstration.invalid").wait_for()
    page.goto("/clinic/account")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        assert "administrator@demonstration.invalid" not in page.content()
        assert not page.get_by_role("button", name="Sign out").count()
