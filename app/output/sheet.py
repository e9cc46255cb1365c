"""Responses as files for other programs: CSV, JSON Lines, and a dictionary of the columns.

Everything is a generator of text, one response at a time, so that an export costs the same memory for ten as for a
million, and ends with a count of its rows, so that a file which was cut off can be told (UA-79). No cell of the CSV is
a formula (security.md S20). It must never recode an answer, and never join the words for not knowing (design D-3).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import normalize

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.columns import (
    CHOSEN,
    NOT_ANSWERED,
    NOT_ASKED,
    NOT_CHOSEN,
    NOT_IN_EDITION,
    OWN_WORDS,
    STATES,
    UNREADABLE,
    Cell,
    CellReader,
    Choice,
    Column,
    ColumnKind,
    list_columns,
)
from app.questionnaire.edition import Edition

Translate = Callable[[str], str]
Value = str | int | None

BOM = "\ufeff"
ROWS, NOTICE = "#rows", "#notice"
"""What the last line of a CSV begins with, and one before it that must go with the file; no reference does."""

# What a spreadsheet takes for the beginning of a formula, and the apostrophe that stops it.
_TRIGGERS = frozenset("=+-@\t\r\n'")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One response: what the clinic knows about it, by the names of the leading columns, and the answers.

    Without an edition it is one that does not open: it stands in the file with its reference, and counts.
    """

    leading: Mapping[str, Value]
    edition: Edition | None
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What an export looks like. Leading columns are keyed `response.name`: no linkId has a dot in it."""

    editions: tuple[Edition, ...]
    columns: tuple[Column, ...]
    leading: Mapping[str, str]
    language: str
    fill: Callable[[str], str]
    translate: Translate
    notice: str = ""


def build_sheet(
    editions: Sequence[Edition],
    leading: Mapping[str, str],
    choice: Choice,
    *,
    language: str,
    fill: Callable[[str], str] = str,
    translate: Translate = str,
    notice: str = "",
) -> Sheet:
    """Return the sheet for responses to these editions, newest first; `leading` is each leading column with its words.

    `fill` puts the clinic's name into the questionnaire's texts, as on the pages. `notice` is what must go with them.
    """
    columns = tuple(column for column in list_columns(editions) if choice.keeps(column))
    return Sheet(
        editions=tuple(editions),
        columns=columns,
        leading=dict(leading),
        language=language,
        fill=fill,
        translate=translate,
        notice=notice,
    )


def write_csv(sheet: Sheet, rows: Iterable[SheetRow], *, has_bom: bool = False) -> Iterator[str]:
    """Yield the CSV (RFC 4180): keys, then their words, a line for each response, and `#rows` with their number.

    Every line has the same number of cells. With a byte order mark, Excel reads the letters as they are (UA-83).
    """
    line = _LineWriter()
    yield (BOM if has_bom else "") + line.write(list_keys(sheet))
    yield line.write([guard_cell(words) for words in _list_words(sheet)])
    readers: dict[str, CellReader] = {}
    count = 0
    for row in rows:
        if row.edition is None:
            written = [UNREADABLE] * len(sheet.columns)
        else:
            written = [_write_cell(cell) for cell in _find_reader(sheet, readers, row.edition).read(row.answers)]
        yield line.write([*(_write_value(row.leading.get(name)) for name in sheet.leading), *written])
        count += 1
    for name, value in ((NOTICE, sheet.notice), (ROWS, f"{count}")):
        if value:
            yield line.write([name, value, *[""] * (len(sheet.leading) + len(sheet.columns) - 2)])


def write_json_lines(sheet: Sheet, rows: Iterable[SheetRow]) -> Iterator[str]:
    """Yield one JSON object a line for each response, and `{"rows": n}` last.

    Answers stand in the shapes of `dump_export`; what has none is named under `not-answered` or `not-asked`. A response
    that does not open has none of the three.
    """
    readers: dict[str, CellReader] = {}
    count = 0
    for row in rows:
        leading = {name: row.leading.get(name) for name in sheet.leading}
        count += 1
        if row.edition is None:
            yield _dump({"response": leading, UNREADABLE: True})
            continue
        found = _find_reader(sheet, readers, row.edition).sort(row.answers)
        items = row.edition.items
        yield _dump(
            {
                "response": leading,
                "answers": {
                    link_id: dump_export(answer, [child.link_id for child in items[link_id].items])
                    for link_id, answer in found.answers.items()
                },
                NOT_ANSWERED: found.not_answered,
                NOT_ASKED: found.not_asked,
            }
        )
    if sheet.notice:
        yield _dump({"notice": sheet.notice})
    yield _dump({"rows": count})


def dump_export(answer: Answer, fields: Sequence[str] = ()) -> dict[str, object]:
    """Return one answer as JSON values: numbers as numbers, dates as ISO 8601, rows by the names of their fields.

    >>> dump_export(Number(" 07")), dump_export(Text("7"))
    ({'number': 7, 'typed': ' 07'}, {'text': '7'})
    """
    match answer:
        case Coded(codes, own_words):
            return {"codes": list(codes)} | ({OWN_WORDS: own_words} if own_words else {})
        case Number(typed=typed):
            value = int(answer.value) if answer.value == answer.value.to_integral_value() else float(answer.value)
            return {"number": value} | ({"typed": typed} if typed != str(value) else {})
        case DateParts(year=year, month=month, day=day):
            return {"date": f"{year:04}-{month:02}" + (f"-{day:02}" if day else "")}
        case Text(text):
            return {"text": text}
        case Rows(rows):
            return {"rows": [dict(zip(fields, row, strict=False)) for row in rows]}


def write_dictionary(sheet: Sheet) -> Iterator[str]:
    """Yield, as CSV, what every column holds: one line for each column, or for each code that may stand in it.

    The last lines say what the words mean that are no answers. Marks tell what an export leaves out by default.
    """
    line = _LineWriter()
    yield line.write(["key", "question", "type", "value", "meaning", "left out by default"])
    for name, words in sheet.leading.items():
        yield line.write([f"response.{name}", guard_cell(words), "about the response", "", "", ""])
    for column in sheet.columns:
        question = guard_cell(sheet.fill(column.item.text.to(sheet.language)))
        marks = " ".join(sorted(column.tags))
        for value, meaning in _walk_meanings(sheet, column):
            yield line.write([column.key, question, column.kind.value, value, guard_cell(meaning), marks])
    for word, meaning in _list_states(sheet.translate).items():
        yield line.write(["", "", "word", word, meaning, ""])


def list_keys(sheet: Sheet) -> list[str]:
    """Return the keys of all columns in order."""
    return [*(f"response.{name}" for name in sheet.leading), *(column.key for column in sheet.columns)]


def _list_words(sheet: Sheet) -> Iterator[str]:
    yield from sheet.leading.values()
    for column in sheet.columns:
        question = sheet.fill(column.item.text.to(sheet.language))
        if column.kind is ColumnKind.OWN_WORDS:
            yield f"{question} – {sheet.translate('in their own words')}"
        elif column.option:
            yield f"{question} – {column.option.display.to(sheet.language)}"
        else:
            yield question


def _walk_meanings(sheet: Sheet, column: Column) -> Iterator[tuple[str, str]]:
    translate = sheet.translate
    match column.kind:
        case ColumnKind.CODE:
            yield from ((one.code, one.display.to(sheet.language)) for one in column.item.answer_options)
        case ColumnKind.OPTION:
            yield CHOSEN, column.option.display.to(sheet.language) if column.option else ""
        case ColumnKind.NUMBER:
            yield "", column.item.unit.display.to(sheet.language) if column.item.unit else translate("a number")
        case ColumnKind.DATE:
            yield "", translate("a day as YYYY-MM-DD, or a month as YYYY-MM where the day was not given")
        case ColumnKind.ROWS:
            fields = ", ".join(child.link_id for child in column.item.items)
            yield "", translate("a JSON list of rows with the fields %(fields)s") % {"fields": fields}
            yield from ((one.code, one.display.to(sheet.language)) for one in column.item.answer_options)
        case _:
            yield "", translate("what the patient wrote, as typed; after an apostrophe where a cell begins with one")


def _list_states(translate: Translate) -> dict[str, str]:
    return {
        CHOSEN: translate("the patient chose this answer"),
        NOT_CHOSEN: translate("the patient answered the question and did not choose this answer, which is not a No"),
        NOT_ANSWERED: translate("asked and not answered, or answered only with what this file leaves out"),
        NOT_ASKED: translate("not on this patient’s path"),
        NOT_IN_EDITION: translate("this patient’s edition of the questionnaire does not have it"),
        OWN_WORDS: translate("answered in the patient’s own words only"),
        UNREADABLE: translate("this response could not be opened; the clinic’s pages say more"),
    }


class _LineWriter:
    """Writes one line at a time with the quoting of RFC 4180, and keeps none."""

    def __init__(self) -> None:
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, lineterminator="\r\n")

    def write(self, cells: Sequence[str]) -> str:
        self._writer.writerow(cells)
        line = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return line


def _write_cell(cell: Cell) -> str:
    match cell:
        case Decimal():
            return format(cell, "f")
        case Text(text=text):
            # Typed words that are also our own words get the apostrophe too: a reader can tell the two.
            return "'" + text if text in STATES else guard_cell(text)
        case str():
            return cell


def _write_value(value: Value) -> str:
    if isinstance(value, str):
        return guard_cell(value)
    return "" if value is None else f"{value}"


def guard_cell(text: str) -> str:
    """Return the text as no spreadsheet runs it: with an apostrophe in front where it may begin a formula.

    Other widths and heights of these signs count as they do. A text that begins with an apostrophe gets another, so
    that taking one away gives back what was typed.
    """
    first = text[:1]
    is_trigger = first in _TRIGGERS or (not first.isascii() and normalize("NFKC", first)[:1] in _TRIGGERS)
    return "'" + text if first and is_trigger else text


def _find_reader(sheet: Sheet, readers: dict[str, CellReader], edition: Edition) -> CellReader:
    reader = readers.get(edition.hash)
    if reader is None:
        reader = readers[edition.hash] = CellReader(edition, sheet.columns)
    return reader


def _dump(line: Mapping[str, object]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
