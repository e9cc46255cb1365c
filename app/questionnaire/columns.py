"""The columns of an export, in the order of the form, and one response's cells in them.

A column's key is the item's linkId, for ever the same, so that no two questions meet in one column (UA-82). A question
with several answers has one column for each (`linkId/code`); own words stand apart (`linkId/own-words`). It must never
write a file, recode an answer, or let *no*, *not sure*, *prefer not to say*, *does not apply*, *not answered* and
*not asked* become one (design D-3).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.face import find_word
from app.questionnaire.model import AnswerOption, Item, ItemType, Word
from app.questionnaire.sensitive import Tags, map_option_tags, map_sensitive

OWN_WORDS = "own-words"
CHOSEN, NOT_CHOSEN = "chosen", "not-chosen"
NOT_ANSWERED, NOT_ASKED, NOT_IN_EDITION = "not-answered", "not-asked", "not-in-edition"
UNREADABLE = "unreadable"
STATES = (CHOSEN, NOT_CHOSEN, NOT_ANSWERED, NOT_ASKED, NOT_IN_EDITION, OWN_WORDS, UNREADABLE)
"""What a cell says that is no answer's code; no questionnaire may use these as codes (load_option.RESERVED)."""

_ALONE = frozenset({Word.NOT_SURE, Word.PREFER_NOT, Word.DOES_NOT_APPLY})

Cell = str | Decimal | Text
"""A word or code or date as it stands, a number, or what a person typed."""


class ColumnKind(StrEnum):
    """What stands in a column."""

    CODE = "code"
    OPTION = "option"
    OWN_WORDS = "own-words"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `item` is as the newest edition that has it words it; `option` is there for one answer of several."""

    key: str
    item: Item
    kind: ColumnKind
    option: AnswerOption | None = None
    tags: Tags = frozenset()

    @property
    def holds_own_words(self) -> bool:
        """Tell whether people write in it what they like."""
        return self.kind in {ColumnKind.OWN_WORDS, ColumnKind.TEXT, ColumnKind.ROWS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What an export holds. By default nothing marked as sensitive (clinical.md L-21), and own words with the rest."""

    sensitive: Tags = frozenset()
    has_own_words: bool = True

    def keeps(self, column: Column) -> bool:
        """Tell whether a column is exported: everything it speaks of was asked for."""
        return column.tags <= self.sensitive and (self.has_own_words or not column.holds_own_words)


def list_columns(editions: Sequence[Edition]) -> tuple[Column, ...]:
    """Return every column of the editions, the newest given first: its questions in order, then those of older ones.

    An answer that only an older edition has stands behind those of its question. A mark in any edition counts in all.
    """
    by_item: dict[str, dict[str, Column]] = {}
    marks: dict[str, Tags] = {}
    for edition in editions:
        tags = map_sensitive(edition)
        for item in edition.questions:
            columns = by_item.setdefault(item.link_id, {})
            marks[item.link_id] = marks.get(item.link_id, frozenset()) | tags[item.link_id]
            for column in _walk_columns(item):
                found = columns.setdefault(column.key, column)
                columns[column.key] = replace(found, tags=found.tags | column.tags)
    return tuple(
        replace(column, tags=column.tags | marks[link_id])
        for link_id, columns in by_item.items()
        for column in columns.values()
    )


def _walk_columns(item: Item) -> Iterator[Column]:
    """Yield an item's columns, each with the marks that are its answer's alone."""
    name = item.link_id
    if item.is_rows or item.type not in {ItemType.CHOICE, ItemType.OPEN_CHOICE}:
        yield Column(key=name, item=item, kind=_KINDS.get(item.type, ColumnKind.TEXT))
        return
    if not item.repeats:
        yield Column(key=name, item=item, kind=ColumnKind.CODE)
    own = map_option_tags(item)
    for option in item.answer_options:
        if item.repeats:
            tags = own.get(option.code, frozenset())
            yield Column(key=f"{name}/{option.code}", item=item, kind=ColumnKind.OPTION, option=option, tags=tags)
        if option.is_open:
            yield Column(key=f"{name}/{OWN_WORDS}", item=item, kind=ColumnKind.OWN_WORDS, option=option)


_KINDS = {
    ItemType.INTEGER: ColumnKind.NUMBER,
    ItemType.DECIMAL: ColumnKind.NUMBER,
    ItemType.DATE: ColumnKind.DATE,
    ItemType.GROUP: ColumnKind.ROWS,
}


