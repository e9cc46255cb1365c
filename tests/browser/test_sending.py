"""A patient sends on a phone: the story of issue 3, with and without a script, and by keyboard alone."""

from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page

from app.desk.opening import OpenedVersion
from app.questionnaire.answer import Text
from app.storage.engine import begin_write
from app.storage.responses import find_response
from app.storage.review import complete
from app.vault.reference import parse_reference
from tests.browser.courier import Courier
from tests.browser.patient import Patient
from tests.browser.scenes import find_patient
from tests.browser.test_keyboard import WITHOUT_SCRIPTS, Typist
from tests.security.sending import name_database, open_files
from tests.support.browser import OpenPage, Screen
from tests.support.server import Server

PHONES = {
    "a phone": Screen(width=390, height=844),
    "a phone without script": Screen(width=390, height=844, has_scripts=False),
    "a narrow phone without script": Screen(width=320, height=568, has_scripts=False),
}
NAME = "Zoë O’Test"
WORDS = "My own words, “quoted” & <b>plain</b>"


def bring(page: Page, url: str) -> Courier:
    """Bring somebody who has answered everything to the decision."""
    courier = Courier(page.context, url)
    courier.start()
    courier.walk({**find_patient("B"), "other-conditions": Text(WORDS)})
    courier.send(courier.fill(find_patient("B")))
    page.goto("/share")
    return courier


def fill_in(page: Page) -> None:
    """Say who one is, and agree."""
    page.get_by_label("Your name").fill(NAME)
    birth = page.get_by_role("group", name="Your date of birth")
    for label, typed in (("Day", "3"), ("Month", "may"), ("Year", "1990")):
        birth.get_by_label(label).fill(typed)
    page.get_by_label("Phone number").fill("555 0100")
    page.get_by_label("I agree", exact=True).check()


def read_reference(page: Page) -> str:
    """Return the reference as it stands there, large."""
    return page.locator("h1 + .code strong").inner_text()


def open_response(server: Server, reference: str) -> list[OpenedVersion]:
    """Open every version of a response, as the clinic can."""
    with open_files(server.data, name_database(server)) as files:
        stored = [version for version in files.list_stored() if version.reference == parse_reference(reference)]
        return [files.open(version) for version in stored]


def mark_reviewed(server: Server, reference: str) -> None:
    """Mark a response reviewed, as the clinic's staff do."""
    with open_files(server.data, name_database(server)) as files, begin_write(files.engine) as connection:
        response = find_response(connection, parse_reference(reference))
        assert response is not None
        complete(connection, response, "somebody", datetime.now(UTC))


@pytest.mark.parametrize("screen", PHONES.values(), ids=PHONES)
def test_a_patient_sends_on_a_phone(screen: Screen, live_server: Server, open_page: OpenPage) -> None:
    # Given somebody who has answered everything and comes to decide
    page = open_page(live_server.url, screen)
    bring(page, live_server.url)
    # Then neither choice is drawn before the other
    looks = "links => links.map(link => (({ color, textAlign, padding }) => [color, textAlign, padding].join())"
    assert len(set(page.locator("main .actions > *").evaluate_all(f"{looks}(getComputedStyle(link)))"))) == 1
    # When they choose to send as well, and forget their name and to agree
    page.get_by_role("link", name="Send them to the clinic as well").click()
    page.get_by_label("Phone number").fill("555 0100")
    page.get_by_role("button", name="Send to the clinic").click()
    # Then the page says what to do, has focus there, and still holds what they typed
    page.get_by_role("link", name="Name: enter it").wait_for()
    assert page.locator(":focus").get_attribute("class") == "error-summary"
    assert page.get_by_label("Phone number").input_value() == "555 0100"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # A date that is marked stays in one row
    tops = "boxes => boxes.map(box => box.getBoundingClientRect().top)"
    assert len(set(page.locator("[name^=patient-birth-]").evaluate_all(tops))) == 1
    # When they fill it in and press twice
    fill_in(page)
    page.get_by_role("button", name="Send to the clinic").dblclick()
    page.get_by_role("heading", name="Your answers were sent").wait_for()
    # Then one response is there, with a reference, and the clinic can read their very words
    reference = read_reference(page)
    (opened,) = open_response(live_server, reference)
    assert opened.sent.patient.name == NAME
    assert opened.sent.response.answers["other-conditions"] == Text(WORDS)
    # And the paper says whose it is, on screen and as a PDF
    page.get_by_role("link", name="Print your summary").click()
    head = page.locator(".sent")
    head.wait_for()
    page.wait_for_load_state()  # with its pictures
    assert reference in head.inner_text()
    assert NAME in head.inner_text()
    assert head.get_by_role("img").evaluate("image => image.complete && image.naturalWidth > 0")
    printed = Patient(page, {}).print_pdf()
    assert reference in printed
    assert NAME.replace(" ", "") in printed


