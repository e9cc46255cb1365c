"""What comes out of the browser's own Print: the face sheet on one page, then all answers; no button, all help (D-12).

Where a word breaks and how a line is spaced is not told by the text of a PDF: a person has to look at that.
"""

import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.browser.courier import Courier, send_courier
from tests.browser.patient import expect_summary, load_edition, squeeze
from tests.browser.scenes import WHO, find_patient
from tests.support.browser import OpenPage, Screen
from tests.support.server import Server
from tests.web.patient.sender import NEXT_YEAR

Paper = Literal["A4", "Letter"]
WITHOUT_SCRIPTS = Screen(has_scripts=False)
PAPERS: tuple[Paper, ...] = ("A4", "Letter")
POINTS = {"A4": (595, 842), "Letter": (612, 792)}
# Easy; heart with rows; substances with many facts; everything unknown; four scripts and 5000 characters.
LETTERS = "ABHJL"
SENT = " sent, and changed since"
# What a sent paper's head holds at its longest.
WHO_AT_LENGTH = {
    **WHO,
    "patient-name": "Maria Magdalena von und zu Testenberg-Probenhausen, née Musterfrau",
    "patient-appointment-day": "30",
    "patient-appointment-month": "September",
    "patient-appointment-year": f"{NEXT_YEAR}",
}
ABOVE = re.compile(r"(\d+/\d+)?(Demonstration\.Donotenterrealhealthinformation\.)?")


@dataclass(frozen=True, slots=True)
class Print:
    """A printed page: the text of each sheet without white space, and its size in points."""

    sheets: tuple[str, ...]
    sizes: frozenset[tuple[float, float]]


def print_page(page: Page, paper: Paper) -> Print:
    """Print a page as the browser does, on its own margins."""
    reader = PdfReader(BytesIO(page.pdf(format=paper, prefer_css_page_size=True)))
    sizes = {(float(sheet.mediabox.width), float(sheet.mediabox.height)) for sheet in reader.pages}
    # A PDF has ligatures, such as the one of f and i.
    texts = (unicodedata.normalize("NFKC", sheet.extract_text()) for sheet in reader.pages)
    return Print(tuple(map(squeeze, texts)), frozenset(sizes))


@pytest.fixture(scope="module")
def printed(browser: Browser, live_server: Server) -> dict[tuple[str, str], Print]:
    """Print the summaries of the patients whose face sheets differ most, on both papers."""
    prints: dict[tuple[str, str], Print] = {}
    for letter in LETTERS:
        context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
        courier = Courier(context, live_server.url)
        courier.start()
        courier.walk(find_patient(letter))
        page = context.new_page()
        page.goto("/summary")
        for paper in PAPERS:
            prints[letter, paper] = print_page(page, paper)
        courier.get("/share/send")
        courier.send(WHO_AT_LENGTH, to="/share/send", action="send")
        courier.open_page("visit")
        courier.send({"age": "44"})
        page.goto("/summary")
        for paper in PAPERS:
            prints[letter + SENT, paper] = print_page(page, paper)
        context.close()
    return prints


@pytest.mark.parametrize("paper", POINTS)
@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("sent", ["", SENT])
def test_the_face_sheet_is_one_page_and_all_answers_begin_the_next(
    sent: str, letter: str, paper: str, printed: dict[tuple[str, str], Print]
) -> None:
    sheets, words = printed[letter + sent, paper].sheets, expect_summary(find_patient(letter)).words
    face, answers = squeeze(words.face_heading), squeeze(words.answers_heading)
    assert all(size == pytest.approx(POINTS[paper], abs=2) for size in printed[letter + sent, paper].sizes)
    assert face in sheets[0]
    # Its last heading is on it too, and nothing of what follows
    assert squeeze(expect_summary(find_patient(letter)).faces[0].groups[-1].heading) in sheets[0]
    assert [number for number, sheet in enumerate(sheets, 1) if answers in sheet] == [2]
    first = squeeze(expect_summary(find_patient(letter)).sections[0].title)
    assert sheets[1].index(answers) < sheets[1].index(first)
    # Above the heading stand the page's number and the demonstration's banner, and nothing else
    assert ABOVE.fullmatch(sheets[1][: sheets[1].index(answers)])


@pytest.mark.parametrize("paper", POINTS)
@pytest.mark.parametrize("letter", LETTERS)
def test_a_sent_paper_says_whose_it_is_and_what_was_sent(
    letter: str, paper: str, printed: dict[tuple[str, str], Print]
) -> None:
    face, unsent = printed[letter + SENT, paper].sheets[0], printed[letter, paper].sheets[0]
    appointment = f"September 30, {NEXT_YEAR}"
    told = (WHO_AT_LENGTH["patient-name"], "May 3, 1990", appointment, "Version 1.", "changed after sending")
    for words in told:
        assert squeeze(words) in face, words
        assert squeeze(words) not in unsent, words
    assert re.search("Reference[0-9A-Z]{5}-[0-9A-Z]{5}", face)


@pytest.mark.parametrize("letter", LETTERS)
def test_every_answer_is_printed(letter: str, printed: dict[tuple[str, str], Print]) -> None:
    everything = "".join(printed[letter, "Letter"].sheets)
    for section in expect_summary(find_patient(letter)).sections:
        for row in section.rows:
            if row.page not in {"check", "share"}:
                assert squeeze(row.question) in everything


@pytest.mark.parametrize("paper", POINTS)
@pytest.mark.parametrize("letter", LETTERS)
def test_help_is_printed_and_what_can_be_pressed_is_not(
    letter: str, paper: str, printed: dict[tuple[str, str], Print]
) -> None:
    # W-12, W-13
    everything = "".join(printed[letter, paper].sheets)
    disclaimer = load_edition().questionnaire.disclaimer.to("en")
    for text in (disclaimer, "If you may be in danger now, call 911.", "call 988"):
        assert squeeze(text) in everything, text
    pressed = (
        "Leave this page quickly",
        "Back to check your answers",
        "Open as PDF",
        "PDF in large print",
        "Finish later",
    )
    for text in (*pressed, "I have my summary", "Erase my answers", "Your privacy", "Accessibility", "For clinicians"):
        assert squeeze(text) not in everything, text


@pytest.mark.parametrize("paper", POINTS)
def test_the_pages_for_clinicians_print_on_two_to_four_sheets(
    paper: Paper, live_server: Server, open_page: OpenPage
) -> None:
    page = open_page(live_server.url, WITHOUT_SCRIPTS)
    page.goto("/for-clinicians")
    assert len(print_page(page, paper).sheets) in {2, 3, 4}


def test_the_check_page_prints_what_was_answered(live_server: Server, browser: Browser) -> None:
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        courier.send({"age": "34", "reason-for-visit": "ptsd"})
        page = courier.context.new_page()
        page.goto("/check")
        everything = "".join(print_page(page, "A4").sheets)
        assert "34" in everything
        assert squeeze("PTSD") in everything
