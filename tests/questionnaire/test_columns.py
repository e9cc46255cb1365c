"""The columns of an export: form order, linkIds as keys, and words for not knowing that never become one."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.columns import STATES, CellReader, Choice, list_columns
from app.questionnaire.edition import Edition
from app.questionnaire.load_option import RESERVED
from app.questionnaire.model import Item, ItemType, Sensitive, Word
from tests.output.samples import make_edition
from tests.questionnaire.build import edition, option, page, question, text, when, yes_no

USE, PREGNANCY = Sensitive.SUBSTANCE_USE, Sensitive.PREGNANCY
ALL = Choice(sensitive=frozenset(Sensitive))
KIND = question(
    "kind",
    ItemType.OPEN_CHOICE,
    repeats=True,
    answer_options=(option("stent"), option("other", is_open=True), *yes_no()[2:], option("none", is_exclusive=True)),
)
WHERE = question("where", ItemType.OPEN_CHOICE, answer_options=(option("home"), option("else", is_open=True)))
FIELDS = (question("name", ItemType.STRING), question("dose", ItemType.STRING))
PILLS = Item(
    link_id="pills",
    type=ItemType.GROUP,
    text=text("Pills"),
    repeats=True,
    items=FIELDS,
    answer_options=(option("none", is_exclusive=True),),
)
APPLIES = (*yes_no(), replace(option("does-not-apply"), word=Word.DOES_NOT_APPLY))
FORM = edition(
    [
        page("one", question("heart", answer_options=APPLIES), question("age", ItemType.INTEGER)),
        page("two", KIND, conditions=[when("heart", "yes")]),
        page("three", WHERE, question("since", ItemType.DATE), question("note", ItemType.TEXT), PILLS),
    ]
)
KEYS = [
    *("heart", "age", "kind/stent", "kind/other", "kind/own-words", "kind/not-sure", "kind/prefer-not", "kind/none"),
    *("where", "where/own-words", "since", "note", "pills"),
]


def read(form: Edition = FORM, choice: Choice = ALL, **answers: Answer) -> dict[str, object]:
    columns = [column for column in list_columns([form]) if choice.keeps(column)]
    cells = CellReader(form, columns).read(answers)
    return {column.key: cell for column, cell in zip(columns, cells, strict=True)}


def test_columns_stand_in_the_order_of_the_form_under_linkids() -> None:
    assert [column.key for column in list_columns([FORM])] == KEYS
    shipped = [column.key for column in list_columns([make_edition()])]
    assert len(set(shipped)) == len(shipped) > 300
    firsts = dict.fromkeys(key.partition("/")[0] for key in shipped)
    assert list(firsts) == [item.link_id for item in make_edition().questions]


def test_answers_stand_as_codes_numbers_dates_and_words() -> None:
    cells = read(
        heart=Coded(("yes",)),
        age=Number(" 07 "),
        kind=Coded(("stent", "other"), "a thing"),
        where=Coded(("else",), "at work"),
        since=DateParts(2026, 3, None, ("", "Mar", "2026")),
        note=Text("-5"),
        pills=Rows((("aspirin", ""), ("b", "5 mg"))),
    )
    assert cells == {
        "heart": "yes",
        "age": Decimal(7),
        "kind/stent": "chosen",
        "kind/other": "chosen",
        "kind/own-words": Text("a thing"),
        "kind/not-sure": "not-chosen",
        "kind/prefer-not": "not-chosen",
        "kind/none": "not-chosen",
        "where": "else",
        "where/own-words": Text("at work"),
        "since": "2026-03",
        "note": Text("-5"),
        "pills": '[{"name":"aspirin","dose":""},{"name":"b","dose":"5 mg"}]',
    }
    assert read(since=DateParts(2026, 3, 1, ("1", "3", "2026")))["since"] == "2026-03-01"
    assert read(age=Number("0"))["age"] == Decimal(0)
    assert read(pills=Coded(("none",)))["pills"] == "none"


def test_the_words_for_not_knowing_stay_apart() -> None:
    for word in ("yes", "no", "not-sure", "prefer-not", "does-not-apply"):
        assert read(heart=Coded((word,)))["heart"] == word
    nothing = read()
    assert {nothing[key] for key in KEYS if not key.startswith("kind")} == {"not-answered"}
    assert {nothing[key] for key in KEYS if key.startswith("kind")} == {"not-asked"}
    assert read(heart=Coded(("yes",)))["kind/stent"] == "not-answered"


@pytest.mark.parametrize(
    ("codes", "stent"),
    [("not-sure", "not-sure"), ("prefer-not", "prefer-not"), ("none", "not-chosen"), ("stent", "chosen")],
)
def test_who_was_not_sure_of_several_answers_did_not_say_no_to_each(codes: str, stent: str) -> None:
    cells = read(heart=Coded(("yes",)), kind=Coded((codes,)))
    assert (cells["kind/stent"], cells[f"kind/{codes}"]) == (stent, "chosen")
    assert cells["kind/own-words"] == ""


def test_own_words_alone_are_told_as_such() -> None:
    cells = read(heart=Coded(("yes",)), kind=Coded((), "mine"), where=Coded((), "mine"))
    assert (cells["where"], cells["where/own-words"]) == ("own-words", Text("mine"))
    assert (cells["kind/stent"], cells["kind/own-words"]) == ("not-chosen", Text("mine"))


def test_an_answer_off_the_path_is_not_asked_whatever_it_says() -> None:
    assert read(heart=Coded(("no",)), kind=Coded(("stent",)))["kind/stent"] == "not-asked"


def test_editions_are_joined_in_the_order_of_the_newest() -> None:
    older_kind = replace(KIND, answer_options=(option("valve"), option("stent")))
    older = edition([page("one", question("gone"), older_kind, question("age", ItemType.TEXT))])
    columns = list_columns([FORM, older])
    keys = [column.key for column in columns]
    assert keys[:9] == [*KEYS[:8], "kind/valve"]
    assert keys[9:] == [*KEYS[8:], "gone"]
    cells = dict(zip(keys, CellReader(older, columns).read({"kind": Coded(("stent",))}), strict=True))
    assert (cells["kind/valve"], cells["kind/stent"], cells["kind/other"]) == ("not-chosen", "chosen", "not-in-edition")
    assert (cells["heart"], cells["gone"], cells["age"]) == ("not-in-edition", "not-answered", "not-answered")
    newer = dict(zip(keys, CellReader(FORM, columns).read({"age": Number("7")}), strict=True))
    assert (newer["gone"], newer["age"]) == ("not-in-edition", Decimal(7))


MARKED = edition(
    [
        page(
            "one",
            question("use", sensitive=(USE,)),
            question(
                "reason",
                ItemType.OPEN_CHOICE,
                repeats=True,
                answer_options=(option("pain"), option("drink", sensitive=(USE,)), option("else", is_open=True)),
            ),
            question("baby", ItemType.INTEGER, sensitive=(PREGNANCY,)),
        ),
        page("two", question("often", ItemType.TEXT), conditions=[when("use", "yes")]),
    ]
)
PLAIN = ["reason/pain", "reason/else", "reason/own-words"]


def test_what_is_marked_is_left_out_unless_asked_for() -> None:
    assert list(read(MARKED, Choice())) == PLAIN
    assert list(read(MARKED, Choice(sensitive=frozenset({PREGNANCY})))) == [*PLAIN, "baby"]
    assert len(read(MARKED, ALL)) == 7
    assert list(read(MARKED, Choice(has_own_words=False))) == PLAIN[:2]


def test_an_answer_that_is_left_out_cannot_be_guessed_from_the_others() -> None:
    alone = read(MARKED, Choice(), reason=Coded(("drink",)))
    assert set(alone.values()) == {"not-answered"}
    both = read(MARKED, Choice(), reason=Coded(("pain", "drink")))
    assert both == read(MARKED, Choice(), reason=Coded(("pain",)))


def test_a_mark_in_one_edition_counts_for_the_answers_of_all() -> None:
    unmarked = edition([page("one", question("use", repeats=True))])
    for editions in ([MARKED, unmarked], [unmarked, MARKED]):
        kept = [column for column in list_columns(editions) if Choice().keeps(column)]
        assert not [column.key for column in kept if column.key.startswith("use")]
        found = CellReader(unmarked, kept).sort({"use": Coded(("yes",))})
        assert not found.answers
        assert "use" not in found.not_answered


def test_sorted_answers_hold_what_the_columns_hold() -> None:
    answers: dict[str, Answer] = {
        "use": Coded(("yes",)),
        "reason": Coded(("pain", "drink"), "and this"),
        "often": Text("each day"),
    }
    columns = list_columns([MARKED])
    whole = CellReader(MARKED, columns).sort(answers)
    assert (dict(whole.answers), whole.not_answered, whole.not_asked) == (answers, ("baby",), ())
    quiet = CellReader(MARKED, [column for column in columns if Choice(has_own_words=False).keeps(column)])
    assert dict(quiet.sort(answers).answers) == {"reason": Coded(("pain",))}


def test_no_questionnaire_can_use_an_exports_own_words_as_codes() -> None:
    assert set(STATES) <= RESERVED.keys()
