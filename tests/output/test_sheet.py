"""Export files: read back as they were written, run by no spreadsheet, and told apart when cut off."""

import csv
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.output.sheet import BOM, Sheet, SheetRow, build_sheet, list_keys, write_csv, write_dictionary, write_json_lines
from app.questionnaire.answer import Answer, Coded, Number, Rows, Text
from app.questionnaire.columns import STATES, Choice
from app.questionnaire.model import ItemType, Sensitive
from app.questionnaire.synthetic import Synthesizer
from tests.output.samples import make_edition
from tests.questionnaire.build import edition, option, page, question
from tests.questionnaire.test_columns import FORM, MARKED
from tests.support.source import ROOT

LEADING = {"reference": "Reference", "version": "Version", "name": "Name"}
ALL = Choice(sensitive=frozenset(Sensitive))
NOTE = edition(
    [
        page(
            "one",
            question("note", ItemType.TEXT),
            question("much", ItemType.DECIMAL),
            question(
                "kind",
                ItemType.OPEN_CHOICE,
                repeats=True,
                answer_options=(option("a"), option("else", is_open=True)),
            ),
        )
    ]
)
# Full-width, small and raised forms.
WIDE = ("\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\ufe621", "\u207a1")
TRIGGERS = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", *WIDE, "'=1", "'", "''"]
SAFE = ["1=1", " =1", "a", "", "5 mg", "日本", "≠", "“=”"]


def make_sheet(form: object = NOTE, choice: Choice = ALL) -> Sheet:
    return build_sheet([form], LEADING, choice, language="en")  # type: ignore[list-item] # an edition


def make_row(answers: dict[str, Answer], form: object = NOTE, **leading: str | int | None) -> SheetRow:
    return SheetRow(leading={"reference": "K7QM-4TXA"} | leading, edition=form, answers=answers)  # type: ignore[arg-type]


def read_csv(chunks: Iterable[str]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(chunks), newline=""), strict=True))


def read_cells(typed: str) -> dict[str, str]:
    answers: dict[str, Answer] = {"note": Text(typed), "kind": Coded(("a",), typed), "much": Number("-1.5")}
    keys, _, row, _ = read_csv(write_csv(make_sheet(), [make_row(answers, version=-2, name=typed)]))
    return dict(zip(keys, row, strict=True))


def test_a_file_has_keys_words_rows_and_their_number() -> None:
    sheet = make_sheet(FORM)
    lines = read_csv(write_csv(sheet, [make_row({"heart": Coded(("no",))}, FORM, version=1)] * 3))
    assert lines[0][:5] == ["response.reference", "response.version", "response.name", "heart", "age"]
    assert lines[1][:4] == ["Reference", "Version", "Name", "heart?"]
    assert lines[1][lines[0].index("kind/stent")] == "kind? – Stent"
    assert lines[1][lines[0].index("kind/own-words")] == "kind? – in their own words"
    assert lines[2][:4] == ["K7QM-4TXA", "1", "", "no"]
    assert lines[-1][:3] == ["#rows", "3", ""]
    assert {len(line) for line in lines} == {len(list_keys(sheet))}
    assert len(lines) == 6


def test_an_export_of_nothing_says_so() -> None:
    assert read_csv(write_csv(make_sheet(), []))[-1][:2] == ["#rows", "0"]
    assert list(write_json_lines(make_sheet(), [])) == ['{"rows":0}\n']


def test_a_byte_order_mark_stands_first_when_asked_for() -> None:
    assert "".join(write_csv(make_sheet(), [], has_bom=True)).startswith(BOM + "response.reference,")
    assert BOM not in "".join(write_csv(make_sheet(), []))


def test_lines_end_and_quote_as_rfc_4180_says() -> None:
    (line,) = itertools.islice(write_csv(make_sheet(), [make_row({"note": Text('a "b",\nc')})]), 2, 3)
    assert line == 'K7QM-4TXA,,,"a ""b"",\nc",not-answered,not-answered,not-answered,not-answered\r\n'


@pytest.mark.parametrize("typed", TRIGGERS)
def test_no_cell_begins_a_formula(typed: str) -> None:
    cells = read_cells(typed)
    for key in ("note", "kind/own-words", "response.name"):
        assert cells[key] == "'" + typed


@pytest.mark.parametrize("typed", SAFE)
def test_what_begins_no_formula_stays_as_typed(typed: str) -> None:
    assert read_cells(typed)["note"] == typed


def test_numbers_stay_numbers() -> None:
    cells = read_cells("x")
    assert (cells["much"], cells["response.version"]) == ("-1.5", "-2")


@pytest.mark.parametrize("word", STATES)
def test_typed_words_that_are_also_ours_are_told_apart(word: str) -> None:
    assert read_cells(word)["note"] == "'" + word


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_typed_comes_back(typed: str) -> None:
    cell = read_cells(typed)["note"]
    assert cell.removeprefix("'") == typed if cell.startswith("'") else cell == typed
    assert not cell.startswith(tuple("=+-@\t\r\n"))


