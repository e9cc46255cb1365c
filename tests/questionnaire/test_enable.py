"""Who is asked what: conditions, the way through the pages, and answers that fall off it."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, Number, Text
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way, holds
from app.questionnaire.model import ItemType, Operator, PageKind
from tests.questionnaire.build import edition, exists, page, question, text, when

HEART = page("heart", question("heart-disease"), question("stroke"))
MORE = page("more", question("kind"), conditions=[when("heart-disease", "yes"), when("heart-disease", "not-sure")])
DEEPER = page("deeper", question("stent"), conditions=[when("kind", "yes")])
END = page("end", question("other", ItemType.TEXT))
CHECK = page("check", question("looked-over"), page=PageKind.CHECK)
WALK = edition([HEART, MORE, DEEPER], [END], [CHECK])


def list_pages(walked: Edition, answers: Mapping[str, Answer]) -> list[str]:
    return [step.link_id for step in find_way(walked, answers).pages]


def test_follow_ups_are_asked_only_on_their_condition() -> None:
    assert list_pages(WALK, {}) == ["heart", "end"]
    assert list_pages(WALK, {"heart-disease": Coded(("no",))}) == ["heart", "end"]
    assert list_pages(WALK, {"heart-disease": Coded(("not-sure",))}) == ["heart", "more", "end"]


def test_an_old_answer_off_the_path_steers_nothing() -> None:
    answers = {"heart-disease": Coded(("yes",)), "kind": Coded(("yes",))}
    assert list_pages(WALK, answers) == ["heart", "more", "deeper", "end"]
    assert list_pages(WALK, {**answers, "heart-disease": Coded(("no",))}) == ["heart", "end"]


def test_after_and_before_work_from_pages_on_and_off_the_way() -> None:
    way = find_way(WALK, {})
    more = WALK.find_page("more")
    heart = WALK.find_page("heart")
    assert more is not None
    assert heart is not None
    assert way.after(more) == WALK.find_page("end")
    assert way.before(more) == heart
    assert way.before(heart) is None
    assert not way.has(more)


def test_a_page_with_nothing_to_show_is_not_on_the_way() -> None:
    only = page("only", question("a", enable_when=(when("heart-disease", "yes"),)))
    assert list_pages(edition([HEART, only]), {}) == ["heart"]


def test_the_address_of_a_page_is_a_number_that_says_nothing() -> None:
    assert [step.slug for step in WALK.pages] == ["1", "2", "3", "4"]
    assert WALK.find_step("2") == WALK.find_page("more")
    assert WALK.find_step("more") is None


@pytest.mark.parametrize(
    ("operator", "limit", "typed", "expected"),
    [
        (Operator.LESS, 18, "17", True),
        (Operator.LESS, 18, "18", False),
        (Operator.GREATER, 18, "18", False),
        (Operator.GREATER_OR_EQUAL, 18, "18", True),
        (Operator.LESS_OR_EQUAL, 18, "18", True),
        (Operator.EQUALS, 18, "18.0", True),
        (Operator.NOT_EQUALS, 18, "18", False),
    ],
)
def test_numbers_are_compared(operator: Operator, limit: int, typed: str, *, expected: bool) -> None:
    assert holds(when("age", Decimal(limit), operator), Number(typed)) is expected


def test_no_comparison_holds_for_no_answer_but_exists_does() -> None:
    for operator in set(Operator) - {Operator.EXISTS}:
        assert not holds(when("age", Decimal(1), operator), None)
    assert not holds(exists("age", answer=True), None)
    assert holds(exists("age", answer=False), None)
    assert holds(exists("age", answer=True), Text("x"))


def test_not_equal_needs_another_answer() -> None:
    condition = when("heart-disease", "yes", Operator.NOT_EQUALS)
    assert holds(condition, Coded(("no",)))
    assert not holds(condition, Coded((), "only own words"))


codes = st.sampled_from(["yes", "no", "not-sure", "prefer-not"]).map(lambda code: Coded((code,)))


@given(st.dictionaries(st.sampled_from(["heart-disease", "stroke", "kind", "stent"]), codes))
def test_every_way_ends_and_holds_enabled_items_only(answers: dict[str, Answer]) -> None:
    way = find_way(WALK, answers)
    numbers = [step.number for step in way.pages]
    assert numbers == sorted(set(numbers))
    assert way.pages[-1].link_id == "end"
    walked = [way.pages[0]]
    while following := way.after(walked[-1]):
        walked.append(following)
    assert tuple(walked) == way.pages


def test_texts_fall_back_to_the_questionnaires_own_language() -> None:
    assert text("Yes").to("ja") == "Yes"
