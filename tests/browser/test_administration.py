"""Running a clinic without an engineer, at a real browser: opened from nothing, looked after, and accounted for."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from app.storage.people import Role
from tests.browser.staff import sign_in
from tests.browser.test_staff_identity import Eye, find_link, join
from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.html import CheckHtml
from tests.support.server import Server, StartServer

SCREENS = {
    "a phone without scripts": Screen(width=PHONE.width, height=PHONE.height, has_scripts=False),
    "a phone": PHONE,
    "a desktop": Screen(),
    "dark": Screen(is_dark=True),
    "forced colors": Screen(is_forced_colors=True),
}
SECONDS = 60


def fill_in(page: Page) -> None:
    """Write what a clinic sets, as its administrator would."""
    page.get_by_label("Clinic’s name").fill("Elm Clinic")
    page.get_by_label("How patients reach the clinic").fill("Call 555 0100")
    page.get_by_label("Time zone").select_option("Europe/London")
    page.get_by_label("Protocol owner").fill("Dr Ada Elm")
    page.get_by_label("Country your patients live in").select_option("GB")
    page.get_by_label("Scotland", exact=True).check()
    page.get_by_label("Usual reading time, in working days").fill("3")
    page.get_by_label("Days until a form is deleted").fill("400")
    page.get_by_label("They can print it, and not send it").check()
    page.get_by_label("Does not apply to this clinic").check()


def wait_until_open(page: Page) -> None:
    """Come back to the first page until a patient can begin."""
    deadline = time.monotonic() + SECONDS
    page.goto("/")
    while "not open yet" in page.content() and time.monotonic() < deadline:
        time.sleep(0.5)
        page.goto("/")
    expect(page.get_by_role("button", name="Start").first).to_be_visible()


def set_up(eye: Eye) -> None:
    """Open the clinic on the one form, after having sent it empty once."""
    page = eye.page
    page.goto("/clinic/")
    assert page.url.endswith("/clinic/setup")
    page.goto("/clinic/settings")
    assert page.url.endswith("/clinic/setup")
    eye.look("setup")
    page.get_by_label("Your own paragraph in the privacy notice").fill("We are Elm Clinic.")
    page.get_by_role("button", name="Open the clinic").click()
    expect(page).to_have_title(re.compile("^Error: "))
    eye.look("setup: nothing typed")
    expect(page.get_by_label("Your own paragraph")).to_have_value("We are Elm Clinic.")
    for summary in page.locator("summary").all():
        summary.click()
    fill_in(page)
    eye.look("setup: everything open")
    page.get_by_role("button", name="Open the clinic").click()
    assert page.url.endswith("/clinic/settings?saved=opened")
    expect(page.get_by_role("heading", name="Still to do before the first form is read")).to_be_visible()
    eye.look("settings")


def look_after(eye: Eye) -> None:
    """Look at the clinic's health, and at the log of who did what."""
    page = eye.page
    page.goto("/clinic/health")
    eye.look("health")
    page.goto("/clinic/audit")
    expect(page.get_by_role("cell", name="Settings changed settings.changed")).to_be_visible()
    # Nothing of an entry lies beside the screen, on a phone as at a desk
    assert page.locator(".scroll").evaluate("log => log.scrollWidth <= log.clientWidth")
    eye.look("audit log")
    page.get_by_role("button", name="Check the whole log").click()
    expect(page.get_by_text("none was changed, cut, added or moved")).to_be_visible()
    eye.look("audit log: checked")
    page.get_by_label("Reference of a response").fill("Ana María Ruiz")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_label("Reference of a response")).to_have_value("Ana María Ruiz")
    assert page.url.endswith("/clinic/audit")  # D-11: what somebody types there is in no address
    eye.look("audit log: a reference that is none")


@pytest.mark.parametrize("screen", SCREENS)
def test_an_administrator_opens_the_clinic_from_nothing(
    screen: str, start_server: StartServer, open_page: OpenPage, axe: RunAxe, check_html: CheckHtml
) -> None:
    server = start_server(demo=0, password_cost="test")
    page, patient = open_page(server.url, SCREENS[screen]), open_page(server.url)
    eye = Eye(page, axe, can_search=SCREENS[screen].has_scripts)
    patient.goto("/")
    assert "not open yet" in patient.content()
    join(page, find_link(server))
    set_up(eye)
    wait_until_open(patient)
    assert "Elm Clinic" in patient.content()
    assert "Breathing Space" in patient.content()
    look_after(eye)
    assert not eye.faults, "\n".join(eye.faults)
    check_html(eye.pages)


def test_another_program_on_the_same_database_opens_within_seconds(
    start_server: StartServer, open_page: OpenPage
) -> None:
    clinic = start_server(demo=0, password_cost="test", role="clinic")
    patients = start_server(demo=0, role="patient", database_url=f"sqlite:///{clinic.data}/foreword.sqlite3")
    page, patient = open_page(clinic.url), open_page(patients.url)
    patient.goto("/")
    assert "not open yet" in patient.content()
    join(page, find_link(clinic))
    page.goto("/clinic/setup")
    fill_in(page)
    page.get_by_role("button", name="Open the clinic").click()
    wait_until_open(patient)


def test_an_auditor_narrows_the_log_and_takes_it_along(live_server: Server, open_page: OpenPage) -> None:
    page = open_page(live_server.url)
    sign_in(page, Role.AUDITOR)
    page.goto("/clinic/audit")
    page.get_by_label("What").select_option("person.signed-in")
    page.get_by_role("button", name="Show", exact=True).click()
    assert "action=person.signed-in" in page.url
    assert set(page.locator(".log .what small").all_inner_texts()) == {"person.signed-in"}
    with page.expect_download() as download:
        page.get_by_role("button", name="As CSV").click()
    content = download.value.path().read_text()
    assert content.splitlines()[0].startswith("number,time_utc,who,")
    assert content.count("person.signed-in") == len(content.splitlines()) - 1
