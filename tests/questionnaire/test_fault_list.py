"""The list of faults: what was meant is found, and never at any price."""

import pytest

from app.questionnaire.definition import Place
from app.questionnaire.errors import DefinitionError
from app.questionnaire.fault_list import MAX_FAULTS, FaultList, quote

NAMES = ("alcohol-use", "age", "tobacco", "shortText")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tobaco", "tobacco"),
        ("tobaccoo", "tobacco"),
        ("tobbaco", "tobacco"),
        ("toabcco", "tobacco"),
        ("alcohol_use", "alcohol-use"),
        ("shorttext", "shortText"),
        ("aeg", "age"),
    ],
)
def test_a_slip_of_the_finger_is_understood(written: str, meant: str) -> None:
    assert FaultList("q.yaml").suggest(written, NAMES, "take it away") == f'did you mean "{meant}"?'


@pytest.mark.parametrize("written", ["weather", "a", "ag-e-s", "tabaccos-", "", "x" * 1000])
def test_another_word_is_not_mistaken_for_a_slip(written: str) -> None:
    assert FaultList("q.yaml").suggest(written, NAMES, "take it away") == "take it away"


def test_the_nearest_of_several_names_is_meant() -> None:
    assert FaultList("q.yaml").suggest("smokers", ["smoked", "smoker", "smoke"], "") == 'did you mean "smoker"?'


def test_the_search_for_what_was_meant_has_an_end() -> None:
    faults = FaultList("q.yaml")
    assert faults.suggest("tobaco", ["unlike"] * 20_000 + ["tobacco"], "take it away") == "take it away"
    assert faults.suggest("tobcco", ["tobacco"], "take it away") == "take it away"


def test_faults_are_told_in_the_order_of_the_file_and_each_once() -> None:
    faults = FaultList("q.yaml")
    for line in (3, 1, 3, 2):
        faults.add(Place(line, 1), "q", "fault", "remedy")
    with pytest.raises(DefinitionError) as raised:
        faults.raise_all()
    assert [fault.line for fault in raised.value.faults] == [1, 2, 3]


def test_the_first_fault_too_many_ends_the_reading() -> None:
    faults = FaultList("q.yaml")
    for line in range(MAX_FAULTS):
        faults.add(Place(line + 1, 1), "q", "fault", "remedy")
    with pytest.raises(DefinitionError) as raised:
        faults.add(Place(1, 1), "q", "fault", "remedy")
    assert len(raised.value.faults) == MAX_FAULTS + 1


def test_a_long_text_is_quoted_in_part_and_on_one_line() -> None:
    assert quote("one\ntwo" + "x" * 100) == f'"one two{"x" * 52}…"'
