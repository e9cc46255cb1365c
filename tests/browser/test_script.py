"""What the one small script changes: a step costs one request. Everything else is as without it (D-4, D-12)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.browser.patient import Patient
from tests.browser.scenes import TOO_LONG, find_patient, merge_patients
from tests.support.browser import DESKTOP, OpenPage, Screen, watch
from tests.support.server import Server
from tests.support.source import ROOT

SAVE = "Save and continue"
FIRST, SECOND = "input[name=asked][value^=age]", "input[name=asked][value^=previous-treatments]"
LEAVE = "Leave this page quickly"
WITHOUT_SCRIPTS = Screen(has_scripts=False)


@pytest.fixture
def patient(live_server: Server, open_page: OpenPage) -> Patient:
    """Give a person on the first page of questions."""
    patient = Patient(open_page(live_server.url), {})
    patient.start()
    patient.page.locator(FIRST).wait_for(state="attached")
    # A page can be used before its script has come, and then is the browser's own.
    patient.page.wait_for_load_state()
    return patient


@dataclass(slots=True)
class Leaver:
    """A person who has somewhere else to go: the other host is played by the test, and nothing leaves this machine."""

    context: BrowserContext
    has_scripts: bool
    asked: list[Request] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page in the middle of a form."""
        page = self.context.new_page()
        Patient(page, {}).start()
        page.locator(FIRST).wait_for(state="attached")
        page.goto(path)
        return page


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def leaver(request: pytest.FixtureRequest, live_server: Server, browser: Browser) -> Iterator[Leaver]:
    """Give a person with a script, then one without."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=request.param)
    leaver = Leaver(context, request.param)

    def play_other_host(route: Route) -> None:
        leaver.asked.append(route.request)
        route.fulfill(content_type="text/html", body="<title>Elsewhere</title><h1>Weather</h1>")

    context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", play_other_host)
    faults = watch(context)
    yield leaver
    context.close()
    # What was meant, and whatever that page wants of its own host
    meant = tuple(request.url for request in leaver.asked if request.is_navigation_request())
    assert all(fault.split()[-1].startswith(meant) for fault in faults), faults


def test_a_step_is_one_request_and_the_page_is_as_if_it_had_been_opened(patient: Patient, live_server: Server) -> None:
    page = patient.page
    # Given somebody who has come to the second page, and has read it to its end
    patient.press()
    page.get_by_role("button", name="Accessibility").scroll_into_view_if_needed()
    length = page.evaluate("history.length")
    before = live_server.read_log().count('"event":"request"')
    # When they save it
    patient.press()
    # Then the server was asked once, and address, title, focus and place are those of a new page
    assert live_server.read_log().count('"event":"request"') == before + 1
    assert urlsplit(page.url).path == "/questions/3"
    assert page.evaluate("[history.length, scrollY]") == [length + 1, 0]
    # A screen reader reads what gets focus: the heading.
    assert page.evaluate("document.activeElement.tagName") == "H1"
    shown = page.title(), page.locator("h1").inner_text(), page.locator("main").inner_text()
    page.reload()
    assert shown == (page.title(), page.locator("h1").inner_text(), page.locator("main").inner_text())


def test_a_failed_check_is_told_at_once_and_makes_no_history(patient: Patient) -> None:
    page = patient.page
    length = page.evaluate("history.length")
    patient.fill("age", "seventeen")
    patient.press()
    assert page.title().startswith("Error: ")
    assert page.locator(":focus").get_attribute("class") == "error-summary"
    assert page.locator(":focus").get_attribute("role") == "alert"
    assert urlsplit(page.url).path == "/questions/1"
    assert page.evaluate("history.length") == length
    assert patient.find("age").input_value() == "seventeen"
    # And put right, it leads on
    patient.fill("age", "17")
    patient.press()
    assert urlsplit(page.url).path == "/questions/2"


def test_back_and_forward_show_the_pages_as_they_were_saved(patient: Patient) -> None:
    page = patient.page
    patient.fill("age", "34")
    patient.press()
    patient.fill("previous-treatments", "ect")
    patient.press()
    # When the person goes back twice, they see what they typed
    page.go_back()
    page.locator(SECOND).wait_for(state="attached")
    expect(page.locator("[name=previous-treatments][value=ect]")).to_be_checked()
    page.go_back()
    page.locator(FIRST).wait_for(state="attached")
    assert patient.find("age").input_value() == "34"
    # And forward leads where they were
    page.go_forward()
    page.locator(SECOND).wait_for(state="attached")
    # And a page saved again after going back leads on as ever
    patient.press()
    assert urlsplit(page.url).path == "/questions/3"


def test_the_same_walk_ends_in_the_same_check_page_with_a_script_and_without(
    live_server: Server, open_page: OpenPage
) -> None:
    # Given somebody with rows of medicines, a date, and numbers that are asked about
    doubted = {name: answer for name, answer in find_patient("K").items() if name in {"bp-systolic", "bp-diastolic"}}
    answers = {**merge_patients("B"), **doubted}
    with_script = Patient(open_page(live_server.url), answers)
    without = Patient(open_page(live_server.url, WITHOUT_SCRIPTS), answers)
    for patient in (with_script, without):
        patient.start()
        patient.page.locator(FIRST).wait_for(state="attached")
        patient.walk_to_the_check_page()
    assert with_script.seen == without.seen
    shown = [patient.page.locator("main").inner_text() for patient in (with_script, without)]
    assert shown[0] == shown[1]
    assert "bisoprolol" in shown[0]
    assert "85" in shown[0]


@pytest.mark.parametrize("screen", [DESKTOP, WITHOUT_SCRIPTS], ids=["with script", "without script"])
def test_who_changes_an_answer_comes_back_to_it(live_server: Server, open_page: OpenPage, screen: Screen) -> None:
    # Given somebody far down on the check page
    page = open_page(live_server.url, screen)
    patient = Patient(page, {})
    patient.start()
    page.goto("/check")
    row = page.locator("#sleep-apnea")
    # When they change an answer there
    row.get_by_role("link", name="Change").click()
    page.wait_for_load_state()
    page.locator("[name=sleep-apnea][value=prefer-not]").check()
    patient.save()
    page.locator("h1", has_text="Check your answers").wait_for()
    # Then they see it, and there a screen reader reads on
    assert urlsplit(page.url).fragment == "sleep-apnea"
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("Prefer not to say")
    expect(row).to_be_focused()


def test_a_mistake_that_was_corrected_asks_for_nothing_when_somebody_goes_back(
    live_server: Server, open_page: OpenPage
) -> None:
    page = open_page(live_server.url, WITHOUT_SCRIPTS)
    patient = Patient(page, {})
    patient.start()
    for age in ("seventeen", "17"):
        patient.fill("age", age)
        patient.save()
    page.locator(SECOND).wait_for(state="attached")
    # A page that has to be sent again to be seen would be an error of the browser here
    while urlsplit(page.url).path != "/":
        page.go_back()
        if page.locator(FIRST).count():
            assert patient.find("age").input_value() == "17"
            assert "enter a whole number" not in page.locator("main").inner_text()


def test_a_lost_connection_keeps_everything_typed(patient: Patient) -> None:
    page = patient.page
    patient.fill("age", "34")
    page.locator("[name=reason-for-visit][value=ptsd]").check()
    # When the connection is gone
    page.context.set_offline(offline=True)
    page.get_by_role("button", name=SAVE).click()
    # Then the page says so and has everything still
    expect(page.locator("[role=alert]")).to_be_focused()
    expect(page.locator("[role=alert]")).to_contain_text("The connection was lost. What you typed is still here.")
    assert patient.find("age").input_value() == "34"
    expect(page.locator("[name=reason-for-visit][value=ptsd]")).to_be_checked()
    # And when it is back, the same button saves
    page.context.set_offline(offline=False)
    page.get_by_role("button", name=SAVE).click()
    page.locator(SECOND).wait_for(state="attached")
    page.goto("/questions/1")
    assert patient.find("age").input_value() == "34"


def test_more_than_can_be_sent_stays_on_the_page_with_what_to_do(patient: Patient) -> None:
    page = patient.page
    page.goto("/questions/60")
    patient.fill("questions-for-doctor", TOO_LONG)
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator("[role=alert]")).to_be_focused()
    expect(page.locator("[role=alert]")).to_contain_text("This is more text than can be sent at once")
    expect(page.locator("[role=alert]")).to_contain_text("Make your longest answer shorter, and send the page again.")
    # And not to go back to the page they have never left
    expect(page.locator("[role=alert]")).not_to_contain_text(re.compile("go back", re.IGNORECASE))
    expect(page.locator("[role=alert] a")).to_have_count(0)
    assert patient.find("questions-for-doctor").input_value() == TOO_LONG


@pytest.mark.parametrize(("status", "advice"), [(413, "Make your longest answer shorter"), (503, "then try again")])
def test_what_a_proxy_says_fits_the_page_it_is_shown_on(patient: Patient, status: int, advice: str) -> None:
    # Given a proxy that answers for the program with the page that comes with it
    page, text = patient.page, (ROOT / f"deploy/pages/{status}.html").read_text()
    said = re.sub("<style>.*</style>", "", text)  # which the policy of our own page stops, and Chromium tells of it
    page.route("**/questions/1", lambda route: route.fulfill(status=status, body=said, content_type="text/html"))
    patient.fill("age", "34")
    page.get_by_role("button", name=SAVE).click()
    # Then nobody is told to load the page anew or to leave it: what is typed stands there, and nowhere else
    expect(page.locator("[role=alert]")).to_contain_text(advice)
    expect(page.locator("[role=alert] a")).to_have_count(0)
    expect(page.locator("[role=alert]")).not_to_contain_text(re.compile("go back|load this page", re.IGNORECASE))
    assert patient.find("age").input_value() == "34"


def test_a_double_press_sends_once(patient: Patient) -> None:
    page = patient.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/questions/1", hold)
    with page.expect_request("**/questions/1"):
        page.get_by_role("button", name=SAVE).dblclick()
    page.get_by_role("button", name=SAVE).click()
    for route in held:
        route.continue_()
    page.locator(SECOND).wait_for(state="attached")
    assert [route.request.method for route in held] == ["POST"]


@pytest.mark.parametrize("path", ["/questions/1", "/check", "/summary", "/done", "/resume"])
def test_leaving_quickly_is_a_link_and_with_a_script_it_leaves_no_way_back_to_the_page(
    path: str, leaver: Leaver
) -> None:
    # Given a page with answers on it
    page = leaver.open(path)
    # When the person leaves it
    page.get_by_role("link", name=LEAVE).click()
    page.get_by_role("heading", name="Weather").wait_for()
    # Then the other host does not learn where they came from
    assert [request.headers.get("referer") for request in leaver.asked if request.is_navigation_request()] == [None]
    page.go_back()
    # And with a script Back does not lead to the page they left
    assert (urlsplit(page.url).path != path) is leaver.has_scripts