class CellReader:
    """Reads responses to one edition into the cells of given columns; what depends on neither is worked out once."""

    def __init__(self, edition: Edition, columns: Sequence[Column]) -> None:
        self._edition = edition
        self._count = len(columns)
        places = {column.key: place for place, column in enumerate(columns)}
        self._plans = [plan for item in edition.questions if (plan := _build_plan(item, places)).targets]

    def read(self, answers: Mapping[str, Answer]) -> list[Cell]:
        """Return one cell for each column, in order."""
        cells: list[Cell] = [NOT_IN_EDITION] * self._count
        enabled = find_way(self._edition, answers).enabled
        for plan in self._plans:
            if plan.link_id not in enabled:
                plan.fill(cells, NOT_ASKED)
            elif (answer := plan.find(answers)) is None:
                plan.fill(cells, NOT_ANSWERED)
            else:
                plan.put(cells, answer)
        return cells

    def sort(self, answers: Mapping[str, Answer]) -> Sorted:
        """Return what these columns hold of a response, as answers and as names of what has none."""
        enabled = find_way(self._edition, answers).enabled
        given: dict[str, Answer] = {}
        missing: dict[str, list[str]] = {NOT_ANSWERED: [], NOT_ASKED: []}
        for plan in self._plans:
            answer = plan.find(answers)
            if plan.link_id not in enabled:
                missing[NOT_ASKED].append(plan.link_id)
            elif answer is None:
                missing[NOT_ANSWERED].append(plan.link_id)
            else:
                given[plan.link_id] = answer if plan.has_own_words else _drop_words(answer)
        return Sorted(given, tuple(missing[NOT_ANSWERED]), tuple(missing[NOT_ASKED]))


@dataclass(frozen=True, slots=True)
class Sorted:
    """A response as an export holds it: answers by linkId, then what was not answered and what was not asked."""

    answers: Mapping[str, Answer]
    not_answered: tuple[str, ...]
    not_asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One item of an edition: where its cells go, and which of its answers are left out."""

    item: Item
    targets: tuple[tuple[int, ColumnKind, str], ...]
    hidden: frozenset[str]
    has_own_words: bool

    @property
    def link_id(self) -> str:
        return self.item.link_id

    def fill(self, cells: list[Cell], word: str) -> None:
        for place, _, _ in self.targets:
            cells[place] = word

    def find(self, answers: Mapping[str, Answer]) -> Answer | None:
        answer = answers.get(self.item.link_id)
        if not self.hidden or not isinstance(answer, Coded) or self.hidden.isdisjoint(answer.codes):
            return answer
        codes = tuple(code for code in answer.codes if code not in self.hidden)
        # Nothing but what is left out: to say more than *not answered* would tell it.
        return Coded(codes, answer.own_words) if codes or answer.own_words else None

    def put(self, cells: list[Cell], answer: Answer) -> None:
        match answer:
            case Coded():
                word = find_word(self.item, answer) if self.item.repeats else None
                other = word.value if word in _ALONE else NOT_CHOSEN
                for place, kind, code in self.targets:
                    cells[place] = _read_code(answer, kind, code, other)
            case Number():
                self._put(cells, answer.value)
            case DateParts(year=year, month=month, day=day):
                self._put(cells, f"{year:04}-{month:02}" + (f"-{day:02}" if day else ""))
            case Text():
                self._put(cells, answer)
            case Rows(rows=rows):
                names = [child.link_id for child in self.item.items]
                table = [dict(zip(names, row, strict=False)) for row in rows]
                self._put(cells, json.dumps(table, ensure_ascii=False, separators=(",", ":")))

    def _put(self, cells: list[Cell], cell: Cell) -> None:
        for place, _, _ in self.targets:
            cells[place] = cell


def _build_plan(item: Item, places: Mapping[str, int]) -> _Plan:
    own = tuple(_walk_columns(item))
    return _Plan(
        item=item,
        targets=tuple(
            (places[column.key], column.kind, column.option.code if column.option else "")
            for column in own
            if column.key in places
        ),
        hidden=frozenset(
            column.option.code
            for column in own
            if column.kind is ColumnKind.OPTION and column.option and column.key not in places
        ),
        has_own_words=all(column.key in places for column in own if column.kind is ColumnKind.OWN_WORDS),
    )


def _read_code(answer: Coded, kind: ColumnKind, code: str, other: str) -> Cell:
    if kind is ColumnKind.OPTION:
        return CHOSEN if code in answer.codes else other
    if kind is ColumnKind.OWN_WORDS:
        return Text(answer.own_words) if answer.own_words else ""
    return answer.codes[0] if answer.codes else OWN_WORDS


def _drop_words(answer: Answer) -> Answer:
    return Coded(answer.codes) if isinstance(answer, Coded) else answer
