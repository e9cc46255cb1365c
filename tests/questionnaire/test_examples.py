"""Example patients: read as a browser would post them, and held to the pages and words they name."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.check import check_definition
from app.questionnaire.definition import Example, ExampleAnswer, OwnWords, Place
from app.questionnaire.examples import ExampleError, find_example_faults, read_example
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Expected, Face, Item, ItemType, PageKind, Precision
from tests.questionnaire.build import edition, option, page, question, text, when
from tests.support.source import ROOT

TODAY = date(2026, 3, 5)
FIELDS = (
    Item(link_id="name", type=ItemType.STRING, text=text("Name"), required=True),
    Item(link_id="dose", type=ItemType.STRING, text=text("Dose")),
)
ROWS = Item(
    link_id="pills",
    type=ItemType.GROUP,
    text=text("Pills"),
    repeats=True,
    items=FIELDS,
    answer_options=(option("none"),),
)
HEART = question("heart", face=Face.SCREENING)
WALK = edition(
    [
        page(
            "first",
            question("age", ItemType.INTEGER, max_value=Decimal(120), expected=Expected(maximum=Decimal(100))),
            question("kind", ItemType.OPEN_CHOICE, repeats=True),
            question("day", ItemType.DATE, is_past=True),
            question("month", ItemType.DATE, date_precision=Precision.MONTH),
            question("story", ItemType.TEXT),
            ROWS,
            HEART,
        ),
        page("heart-more", question("stairs", face=Face.SCREENING), conditions=[when("heart", "yes")]),
    ],
    [page("last", question("looked-over"), page=PageKind.CHECK)],
)


def make_example(answers: Mapping[str, ExampleAnswer], **more: tuple[str, ...]) -> Example:
    held = {"sees": (), "does_not_see": (), "face_sheet": (), **more}
    return Example(name="Ana", note="", answers=answers, place=Place(7, 5), **held)


@pytest.mark.parametrize(
    ("link_id", "written", "expected"),
    [
        ("age", "62", Number("62")),
        ("age", "110", Number("110", is_confirmed=True)),
        ("heart", "not-sure", Coded(("not-sure",))),
        ("kind", ("no", "yes"), Coded(("yes", "no"))),
        ("kind", OwnWords(codes=("yes",), words="my own"), Coded(("yes",), "my own")),
        ("story", "two\nlines", Text("two\nlines")),
        ("day", "T-10d", DateParts(2026, 2, 23, ("23", "2", "2026"))),
        ("day", "T", DateParts(2026, 3, 5, ("5", "3", "2026"))),
        ("month", "T+10d", DateParts(2026, 3, 15, ("15", "3", "2026"))),
        ("month", "2026-05", DateParts(2026, 5, None, ("", "5", "2026"))),
        ("month", "2026-05-03", DateParts(2026, 5, 3, ("3", "5", "2026"))),
        ("pills", "none", Coded(("none",))),
        ("pills", ({"name": "a", "dose": "1"}, {"name": "b"}), Rows((("a", "1"), ("b", "")))),
    ],
)
def test_answers_are_read_as_they_are_written(link_id: str, written: ExampleAnswer, expected: Answer) -> None:
    assert read_example(WALK, make_example({link_id: written}), TODAY) == {link_id: expected}


def test_what_a_patient_could_not_answer_is_refused_with_the_patients_own_message() -> None:
    example = make_example({"age": "121", "day": "T+1d", "pills": ({"dose": "1"},), "heart": "yes"})
    with pytest.raises(ExampleError) as caught:
        read_example(WALK, example, TODAY)
    assert [problem.message for problem in caught.value.problems] == [
        "Age: enter 120 or less",
        "Day: enter a date that is today or earlier",
        "Pills, line 1: enter “Name”, or empty the other boxes of that line",
    ]
    assert "121" not in str(caught.value)


def find_faults(example: Example) -> list[str]:
    return [finding.fault for finding in find_example_faults(WALK, [example], TODAY)]


def test_pages_and_words_that_are_as_written_are_no_faults() -> None:
    example = make_example(
        {"heart": "yes", "stairs": "no"},
        sees=("first", "heart-more", "last"),
        face_sheet=("Yes: Heart", "No: Stairs"),
    )
    assert find_faults(example) == []


def test_whatever_is_not_as_written_is_told() -> None:
    example = make_example(
        {"heart": "no", "stairs": "no"},
        sees=("heart-more",),
        does_not_see=("first", "last"),
        face_sheet=("Yes: Heart", "No: Stairs", "No:  Heart"),
    )
    assert find_faults(example) == [
        "the page heart-more is not seen",
        "the page first is seen",
        "the page last is seen",
        '"Yes: Heart" is not on the face sheet',
        '"No: Stairs" is not on the face sheet',
    ]


def test_an_example_that_cannot_be_read_is_told_by_answer() -> None:
    findings = list(find_example_faults(WALK, [make_example({"age": "121"}, sees=("heart-more",))], TODAY))
    assert [(finding.link_id, finding.place, finding.fault) for finding in findings] == [
        ("examples/Ana", Place(7, 5), 'its answer to age cannot be kept: "Age: enter 120 or less"')
    ]


def test_the_questionnaire_that_comes_with_the_program_has_no_faults() -> None:
    definition = load_questionnaire((ROOT / "questions.yaml").read_bytes(), "questions.yaml")
    assert [str(fault) for fault in check_definition(definition, date(2026, 11, 23))] == []
    assert len(definition.examples) >= 13
