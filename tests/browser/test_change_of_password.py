"""Somebody changes their password at a real browser: without scripts and mouse at 320 px, while signed in elsewhere."""

from collections.abc import Mapping

from playwright.sync_api import Page

from app.web.clinic.identity.rules import TOO_KNOWN, TOO_SHORT
from app.web.clinic.identity.words import NOT_THE_SAME, WRONG_PASSWORD
from tests.browser.test_keyboard import Typist
from tests.browser.test_staff_identity import LOGIN, Eye, find_link, join
from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.server import StartServer
from tests.web.clinic.colleague import PASSWORD

WITHOUT_SCRIPTS = Screen(width=PHONE.width, height=PHONE.height, has_scripts=False)
PAGE = "/clinic/account/password"
NOW, NEW, AGAIN = "password", "new-password", "new-password-again"
OTHER = "lantern gravel oboe seven"
SHORT = "canary-short-1"
COMMON = "Password 2026 Password"
WRONG = "canary, and not the password"


def begin_signing_in(page: Page, password: str) -> None:
    """Send name and password."""
    page.goto("/clinic/sign-in")
    page.get_by_label("Sign-in name").fill(LOGIN)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Go on").click()


def show_code(page: Page, code: str) -> None:
    """Show a recovery code as the second factor."""
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Sign in with this code").click()
    page.get_by_role("button", name="Sign out", exact=True).wait_for()


def look_at_refusal(eye: Eye) -> None:
    """Look at the page as it is, and after a press with nothing typed."""
    eye.page.goto(PAGE)
    eye.look("change the password")
    eye.page.get_by_role("button", name="Change the password").click()
    eye.page.get_by_role("alert").wait_for()
    eye.look("change the password: nothing typed")


def type_passwords(typist: Typist, now: str, new: str, again: str) -> None:
    """Type all three by keyboard, and press Enter."""
    for name, typed in ((NOW, now), (NEW, new), (AGAIN, again)):
        typist.tab_to(f"#{name}")
        typist.page.keyboard.type(typed)
    typist.press_and_go()


def expect_refusal(page: Page, sentences: Mapping[str, str], *typed: str) -> None:
    """Fail unless each sentence stands above the page, with the focus there, and at its box, and no box is filled."""
    assert page.title().startswith("Error: Change your password")
    summary = page.get_by_role("alert")
    assert summary.evaluate("element => element === document.activeElement")
    for control, sentence in sentences.items():
        assert summary.locator(f"a[href='#{control}']").inner_text() == sentence
        assert page.locator(f"#{control}-problem").inner_text() == sentence
        assert page.locator(f"#{control}").get_attribute("aria-invalid") == "true"
    assert page.locator("[aria-invalid]").count() == len(sentences)
    assert [box.input_value() for box in page.locator("input[type=password]").all()] == [""] * 3
    assert not [each for each in typed if each in page.content()]


def be_refused(typist: Typist) -> None:
    """Open the page from the account, and type what cannot be taken, each time something else."""
    page = typist.page
    page.goto("/clinic/account")
    typist.tab_to(f"a[href='{PAGE}']")
    typist.press_and_go()
    type_passwords(typist, WRONG, SHORT, SHORT)
    expect_refusal(page, {NOW: WRONG_PASSWORD, NEW: TOO_SHORT}, WRONG, SHORT)
    type_passwords(typist, PASSWORD, COMMON, COMMON)
    expect_refusal(page, {NEW: TOO_KNOWN}, PASSWORD, COMMON)
    type_passwords(typist, PASSWORD, OTHER, WRONG)
    expect_refusal(page, {AGAIN: NOT_THE_SAME}, PASSWORD, OTHER, WRONG)


def test_a_change_of_password_ends_every_other_session_and_the_old_password(
    start_server: StartServer, open_page: OpenPage, axe: RunAxe
) -> None:
    # Given somebody who is signed in at two browsers
    server = start_server(demo=0, password_cost="test")
    here, elsewhere = open_page(server.url, WITHOUT_SCRIPTS), open_page(server.url, PHONE)
    join(here, find_link(server))
    here.get_by_role("link", name="I have kept them").wait_for()
    codes = here.locator(".codes code").all_inner_texts()
    begin_signing_in(elsewhere, PASSWORD)
    show_code(elsewhere, codes[0])
    eye = Eye(elsewhere, axe)
    look_at_refusal(eye)
    # When they go to their account with the keyboard, and type what cannot be taken
    typist = Typist(here)
    be_refused(typist)
    # Then nothing is changed: both are still signed in
    elsewhere.goto("/clinic/account")
    assert elsewhere.url.endswith("/clinic/account")
    # And when they type what can be taken, they stay, and are told so
    here.goto(PAGE)
    type_passwords(typist, PASSWORD, OTHER, OTHER)
    assert here.url == f"{server.url}/clinic/account"
    assert "Your password is changed." in here.get_by_role("alert").inner_text()
    # And at the other browser they have to sign in, with the new password alone
    elsewhere.reload()
    assert elsewhere.url.endswith("/clinic/sign-in")
    begin_signing_in(elsewhere, PASSWORD)
    elsewhere.get_by_text("Together they open nothing").first.wait_for()
    begin_signing_in(elsewhere, OTHER)
    show_code(elsewhere, codes[1])
    elsewhere.goto("/clinic/account")
    eye.look("account")
    assert not eye.faults, "\n".join(eye.faults)
    assert not [typed for typed in (PASSWORD, OTHER, SHORT, COMMON, WRONG) if typed in server.read_log()]