def test_json_lines_hold_one_response_each_and_their_number_last() -> None:
    answers: dict[str, Answer] = {
        "heart": Coded(("yes",)),
        "age": Number(" 07"),
        "kind": Coded(("other",), "=mine"),
        "pills": Rows((("aspirin", "5 mg"),)),
    }
    lines = list(write_json_lines(make_sheet(FORM), [make_row(answers, FORM, version=2)]))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    first, last = map(json.loads, lines)
    assert first == {
        "response": {"reference": "K7QM-4TXA", "version": 2, "name": None},
        "answers": {
            "heart": {"codes": ["yes"]},
            "age": {"number": 7, "typed": " 07"},
            "kind": {"codes": ["other"], "own-words": "=mine"},
            "pills": {"rows": [{"name": "aspirin", "dose": "5 mg"}]},
        },
        "not-answered": ["where", "since", "note"],
        "not-asked": [],
    }
    assert last == {"rows": 1}


def test_what_is_left_out_is_in_no_file() -> None:
    answers: dict[str, Answer] = {
        "use": Coded(("yes",)),
        "often": Text("CANARY"),
        "reason": Coded(("pain", "drink")),
        "baby": Number("31"),
    }
    sheet = make_sheet(MARKED, Choice())
    row = make_row(answers, MARKED)
    for write in (write_csv, write_json_lines):
        text = "".join(write(sheet, [row]))
        assert not [word for word in ("CANARY", "drink", "often", "baby", "31", "use") if word in text]
        assert "pain" in text


def test_the_dictionary_says_what_every_cell_may_hold() -> None:
    head, *lines = read_csv(write_dictionary(make_sheet(MARKED)))
    assert head == ["key", "question", "type", "value", "meaning", "left out by default"]
    assert ["response.reference", "Reference", "about the response", "", "", ""] in lines
    assert ["use", "use?", "code", "not-sure", "Not sure", "substance-use"] in lines
    assert ["reason/drink", "reason?", "option", "chosen", "Drink", "substance-use"] in lines
    assert ["reason/pain", "reason?", "option", "chosen", "Pain", ""] in lines
    assert ["baby", "baby?", "number", "", "a number", "pregnancy"] in lines
    assert {line[3] for line in lines if line[2] == "word"} == set(STATES)
    shipped = build_sheet([make_edition()], LEADING, ALL, language="en")
    keys = {line[0] for line in read_csv(write_dictionary(shipped))[1:]}
    assert set(list_keys(shipped)) <= keys


def walk_rows(many: int) -> Iterator[SheetRow]:
    maker, form = Synthesizer(make_edition(), "sheet"), make_edition()
    for number in range(many):
        made = maker.make(number, date(2026, 11, 26))
        leading: dict[str, str | int | None] = {"reference": f"{number}", "version": 1, "name": made.patient.name}
        yield SheetRow(leading=leading, edition=form, answers=made.answers)


def test_every_value_of_a_made_up_export_is_in_the_dictionary() -> None:
    sheet = build_sheet([make_edition()], LEADING, Choice(sensitive=frozenset(Sensitive)), language="en")
    allowed: dict[str, set[str]] = {}
    kinds = {}
    for key, _, kind, value, *_ in read_csv(write_dictionary(sheet))[1:]:
        allowed.setdefault(key, set()).add(value)
        kinds[key] = kind
    keys, _, *rows, end = read_csv(write_csv(sheet, walk_rows(60)))
    assert end[:2] == ["#rows", "60"]
    for row in rows:
        for key, cell in zip(keys, row, strict=True):
            if kinds[key] in {"code", "option"}:
                assert cell in allowed[key] | allowed[""] | {"not-sure", "prefer-not"}, key


def test_an_export_costs_the_same_memory_for_few_and_many() -> None:
    def measure(many: int) -> int:
        sheet = build_sheet([make_edition()], LEADING, ALL, language="en")
        rows = walk_rows(many)
        tracemalloc.start()
        try:
            for _ in write_csv(sheet, rows):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    measure(1)
    assert measure(200) < 1.3 * measure(20)


def test_the_guide_names_every_word_that_is_no_answer() -> None:
    guide = (ROOT / "docs" / "export.md").read_text()
    assert not [
        word for word in (*STATES, "#rows", "own-words") if f"`{word}`" not in guide and f"/{word}`" not in guide
    ]


def test_a_response_that_does_not_open_is_named_and_counted() -> None:
    sheet = make_sheet()
    rows = [make_row({"note": Text("a")}), make_row({}, None)]
    _, _, opened, unreadable, last = read_csv(write_csv(sheet, rows))
    assert unreadable == ["K7QM-4TXA", "", "", *["unreadable"] * 5]
    assert "unreadable" not in opened
    assert last[:2] == ["#rows", "2"]
    assert json.loads(list(write_json_lines(sheet, rows))[1]) == {
        "response": {"reference": "K7QM-4TXA", "version": None, "name": None},
        "unreadable": True,
    }


def test_a_notice_goes_with_the_file_and_its_end_stays_last() -> None:
    sheet = build_sheet([NOTE], LEADING, ALL, language="en", notice="Do not disclose.")
    assert [line[:2] for line in read_csv(write_csv(sheet, []))[-2:]] == [
        ["#notice", "Do not disclose."],
        ["#rows", "0"],
    ]
    assert [json.loads(line) for line in write_json_lines(sheet, [])] == [{"notice": "Do not disclose."}, {"rows": 0}]
