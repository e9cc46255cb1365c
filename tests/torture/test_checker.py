"""The checker sees what it is for: each way in which something acknowledged can come to harm, told in a ledger."""

from dataclasses import replace
from typing import Any

import pytest

from tests.torture.checker import Outside, Verdict, judge
from tests.torture.ledger import Line

ANN, BEN = "Test 1-0001", "Test 1-0002"
REFERENCE, OTHER = "AAAAA-AAAAA", "BBBBB-BBBBB"
NOTE = "noted ada@clinic.example 1"
NAMES = ("missing", "doubled", "mixed_up", "readable")


def save(number: int, who: str, text: str) -> list[Line]:
    typed = {"asked": ["smoker", "story"], "typed": {"smoker": ["no"], "story": [text]}, "path": "/questions/1"}
    return [
        Line(kind="saving", who=who, about={"n": number, **typed}),
        Line(kind="saved", who=who, about={"n": number + 1, "of": number}),
    ]


def show(who: str, text: str) -> Line:
    return Line(kind="shown", who=who, about={"asked": ["story"], "values": {"story": [text]}})


def respond(name: str, reference: str, text: str, **about: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    answers = {"smoker": {"codes": ["no"]}, "story": {"text": text}}
    known = {"reference": reference, "name": name, "version": 1, "state": "reviewed", **about}
    return {"response": known, "answers": answers}


BOOK = [
    Line(kind="begun", who=ANN, about={"n": 1, "mark": "1p0001", "code": "a"}),
    Line(kind="begun", who=BEN, about={"n": 2, "mark": "1p0002", "code": "b"}),
    *save(3, ANN, "1p0001x1 = old"),
    *save(5, ANN, "1p0001x2 = new"),
    *save(7, BEN, "1p0002x1 = his"),
    Line(kind="sending", who=ANN, about={"n": 9}),
    Line(kind="sent", who=ANN, about={"n": 10, "of": 9, "reference": REFERENCE}),
    Line(kind="acting", who="ada", about={"n": 11, "reference": REFERENCE, "act": "complete", "note": NOTE}),
    Line(kind="acted", who="ada", about={"n": 12, "of": 11}),
    Line(kind="seen", who="ada", about={"n": 13, "of": 11, "notes": [NOTE]}),
]
WELL = Outside(
    drafts={BEN: [show(BEN, "1p0002x1 = his")]},
    responses=[respond(ANN, REFERENCE, "1p0001x2 = new")],
    notes={REFERENCE: [NOTE]},
)


def count(verdict: Verdict) -> dict[str, int]:
    return {name: len(getattr(verdict, name)) for name in NAMES if getattr(verdict, name)}


def test_nothing_is_wrong_where_all_is_there() -> None:
    verdict = judge(BOOK, WELL)
    assert not verdict.faults
    assert verdict.acknowledged == {"pages": 3, "submissions": 1, "notes": 1, "acts": 1, "states": 1}


def test_what_was_tried_and_not_answered_may_be_there_or_not() -> None:
    book = [*BOOK, save(20, BEN, "1p0002x2 = newer")[0]]
    for text in ("1p0002x1 = his", "1p0002x2 = newer"):
        assert not judge(book, replace(WELL, drafts={BEN: [show(BEN, text)]})).faults


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"drafts": {BEN: [show(BEN, "")]}}, {"missing": 1}),
        ({"drafts": {BEN: [show(BEN, "1p0002x9 = never typed")]}}, {"missing": 1}),
        ({"drafts": {BEN: None}}, {"missing": 1}),
        ({"drafts": {BEN: [show(BEN, "1p0001x2 = new")]}}, {"missing": 1, "mixed_up": 1}),
        ({"responses": []}, {"missing": 2}),  # the response, and with it that it was reviewed
        ({"responses": [respond(ANN, REFERENCE, "1p0001x1 = old")]}, {"missing": 1}),
        ({"responses": [respond(ANN, REFERENCE, "1p0002x1 = his")]}, {"missing": 1, "mixed_up": 1}),
        ({"responses": [respond(ANN, REFERENCE, "1p0001x2 = new", version=2)]}, {"doubled": 1}),
        ({"responses": [respond(ANN, REFERENCE, "1p0001x2 = new", version=0)]}, {"missing": 1}),
        ({"responses": [respond(ANN, REFERENCE, "1p0001x2 = new", state="new")]}, {"missing": 1}),
        ({"responses": [*WELL.responses, respond(ANN, OTHER, "1p0001x2 = new")]}, {"doubled": 1, "mixed_up": 1}),
        ({"responses": [*WELL.responses, respond(BEN, OTHER, "1p0002x1 = his")]}, {"mixed_up": 1}),
        ({"responses": [*WELL.responses, {"response": {"reference": OTHER}, "unreadable": True}]}, {"missing": 1}),
        ({"notes": {}}, {"missing": 1}),
        ({"notes": {REFERENCE: [NOTE, NOTE]}}, {"doubled": 1}),
        ({"notes": {REFERENCE: [NOTE], OTHER: [NOTE]}}, {"mixed_up": 1}),
        ({"audit": "entry 4: it is missing"}, {"missing": 1}),
        ({"readable": ["foreword.sqlite3: 1p0001 in the clear"]}, {"readable": 1}),
    ],
)
def test_each_harm_is_seen(changed: dict[str, Any], expected: dict[str, int]) -> None:
    assert count(judge(BOOK, replace(WELL, **changed))) == expected


def test_what_is_past_its_day_and_still_there_is_seen() -> None:
    due = replace(BOOK[0], about={**BOOK[0].about, "is_due": True})
    assert count(judge([due, *BOOK[1:9]], replace(WELL, notes={}))) == {"doubled": 1}
    assert not judge([due, *BOOK[1:9]], replace(WELL, notes={}, responses=[])).faults
