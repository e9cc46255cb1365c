"""Answers that lead somewhere are found wherever there are any: compared with trying every answer to every question."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, Number, Text
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.enable import Way, find_way, holds, is_enabled
from app.questionnaire.explore import EntangledError, Explorer, list_answers, list_classes
from app.questionnaire.finding import Rule
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, ItemType, Operator
from app.questionnaire.reach import find_unreachable
from tests.questionnaire.build import edition, exists, option, page, question, text, when
from tests.support.examples import count_examples

CODES = ("a", "b", "alone")
OPTIONS = (option("a"), option("b"), option("alone", is_exclusive=True))
HIGHEST = 3
ORDER = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.LESS, Operator.GREATER_OR_EQUAL)


def make_question(link_id: str, kind: str) -> Item:
    match kind:
        case "one":
            return question(link_id, answer_options=OPTIONS)
        case "several":
            return question(link_id, ItemType.OPEN_CHOICE, answer_options=OPTIONS, repeats=True)
        case "number":
            return question(link_id, ItemType.INTEGER, min_value=Decimal(0), max_value=Decimal(HIGHEST))
        case "text":
            return question(link_id, ItemType.TEXT)
        case _:
            return Item(link_id=link_id, type=ItemType.DISPLAY, text=text(link_id))


def list_all_answers(item: Item) -> list[Answer | None]:
    """Return every answer a person can give, and none: what the exploration never lists."""
    match item.type:
        case ItemType.CHOICE:
            return [None, *(Coded((code,)) for code in CODES)]
        case ItemType.OPEN_CHOICE:
            free = chain.from_iterable(combinations(("a", "b"), size) for size in (1, 2))
            return [None, *map(Coded, free), Coded(("alone",)), Coded((), "own words"), Coded(("a",), "own words")]
        case ItemType.INTEGER:
            return [None, *(Number(f"{value}") for value in range(HIGHEST + 1))]
        case _:
            return [None, Text("words")]


def try_everything(walked: Edition) -> Iterator[tuple[Mapping[str, Answer], Way]]:
    for chosen in product(*(list_all_answers(item) for item in walked.questions)):
        answers = {item.link_id: answer for item, answer in zip(walked.questions, chosen, strict=True) if answer}
        yield answers, find_way(walked, answers)


@st.composite
def draw_conditions(draw: st.DrawFn, earlier: list[Item]) -> tuple[EnableWhen, ...]:
    if not earlier or draw(st.integers(0, 3)) == 0:
        return ()
    return tuple(draw(draw_condition(earlier)) for _ in range(draw(st.integers(1, 3))))


@st.composite
def draw_condition(draw: st.DrawFn, earlier: list[Item]) -> EnableWhen:
    item = draw(st.sampled_from(earlier))
    if item.type is ItemType.TEXT or draw(st.integers(0, 4)) == 0:
        return exists(item.link_id, answer=draw(st.booleans()))
    if item.type is ItemType.INTEGER:
        threshold = draw(st.sampled_from((-1, 0, 1, 2, 3, 4)))
        return when(item.link_id, Decimal(threshold), draw(st.sampled_from(ORDER)))
    return when(item.link_id, draw(st.sampled_from(CODES)), draw(st.sampled_from(ORDER[:2])))


@st.composite
def draw_editions(draw: st.DrawFn) -> Edition:
    earlier: list[Item] = []
    sections: list[Item] = []
    behaviors = st.sampled_from(EnableBehavior)
    for number in range(draw(st.integers(2, 4))):
        items: list[Item] = []
        for place in range(draw(st.integers(1, 2))):
            kinds = ["display"] if len(earlier) + len(items) > 3 else ["one", "several", "number", "text", "display"]
            made = make_question(f"q{number}-{place}", draw(st.sampled_from(kinds)))
            conditions, behavior = draw(draw_conditions(earlier)), draw(behaviors)
            items.append(
                Item(
                    link_id=made.link_id,
                    type=made.type,
                    text=made.text,
                    answer_options=made.answer_options,
                    repeats=made.repeats,
                    min_value=made.min_value,
                    max_value=made.max_value,
                    enable_when=conditions,
                    enable_behavior=behavior,
                )
            )
        held = page(f"p{number}", *items, conditions=draw(draw_conditions(earlier)))
        sections.append(page(f"s{number}", held, conditions=draw(draw_conditions(earlier)) if number % 2 else ()))
        earlier += [item for item in items if item.is_question]
    return build_edition(replace(edition().questionnaire, items=tuple(sections)), "")


@settings(max_examples=count_examples(60))
@given(draw_editions())
def test_whatever_some_answers_lead_to_is_found_and_nothing_else(walked: Edition) -> None:
    explorer = Explorer(walked)
    reached = {name for _, way in try_everything(walked) for name in way.enabled}
    found = {name: explorer.find_answers(explorer.find_asked(name)) for name in walked.items}
    assert {name for name, answers in found.items() if answers is not None} == reached
    for name in reached:
        answers = {question: answer for question, answer in (found[name] or {}).items() if answer}
        assert name in find_way(walked, answers).enabled


@settings(max_examples=count_examples(60))
@given(draw_editions())
def test_what_is_told_of_conditions_is_exactly_what_trying_everything_shows(walked: Edition) -> None:
    ways = [(seen, way) for answers, way in try_everything(walked) for seen in [keep_seen(answers, way)]]
    reached = {name for _, way in ways for name in way.enabled}
    findings = list(find_unreachable(walked, Explorer(walked)))

    blocked = {finding.link_id for finding in findings if "can never be" in finding.fault}
    for step in walked.pages:
        told = {item.link_id for item in step.items if {item.link_id, step.link_id, step.section} & blocked}
        assert told == {item.link_id for item in step.items} - reached

    empty = {
        step.link_id
        for _, way in ways
        for step in way.pages
        if not any(item.link_id in way.enabled for item in step.questions)
    }
    assert {finding.link_id for finding in findings if finding.rule is Rule.EMPTY_PAGE} == empty

    idle = {finding.link_id for finding in findings if "never holds" in finding.fault}
    assert idle == {name for name in list_idle(walked, ways) if name in reached or not name.startswith("q")}


def keep_seen(answers: Mapping[str, Answer], way: Way) -> dict[str, Answer]:
    return {name: answer for name, answer in answers.items() if name in way.enabled}


def list_idle(walked: Edition, ways: list[tuple[dict[str, Answer], Way]]) -> set[str]:
    """Return items with an any-list of which one member never holds while those around the item do."""
    idle = set()
    for step in walked.pages:
        holders = [(step.conditions[:place], holder) for place, holder in enumerate(step.conditions)]
        for outer, item in [*holders, *((step.conditions, item) for item in step.items)]:
            inside = [seen for seen, _ in ways if all(is_enabled(holder, seen, seen) for holder in outer)]
            is_any = item.enable_behavior is EnableBehavior.ANY and any(is_enabled(item, seen, seen) for seen in inside)
            for condition in item.enable_when if is_any else ():
                if not any(holds(condition, seen.get(condition.question)) for seen in inside):
                    idle.add(item.link_id)
    return idle


def test_answers_that_no_condition_tells_apart_are_one_class() -> None:
    asked = make_question("q", "one")
    assert list_classes(asked, [when("q", "a")]) == (None, Coded(("a",)))
    assert list_classes(asked, [when("q", "a", Operator.NOT_EQUALS)]) == (None, Coded(("b",)))
    assert len(list_classes(asked, [when("q", "a"), when("q", "b"), exists("q", answer=True)])) == 4


def test_several_answers_never_stand_beside_an_exclusive_one() -> None:
    asked = make_question("q", "several")
    conditions = [when("q", code) for code in CODES]
    chosen = {answer.codes for answer in list_answers(asked, conditions) if isinstance(answer, Coded)}
    assert chosen == {("a",), ("b",), ("a", "b"), ("alone",), ()}


@pytest.mark.parametrize(
    ("kind", "limits", "threshold", "expected"),
    [
        (ItemType.INTEGER, (0, 120), "18", {"0", "17", "18", "19", "120"}),
        (ItemType.INTEGER, (18, 18), "18", {"18"}),
        (ItemType.INTEGER, (0, 3), "1.5", {"0", "1", "2", "3"}),
        (ItemType.DECIMAL, (1, 2), "1.5", {"1", "1.499999", "1.5", "1.500001", "2"}),
    ],
)
def test_every_gap_between_thresholds_has_a_number(
    kind: ItemType, limits: tuple[int, int], threshold: str, expected: set[str]
) -> None:
    asked = question("n", kind, min_value=Decimal(limits[0]), max_value=Decimal(limits[1]))
    numbers = list_answers(asked, [when("n", Decimal(threshold), Operator.LESS)])
    assert {number.typed for number in numbers if isinstance(number, Number)} == expected


def test_what_cannot_be_answered_has_no_answers() -> None:
    assert not list(list_answers(question("q", answer_options=())))
    assert not list(list_answers(question("q", ItemType.STRING, max_length=0)))
    assert not list(list_answers(question("q", ItemType.INTEGER, min_value=Decimal(2), max_value=Decimal(1))))


def make_tangle(size: int) -> Edition:
    """Return questions of which the last needs answers to all others, and to one that is never asked."""
    names = [f"q{number}" for number in range(size)]
    deeper = [
        page(f"p-{name}", question(f"then-{name}"), conditions=[when(name, "yes"), when(name, "no")]) for name in names
    ]
    never = page("never", question("never", enable_when=(when("q0", "yes"), when("q0", "no"))))
    last = question("last", enable_when=(*(when(f"then-{name}", "yes") for name in names), when("never", "yes")))
    return edition([page("first", *(question(name) for name in names)), *deeper, never, page("last-page", last)])


def test_what_would_take_too_long_is_refused_by_name() -> None:
    explorer = Explorer(make_tangle(10), bound=1000)
    with pytest.raises(EntangledError) as caught:
        explorer.find_answers(explorer.find_asked("last"))
    assert caught.value.questions[:2] == ("q0", "q1")


def test_what_is_not_too_entangled_is_decided() -> None:
    explorer = Explorer(make_tangle(4))
    assert explorer.find_answers(explorer.find_asked("last")) is None
    assert explorer.find_answers(explorer.find_asked("then-q3")) is not None


def test_entangled_conditions_are_a_fault_and_no_proof() -> None:
    walked = make_tangle(10)
    findings = list(find_unreachable(walked, Explorer(walked, bound=1000)))
    told = {finding.link_id: finding.fault for finding in findings if finding.rule is Rule.ENTANGLED}
    assert told.keys() == {"last"}
    assert "too entangled to prove: its conditions hang on 21 questions (q0, q1, q2, q3, ...)" in told["last"]
