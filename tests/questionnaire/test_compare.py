"""What changed between two sets of answers: each change once, in order, with both sides as they stood."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.compare import Change, ChangeKind, Given, compare_answers, is_same_answer
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.model import Item, ItemType
from app.questionnaire.summary_model import AnswerView
from tests.questionnaire.build import edition, option, page, question, text, when, yes_no
from tests.questionnaire.test_summary import FRAME

HEART, KIND = question("heart"), question("kind", ItemType.TEXT)
AGE, SLEEP = question("age", ItemType.INTEGER), question("sleep")
YES, NO = Coded(("yes",)), Coded(("no",))


def build(*first: Item, **more: Item) -> Edition:
    return edition([page("one", *first), page("two", more.get("kind", KIND), conditions=[when("heart", "yes")])])


FORM = build(HEART, AGE, SLEEP)


def compare(before: dict[str, Answer], after: dict[str, Answer], older: Edition = FORM) -> tuple[Change, ...]:
    return compare_answers(Given(edition=older, answers=before), Given(edition=FORM, answers=after), FRAME)


def say(view: AnswerView | None) -> str | None:
    return "; ".join(line.text for line in view.lines) if view else None


def tell(changes: tuple[Change, ...]) -> list[tuple[str, str, str | None, str | None]]:
    return [(change.link_id, change.kind.value, say(change.before), say(change.after)) for change in changes]


def test_an_answer_that_was_changed_is_shown_from_both_sides() -> None:
    assert tell(compare({"sleep": YES, "age": Number("7")}, {"sleep": NO, "age": Number("8")})) == [
        ("age", "changed", "7", "8"),
        ("sleep", "changed", "Yes", "No"),
    ]


def test_an_answer_that_came_or_went_is_shown() -> None:
    assert tell(compare({"sleep": YES}, {"age": Number("8")})) == [
        ("age", "added", "Not answered", "8"),
        ("sleep", "changed", "Yes", "Not answered"),
    ]


def test_a_follow_up_that_is_no_longer_asked_is_shown_when_it_was_answered() -> None:
    assert tell(compare({"heart": YES, "kind": Text("a murmur")}, {"heart": NO, "kind": Text("a murmur")})) == [
        ("heart", "changed", "Yes", "No"),
        ("kind", "no-longer-asked", "a murmur", None),
    ]
    assert [change.link_id for change in compare({"heart": YES}, {"heart": NO})] == ["heart"]


def test_a_follow_up_that_is_asked_now_is_shown_even_without_an_answer() -> None:
    assert tell(compare({"heart": NO, "kind": Text("old and off the path")}, {"heart": YES})) == [
        ("heart", "changed", "No", "Yes"),
        ("kind", "newly-asked", None, "Not answered"),
    ]


def test_a_question_that_only_one_edition_has_stands_in_its_place() -> None:
    older = build(HEART, question("gone"), question("gone-too"), AGE)
    changes = compare({"gone": YES, "gone-too": NO, "age": Number("7")}, {"age": Number("7"), "sleep": NO}, older)
    assert tell(changes) == [
        ("gone", "no-longer-asked", "Yes", None),
        ("gone-too", "no-longer-asked", "No", None),
        ("sleep", "new-question", None, "No"),
    ]


def test_other_words_for_the_same_question_or_answer_are_told() -> None:
    sure = (replace(yes_no()[0], display=text("Yes, I do")), *yes_no()[1:])
    older = build(replace(HEART, text=text("An older heart?")), AGE, question("sleep", answer_options=sure))
    answers: dict[str, Answer] = {"heart": NO, "sleep": YES, "age": Number("7")}
    changes = compare(answers, answers, older)
    assert tell(changes) == [
        ("heart", "worded-differently", "No", "No"),
        ("sleep", "worded-differently", "Yes, I do", "Yes"),
    ]
    assert [(change.question, change.earlier_question) for change in changes] == [
        ("heart?", "An older heart?"),
        ("sleep?", ""),
    ]
    assert tell(compare(answers | {"sleep": NO}, answers | {"sleep": NO}, older))[1:] == []


def test_what_changed_under_other_words_keeps_both_wordings() -> None:
    older = build(replace(HEART, text=text("An older heart?")), AGE, SLEEP)
    (change,) = compare({"heart": Coded(("not-sure",))}, {"heart": NO}, older)
    assert (change.kind, change.question, change.earlier_question) == (
        ChangeKind.CHANGED,
        "heart?",
        "An older heart?",
    )


def test_how_an_answer_was_typed_is_no_change() -> None:
    assert is_same_answer(DateParts(2026, 3, None, ("", "Mar", "2026")), DateParts(2026, 3, None, ("", "03", "2026")))
    assert is_same_answer(Coded(("b", "a")), Coded(("a", "b")))
    assert is_same_answer(Number("1.50"), Number("1.5"))
    assert not is_same_answer(Text("a"), Text("a "))
    assert not is_same_answer(Coded(("a",), "x"), Coded(("a",), "y"))
    assert not is_same_answer(Rows((("a",),)), Text("a"))


def test_the_order_of_options_is_no_change() -> None:
    kinds = (option("a"), option("b"))
    older = build(HEART, AGE, question("sleep", repeats=True, answer_options=kinds[::-1]))
    newer = build(HEART, AGE, question("sleep", repeats=True, answer_options=kinds))
    chosen: dict[str, Answer] = {"sleep": Coded(("a", "b"))}
    assert not compare_answers(Given(edition=older, answers=chosen), Given(edition=newer, answers=chosen), FRAME)


ANSWERS: st.SearchStrategy[dict[str, Answer]] = st.fixed_dictionaries(
    {},
    optional={
        "heart": st.sampled_from([YES, NO]),
        "kind": st.sampled_from([Text("a"), Text("b")]),
        "age": st.sampled_from([Number("7"), Number("8")]),
        "sleep": st.sampled_from([YES, NO]),
    },
)


@given(ANSWERS, ANSWERS)
def test_each_question_is_told_once_when_it_differs(before: dict[str, Answer], after: dict[str, Answer]) -> None:
    told = [change.link_id for change in compare(before, after)]
    sides = [{name: answers.get(name) for name in find_way(FORM, answers).enabled} for answers in (before, after)]
    expected = [
        name
        for name in FORM.items
        if sides[0].get(name) != sides[1].get(name) or (name in sides[1] and name not in sides[0])
    ]
    assert told == expected
    assert not compare(after, after)


def test_what_is_not_to_be_told_decides_what_was_asked_and_is_on_neither_side() -> None:
    before = Given(edition=FORM, answers={"heart": YES, "kind": Text("a murmur")}, told={"kind": Text("a murmur")})
    after = Given(edition=FORM, answers={"heart": YES, "kind": Text("none")}, told={"kind": Text("none")})
    assert tell(compare_answers(before, after, FRAME)) == [("kind", "changed", "a murmur", "none")]
