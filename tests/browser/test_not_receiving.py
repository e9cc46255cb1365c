"""A clinic stops receiving while a patient has the page open that sends: two programs and two browsers."""

import time

from playwright.sync_api import Page, expect

from app.storage.people import Role
from tests.browser.staff import sign_in
from tests.browser.test_sending import NAME, bring, fill_in, open_response, read_reference
from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage
from tests.support.server import StartServer

SECONDS = 60
NOTE = "We are back on January 7."


def set_receiving(page: Page, *, is_receiving: bool) -> None:
    """Decide whether the clinic receives answers, as its administrator does."""
    page.goto("/clinic/settings")
    choice = page.get_by_role("group", name="Receive answers from patients")
    choice.get_by_label("Yes" if is_receiving else "Not at the moment").check()
    page.get_by_label("A sentence for patients while none are received").fill(NOTE)
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def wait_until_said(page: Page, *, is_receiving: bool) -> None:
    """Come back to the first page until it says what the clinic has decided."""
    deadline = time.monotonic() + SECONDS
    page.goto("/")
    while (NOTE in page.content()) is is_receiving and time.monotonic() < deadline:
        time.sleep(0.5)
        page.goto("/")
    assert (NOTE in page.content()) is not is_receiving


def expect_refused(page: Page, axe: RunAxe) -> None:
    """Expect the page that says that nothing was sent, usable on a narrow phone."""
    expect(page.locator(":focus")).to_contain_text("Nothing was sent now")
    expect(page.get_by_text(NOTE)).to_be_visible()
    expect(page.get_by_text("You can print your summary and show it at your visit.")).to_be_visible()
    assert page.locator("[href='/share/send'], [action='/share/send']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not axe(page)


def test_a_patient_whose_clinic_stops_receiving_prints_and_sends_when_it_receives_again(
    start_server: StartServer, open_page: OpenPage, axe: RunAxe
) -> None:
    # Given a clinic whose patients' pages are another program's, and somebody about to send
    clinic = start_server(role="clinic")
    patients = start_server(role="patient", database_url=f"sqlite:///{clinic.data}/foreword.sqlite3")
    page, desk, other = open_page(patients.url, PHONE), open_page(clinic.url), open_page(patients.url)
    bring(page, patients.url)
    page.goto("/share/send")
    fill_in(page)
    # When the clinic stops receiving, and then they press
    sign_in(desk, Role.REVIEWER, Role.ADMINISTRATOR)
    set_receiving(desk, is_receiving=False)
    wait_until_said(other, is_receiving=False)
    page.get_by_role("button", name="Send to the clinic").click()
    # Then the page has focus on what happened, says what they can do instead, and offers nothing that sends
    expect_refused(page, axe)
    page.get_by_role("link", name="Keep my answers to myself").click()
    page.get_by_role("heading", name="Summary for your visit").wait_for()
    # And the clinic is reminded
    desk.goto("/clinic/responses")
    expect(desk.get_by_text("Nothing new comes in")).to_be_visible()
    assert not axe(desk)
    # When it receives again, what they typed is there, and is sent
    set_receiving(desk, is_receiving=True)
    changes = desk.get_by_role("region", name="Changes of the settings")
    expect(changes).to_contain_text("receive answers from patients: yes")
    # What was changed is seen without scrolling
    assert changes.evaluate("box => box.scrollWidth <= box.clientWidth")
    wait_until_said(other, is_receiving=True)
    page.goto("/share")
    page.get_by_role("link", name="Send them to the clinic as well").click()
    expect(page.get_by_label("Your name")).to_have_value(NAME)
    page.get_by_role("button", name="Send to the clinic").click()
    page.get_by_role("heading", name="Your answers were sent").wait_for()
    (opened,) = open_response(clinic, read_reference(page))
    assert opened.sent.patient.name == NAME