def test_a_patient_corrects_what_was_sent_and_sees_that_it_was_read(live_server: Server, open_page: OpenPage) -> None:
    # Given somebody who has sent
    page = open_page(live_server.url, PHONES["a phone"])
    bring(page, live_server.url)
    page.goto("/share/send")
    fill_in(page)
    page.get_by_role("button", name="Send to the clinic").click()
    reference = read_reference(page)
    # When they change an answer afterwards
    page.get_by_role("link", name="Check your answers").click()
    page.locator("a[href$='#age']").click()
    page.get_by_label("How old are you?").fill("44")
    page.get_by_role("button", name="Save and continue").click()
    # Then they are told that the clinic does not have it yet, and send a newer version of the same reference
    page.get_by_text("You have changed answers since.").wait_for()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("link", name="Send version 2").click()
    assert page.get_by_label("Your name").input_value() == NAME
    page.get_by_label("I agree", exact=True).check()
    page.get_by_role("button", name="Send version 2").click()
    page.get_by_text("Version 2 was sent on").wait_for()
    assert read_reference(page) == reference
    assert len(open_response(live_server, reference)) == 2
    # When the clinic marks it reviewed
    page.get_by_text("There is no mark yet.").wait_for()
    mark_reviewed(live_server, reference)
    page.reload()
    # Then the page says on which day, and not who it was
    page.get_by_text("marked it as read on").wait_for()
    assert "somebody" not in page.locator("main").inner_text()


def test_a_patient_who_erases_leaves_nothing_on_the_phone_and_still_has_the_receipt(
    live_server: Server, open_page: OpenPage
) -> None:
    # Given somebody who has sent, looked at their paper, and written down the resume code
    page = open_page(live_server.url, PHONES["a phone"])
    bring(page, live_server.url)
    page.goto("/share/send")
    fill_in(page)
    page.get_by_role("button", name="Send to the clinic").click()
    reference = read_reference(page)
    code = page.locator("h1 ~ .code strong").last.inner_text()
    page.goto("/summary")
    page.goto("/done")
    # When they erase their form
    page.locator("main").get_by_role("link", name="Erase my answers").click()
    page.get_by_role("button", name="Erase my answers from this device and this server").click()
    page.get_by_role("heading", name="Everything is erased").wait_for()
    assert f"give your reference, {reference}." in page.locator("main").inner_text()
    # Then going back shows neither an answer nor a name, whichever page it leads to
    for _ in range(4):
        page.go_back()
        shown = page.locator("body").inner_text()
        assert NAME not in shown
        assert WORDS not in shown
        assert reference not in shown
    # And the code opens what was sent, without an answer, on any device, and leaves no cookie there
    other = open_page(live_server.url, PHONES["a narrow phone without script"])
    other.goto("/resume")
    other.get_by_label("Resume code").fill(code)
    # Its box shows the whole code, so that it can be compared to the end
    assert other.get_by_label("Resume code").evaluate("box => box.scrollWidth <= box.clientWidth")
    other.get_by_role("button", name="Open this form").click()
    other.get_by_role("heading", name="What you sent to the clinic").wait_for()
    assert read_reference(other) == reference
    assert NAME not in other.locator("body").inner_text()
    assert [cookie for cookie in other.context.cookies() if "draft" in cookie["name"]] == []


def test_sending_needs_no_mouse(live_server: Server, open_page: OpenPage) -> None:
    # Given somebody with a keyboard and no script at the decision
    typist = Typist(open_page(live_server.url, WITHOUT_SCRIPTS))
    bring(typist.page, live_server.url)
    # When they go on to send, and press Enter too early
    typist.tab_to("a[href='/share/send']")
    typist.press_and_go()
    typist.tab_to("#patient-name")
    typist.page.keyboard.type(NAME)
    typist.press_and_go()
    # Then the link leads to the first box that lacks something
    assert typist.page.locator(":focus").get_attribute("class") == "error-summary"
    typist.tab_to(".error-summary a")
    typist.page.keyboard.press("Enter")
    assert typist.page.locator(":focus").get_attribute("id") == "patient-birth-day"
    # When they go on from there
    for selector, typed in (("[name$=birth-day]", "3"), ("[name$=birth-month]", "5"), ("[name$=birth-year]", "1990")):
        if not typist.page.locator(selector).and_(typist.page.locator(":focus")).count():
            typist.tab_to(selector)
        typist.page.keyboard.type(typed)
    typist.tab_to("[name=consent-to-share]")
    typist.page.keyboard.press("Space")
    typist.tab_to("main form button")
    typist.press_and_go()
    # Then it is sent
    assert urljoin(typist.page.url, "/done") == typist.page.url
    assert len(open_response(live_server, read_reference(typist.page))) == 1


def test_who_does_not_agree_sends_nothing_and_prints(live_server: Server, open_page: OpenPage) -> None:
    page = open_page(live_server.url, PHONES["a phone without script"])
    bring(page, live_server.url)
    page.goto("/share/send")
    page.get_by_label("I do not agree").check()
    page.get_by_role("button", name="Send to the clinic").click()
    page.get_by_text("nothing was sent now").wait_for()
    page.get_by_role("link", name="Go to my summary").click()
    assert page.locator(".name").inner_text().startswith("Name")
    page.goto("/done")
    page.get_by_text("Nothing was sent to anyone.").wait_for()
