"""Test patients A to L walk through the site in a real browser without a script, and their paper says what they said.

The wording of the stories is clinical.md section 7's.
"""

import pytest

from app.questionnaire.definition import Example
from app.questionnaire.enable import find_way
from app.questionnaire.summary_model import AnswerView
from tests.browser.patient import (
    Patient,
    expect_summary,
    list_examples,
    load_edition,
    read_answers,
    squeeze,
)
from tests.support.browser import OpenPage, Screen
from tests.support.server import Server

PHONE_WITHOUT_SCRIPTS = Screen(width=390, height=844, has_scripts=False)
EXAMPLES = list_examples()
HOSTILE = (
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "{{7*7}}",
    '#read("/etc/passwd")',
    "مرحبا بالعالم",
    "テスト患者",
    "परीक्षण",
    "Тестовый",
)


def list_words(answer: AnswerView) -> list[str]:
    """Return every text of an answer as it must stand on paper."""
    cells = [cell for row in answer.table.rows for cell in row] if answer.table else []
    return [*(line.text for line in answer.lines), *cells]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.note for example in EXAMPLES])
def test_a_test_patient_walks_through_and_the_paper_has_every_answer(
    example: Example, live_server: Server, open_page: OpenPage
) -> None:
    # Given a test patient with a phone and no script
    answers = {
        link_id: answer
        for link_id, answer in read_answers(example).items()
        if load_edition().share is None or load_edition().page_of[link_id] is not load_edition().share
    }
    patient = Patient(open_page(live_server.url, PHONE_WITHOUT_SCRIPTS), answers)
    # When they answer everything that is asked of them
    patient.start()
    patient.walk_to_the_check_page()
    # Then they met exactly the pages of their way
    assert patient.seen == [page.link_id for page in find_way(load_edition(), answers).pages]
    assert set(example.sees) <= set(patient.seen)
    assert not set(example.does_not_see) & set(patient.seen)
    # And the check page and the paper say what they said, answer by answer
    patient.answer_check_page()
    expected = expect_summary(answers)
    patient.page.goto("/check")
    shown = squeeze(patient.page.locator("main").inner_text())
    patient.page.goto("/summary")
    on_screen = squeeze(patient.page.locator("main").inner_text())
    printed = patient.print_pdf()
    for section in expected.sections:
        for row in section.rows:
            assert squeeze(row.question) in printed, row.link_id
            for words in list_words(row.answer):
                assert squeeze(words) in on_screen, row.link_id
                if row.page != "check":
                    assert squeeze(words) in shown, row.link_id
    for words in example.face_sheet:
        assert squeeze(words) in on_screen, words


def test_only_those_who_did_not_answer_no_see_the_support_page() -> None:
    # clinical.md section 7: G and J, nobody else.
    seers = {
        example.name
        for example in EXAMPLES
        if any(page.link_id == "support" for page in find_way(load_edition(), read_answers(example)).pages)
    }
    assert seers == {"Test Patient G", "Test Patient J"}
