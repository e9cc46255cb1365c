"""A sent response is sealed whole: it comes back as it was, or it is refused by name."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.errors import StoredAnswerError
from app.questionnaire.model import Face, ItemType, Word
from app.questionnaire.response import QuestionnaireResponse, Status
from app.questionnaire.sent import (
    Consent,
    Patient,
    SentResponse,
    age_at,
    dump_sent,
    list_other_than_no,
    load_sent,
)
from tests.questionnaire.build import edition, option, page, question, when

NOW = datetime(2026, 11, 26, 18, 20, 1, 5, tzinfo=UTC)
ANSWERS: dict[str, Answer] = {
    "heart": Coded(("yes",)),
    "else": Coded(("none", "other"), "my own\nwords"),
    "age": Number(" \uff14\uff12 ", is_confirmed=True),
    "since": DateParts(2026, 3, None, ("", "Mar", "2026")),
    "notes": Text("\u202e and \U0001f600 stay"),
    "medicines": Rows((("aspirin", "", "5 mg"), ("", "b", ""))),
}


def build_sent(**more: Any) -> SentResponse:  # noqa: ANN401 - fields of the class, typed there
    sent = SentResponse(
        response=QuestionnaireResponse(
            edition="0" * 64,
            language="en",
            status=Status.COMPLETED,
            authored=NOW,
            answers=ANSWERS,
            dropped=("heart-kind",),
        ),
        patient=Patient(name="Test Zoë", birth=(1990, 2, 28), contact="call 555", appointment=(2026, 12, 1)),
        consent=Consent(text="I agree", language="en", edition="0" * 64, agreed_at=NOW),
    )
    return replace(sent, **more)


def test_what_was_sent_comes_back_as_it_was() -> None:
    for sent in (build_sent(), build_sent(corrected_by="staff-1", reason="read over the phone")):
        again = load_sent(dump_sent(sent))
        assert again == sent
        assert list(again.response.answers) == list(ANSWERS)


def test_who_gave_only_a_name_is_sent_too() -> None:
    sent = build_sent(patient=Patient(name="Test Name"))
    assert load_sent(dump_sent(sent)).patient == Patient(name="Test Name")


def test_moments_are_kept_in_utc() -> None:
    abroad = NOW.astimezone(timezone(timedelta(hours=9)))
    sent = build_sent(consent=Consent(text="", language="ja", edition="", agreed_at=abroad))
    assert load_sent(dump_sent(sent)).consent.agreed_at.isoformat() == NOW.isoformat()


@given(st.text(), st.text())
def test_any_characters_come_back(name: str, typed: str) -> None:
    response = replace(build_sent().response, answers={"notes": Text(typed)})
    sent = build_sent(response=response, patient=Patient(name=name, contact=typed))
    assert load_sent(dump_sent(sent)) == sent


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("response",), None, "response"),
        (("response", "status"), "sent", "response"),
        (("response", "authored"), "yesterday", "response"),
        (("response", "answers"), ["x"], "response"),
        (("response", "answers", "heart"), "x", "response"),
        (("response", "answers", "heart"), {"secret": 1}, "heart"),
        (("response", "answers", "heart"), {"codes": [1]}, "heart"),
        (("response", "answers", "age"), {"number": "NaN"}, "age"),
        (("response", "answers", "since"), {"date": [2026, 13, None], "typed": ["", "", ""]}, "since"),
        (("response", "answers", "medicines"), {"rows": [[7]]}, "medicines"),
        (("patient", "birth"), [1990, 2], "patient"),
        (("patient", "birth"), [2024, 13, 45], "patient"),
        (("patient", "name"), 7, "patient"),
        (("patient", "name"), "a" * 10_001, "patient"),
        (("patient", "name"), "\ud800", "sent response"),
        (("correction", "by"), 7, "correction"),
        (("patient", "name"), ..., "patient"),
        (("consent", "agreed"), 5, "consent"),
        (("correction",), [], "correction"),
    ],
)
def test_what_is_no_sent_response_is_refused_by_its_part(path: tuple[str, ...], value: object, named: str) -> None:
    plain = json.loads(dump_sent(build_sent()))
    holder = plain
    for name in path[:-1]:
        holder = holder[name]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    with pytest.raises(StoredAnswerError) as fault:
        load_sent(json.dumps(plain).encode())
    assert fault.value.link_id == named
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"null", b"{", b"5"])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(StoredAnswerError):
        load_sent(content)


def test_nothing_of_a_person_stands_in_a_repr() -> None:
    shown = repr(build_sent(reason="said by phone"))
    assert not [word for word in ("Zoë", "1990", "555", "own", "Mar", "phone") if word in shown]


def test_age_counts_birthdays() -> None:
    assert age_at((2000, 12, 31), (2026, 12, 30)) == 25
    assert age_at((2000, 12, 31), (2026, 12, 31)) == 26
    assert age_at((2026, 1, 1), (2026, 1, 1)) == 0


def test_items_are_listed_as_the_face_sheet_groups_them() -> None:
    sure = (option("yes"), option("does-not-apply"))
    applies = tuple(replace(one, word=Word.DOES_NOT_APPLY) if one.code != "yes" else one for one in sure)
    screening = [question(name, face=Face.SCREENING) for name in ("d", "c", "b", "a", "left")]
    form = edition(
        [
            page(
                "one",
                *screening,
                question("plain"),
                question("pregnant", face=Face.SCREENING, answer_options=applies),
                question("often", face=Face.SCREENING, answer_options=(option("never"), option("daily"))),
                question("age", ItemType.INTEGER, face=Face.SCREENING),
            ),
            page("two", question("hidden", face=Face.SCREENING), conditions=[when("a", "yes")]),
        ]
    )
    answers: dict[str, Answer] = {
        "a": Coded(("no",)),
        "b": Coded(("prefer-not",)),
        "c": Coded(("not-sure",)),
        "d": Coded(("yes",)),
        "plain": Coded(("yes",)),
        "pregnant": Coded(("does-not-apply",)),
        "often": Coded(("daily",)),
        "hidden": Coded(("yes",)),
    }
    assert list_other_than_no(form, answers) == ("d", "c", "b", "often")
