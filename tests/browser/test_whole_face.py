"""The face sheet in a browser: on the screen every word of it, on paper one page, to the patient and to the clinic."""

from io import BytesIO

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from app.output.screen import choose_face
from app.questionnaire.summary_model import Summary
from app.storage.people import Role
from tests.browser.courier import send_courier
from tests.browser.patient import expect_summary, squeeze
from tests.browser.review_desk import Correspondent
from tests.browser.scenes import find_patient
from tests.browser.staff import sign_in
from tests.output.samples import answer_yes
from tests.support.browser import PHONE, OpenPage, Screen
from tests.support.server import Server, StartServer

CUT = "continuedbelow"
LETTERS = "JL"  # the longest face sheets


def check_face(page: Page, summary: Summary) -> None:
    """Fail unless the screen shows the whole face sheet, and the print one page that says where it was cut."""
    seen = squeeze(page.locator(".face").inner_text())
    whole = summary.faces[0]
    for entry in (*whole.visit, *whole.lists, *(one for group in whole.groups for one in group.entries)):
        for fact in entry.facts:
            for line in fact.lines:
                assert squeeze(line.text) in seen, entry.label
    assert CUT not in seen
    sheets = [squeeze(sheet.extract_text()) for sheet in PdfReader(BytesIO(page.pdf(format="Letter"))).pages]
    assert (CUT in sheets[0]) == (choose_face(summary) != whole)
    answers = squeeze(summary.words.answers_heading)
    assert [number for number, sheet in enumerate(sheets, 1) if answers in sheet] == [2]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_patient_sees_it_whole_and_prints_one_page(letter: str, live_server: Server, browser: Browser) -> None:
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        courier.walk(find_patient(letter))
        page = courier.context.new_page()
        page.goto("/summary")
        check_face(page, expect_summary(find_patient(letter)))


def test_many_questions_without_an_answer_are_all_on_the_screen_and_counted_in_print(
    live_server: Server, browser: Browser
) -> None:
    answers = {link_id: answer for link_id, answer in answer_yes().items() if link_id != "answers-checked"}
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        courier.walk(answers)
        page = courier.context.new_page()
        page.goto("/summary")
        summary = expect_summary(answers)
        check_face(page, summary)
        *_, unanswered = page.locator(".face section").all()
        names = [entry.label for entry in summary.faces[0].groups[-1].entries]
        assert unanswered.locator("li:visible").all_inner_texts() == names
        page.emulate_media(media="print")
        *named, last = unanswered.locator("li:visible").all_inner_texts()
        assert named
        assert last == f"and {len(names) - len(named)} more (continued below)"


@pytest.mark.parametrize("screen", [Screen(), PHONE], ids=["a desktop", "a phone"])
def test_the_clinic_sees_it_whole_and_prints_one_page(
    screen: Screen, start_server: StartServer, open_page: OpenPage
) -> None:
    server = start_server()
    reference = Correspondent(server, answers=find_patient("L")).send()
    page = open_page(server.url, screen)
    sign_in(page, Role.REVIEWER)
    page.goto(f"/clinic/responses/{reference}")
    check_face(page, expect_summary(find_patient("L")))
    assert page.evaluate("document.documentElement.scrollWidth") <= screen.width
