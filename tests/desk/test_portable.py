"""What another program is given of one person: every version and note, and nothing that was left out."""

import json
from dataclasses import replace

import pytest

from app.desk.opening import Note, make_note
from app.desk.portable import Portable, dump_person
from app.questionnaire.answer import Coded, Text
from app.questionnaire.model import Sensitive
from tests.desk.conftest import NOW
from tests.desk.test_marked import open_with

ANN = "a" * 32
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
FIRST = open_with(alcohol_use=Coded(("4-plus-week",)), questions_for_doctor=Text("One"))
SECOND = replace(FIRST, version=2, sent=replace(FIRST.sent, corrected_by=ANN, reason="A slip"))
NOTES: tuple[Note, ...] = (
    make_note(ANN, "On the whole", NOW, version=1),
    make_note(ANN, "On drinking", NOW, link_id="alcohol-use", version=1),
)
PERSON = Portable(reference="777777777H", received_at=NOW, delete_at=NOW, versions=(FIRST, SECOND), notes=NOTES)


def dump(left_out: frozenset[Sensitive] = frozenset(), *, has_notes: bool = True) -> dict[str, object]:
    text = dump_person([PERSON], {ANN: "Ann Reviewer"}, clinic="Elm", left_out=left_out, has_notes=has_notes, now=NOW)
    (response,) = json.loads(text)["responses"]
    found: dict[str, object] = response
    return found


def test_every_version_stands_there_with_who_made_it_and_why() -> None:
    response = dump()
    assert response["reference"] == "77777-7777H"
    versions = response["versions"]
    assert isinstance(versions, list)
    assert [(one["version"], one["correctedBy"], one["correctionReason"]) for one in versions] == [
        (1, None, None),
        (2, "Ann Reviewer", "A slip"),
    ]


def test_notes_are_there_when_they_are_chosen_without_those_on_what_is_left_out() -> None:
    assert "notes" not in dump(has_notes=False)
    notes = dump(frozenset({Sensitive.SUBSTANCE_USE}))["notes"]
    assert isinstance(notes, list)
    assert [(note["author"], note["text"]) for note in notes] == [("Ann Reviewer", "On the whole")]


def test_a_question_that_was_not_answered_is_there_without_an_answer() -> None:
    versions = dump()["versions"]
    assert isinstance(versions, list)
    items = {item["linkId"]: item for item in versions[0]["item"]}
    assert items["seizures"]["answer"] is None
    assert items["alcohol-use"]["display"] == ["4 or more times a week"]
    left = dump(frozenset({Sensitive.SUBSTANCE_USE}))["versions"]
    assert isinstance(left, list)
    assert "alcohol-use" not in {item["linkId"] for item in left[0]["item"]}


@pytest.mark.parametrize(
    ("has_part_2", "left_out", "has_notice"),
    [
        (True, frozenset(), True),
        (True, frozenset({Sensitive.PREGNANCY}), True),
        (True, frozenset({Sensitive.SUBSTANCE_USE}), False),
        (False, frozenset(), False),
    ],
)
def test_the_notice_of_part_2_goes_with_answers_about_substance_use(
    left_out: frozenset[Sensitive], *, has_part_2: bool, has_notice: bool
) -> None:
    # L-20
    text = dump_person([PERSON], {}, clinic="", left_out=left_out, has_notes=False, has_part_2=has_part_2, now=NOW)
    assert json.loads(text).get("notice") == (NOTICE if has_notice else None)
