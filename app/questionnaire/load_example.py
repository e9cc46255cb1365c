"""Example patients out of records: answers that fit their questions, those of the example they start from included.

Checks that an answer can be given and no more: what it leads to is the business of the check. It must never invent one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from app.questionnaire.definition import Example, ExampleAnswer, OwnWords, Place
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.load_condition import Entry, check_code
from app.questionnaire.load_option import UNANSWERED
from app.questionnaire.model import ItemType, Precision
from app.questionnaire.record import Record, read_day
from app.questionnaire.yaml_tree import Mapping as MappingNode
from app.questionnaire.yaml_tree import Scalar, Sequence

MAX_EXAMPLES: Final = 200  # each holds the answers of the one it is based on, so their cost is a product
_RELATIVE: Final = re.compile(r"T([+-][0-9]{1,5}d)?", re.ASCII)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_CHOICES: Final = frozenset({ItemType.CHOICE, ItemType.OPEN_CHOICE})
_NUMBERS: Final = frozenset({ItemType.INTEGER, ItemType.DECIMAL})


class _MisfitError(Exception):
    """An answer that its question cannot have: what stands where, and what to write."""

    def __init__(self, node: Place, remedy: str) -> None:
        super().__init__(remedy)
        self.node = node
        self.remedy = remedy


class ExampleLoader:
    """Loads the examples of one file in order; each may start from one above it."""

    def __init__(self, by_id: Mapping[str, Entry], faults: FaultList) -> None:
        self._entries = by_id
        self._faults = faults
        self._answers: dict[str, Mapping[str, ExampleAnswer]] = {}

    def load_all(self, records: tuple[Record, ...]) -> tuple[Example, ...]:
        """Return the examples, each with all of its answers, and add the faults in them."""
        for record in records[MAX_EXAMPLES:][:1]:
            self._faults.add(record.place, record.name, f"there are more than {MAX_EXAMPLES} examples", "keep fewer")
        return tuple(self._load(record) for record in records[:MAX_EXAMPLES])

    def _load(self, record: Record) -> Example:
        called = record.find_word("name")
        if called in self._answers:
            fault = f"a second example is called {quote(called)}"
            self._faults.add(record.get_place("name"), record.name, fault, "give each its own name")
        self._answers[called] = answers = self._load_answers(record)
        return Example(
            name=called,
            note=record.find_word("note"),
            answers=answers,
            sees=self._find_pages(record, "sees"),
            does_not_see=self._find_pages(record, "doesNotSee"),
            face_sheet=tuple(word.value for word in record.find_all("faceSheet", Scalar)),
            place=Place(record.place.line, record.place.column),
        )

    def _load_answers(self, record: Record) -> Mapping[str, ExampleAnswer]:
        answers = dict(self._find_base(record))
        for name, node in record.find_map("answers", Place).items():
            entry = self._find_question(name, record)
            if entry is None:
                continue
            if isinstance(node, Scalar) and node.value == UNANSWERED:
                answers.pop(name.value, None)
                continue
            try:
                answers[name.value] = self._read_answer(node, entry, record.name)
            except _MisfitError as error:
                fault = f"this cannot be an answer to {quote(name.value)}"
                self._faults.add(error.node, record.name, fault, error.remedy)
        return answers

    def _find_base(self, record: Record) -> Mapping[str, ExampleAnswer]:
        base = record.find("basedOn", Scalar)
        if base is None:
            return {}
        if base.value not in self._answers:
            remedy = self._faults.suggest(base.value, self._answers, "name an example that stands above this one")
            self._faults.add(base, record.name, f"basedOn names {quote(base.value)}", remedy)
            return {}
        return self._answers[base.value]

    def _find_question(self, name: Scalar, record: Record) -> Entry | None:
        entry = self._entries.get(name.value)
        if entry is None:
            questions = (link_id for link_id, other in self._entries.items() if other.item.is_question)
            remedy = self._faults.suggest(name.value, questions, "name a question")
            self._faults.add(name, record.name, f"answers names {quote(name.value)}", remedy)
            return None
        if entry.is_sound and not entry.item.is_question:
            fault = f"answers names {quote(name.value)}, which is no question"
            self._faults.add(name, record.name, fault, "name a question")
        return entry if entry.item.is_question else None

    def _find_pages(self, record: Record, key: str) -> tuple[str, ...]:
        words = record.find_all(key, Scalar)
        for word in words:
            entry = self._entries.get(word.value)
            if entry is None or entry.role != "page":
                pages = (link_id for link_id, other in self._entries.items() if other.role == "page")
                remedy = self._faults.suggest(word.value, pages, "name a page")
                self._faults.add(word, record.name, f"{key} names {quote(word.value)}, which is no page", remedy)
        return tuple(word.value for word in words)

    def _read_answer(self, node: Place, entry: Entry, name: str) -> ExampleAnswer:
        kind = entry.item.type
        if kind in _CHOICES:
            return self._read_choice(node, entry, name)
        if entry.item.is_rows and isinstance(node, Sequence):
            return tuple(self._read_row(row, entry, name) for row in node.items)
        if not isinstance(node, Scalar):
            raise _MisfitError(node, "write one text")
        if entry.item.is_rows:
            check_code(node, name, entry, self._faults)
        elif kind in _NUMBERS and not _is_number(node.value):
            raise _MisfitError(node, "write a number")
        elif kind is ItemType.DATE and not _is_date(node.value, entry.item.date_precision):
            raise _MisfitError(node, "write a day as 2026-05-03, or counted from the day of the run as T-10d")
        return node.value

    def _read_choice(self, node: Place, entry: Entry, name: str) -> ExampleAnswer:
        if isinstance(node, MappingNode):
            words, codes = node.get("words"), node.get("codes")
            if entry.item.type is not ItemType.OPEN_CHOICE:
                raise _MisfitError(node, "write codes alone: only an open-choice has own words")
            if not isinstance(words, Scalar) or codes is None or len(node.entries) != len(("words", "codes")):
                raise _MisfitError(node, "write {codes: [something-else], words: their own words}")
            return OwnWords(codes=self._read_codes(codes, entry, name), words=words.value)
        codes_alone = self._read_codes(node, entry, name)
        return codes_alone if entry.item.repeats else codes_alone[0]

    def _read_codes(self, node: Place, entry: Entry, name: str) -> tuple[str, ...]:
        nodes = node.items if isinstance(node, Sequence) and entry.item.repeats else (node,)
        codes = tuple(code for code in nodes if isinstance(code, Scalar))
        if len(codes) != len(nodes):
            raise _MisfitError(node, "write codes as [one, two]" if entry.item.repeats else "write one code")
        for code in codes:
            check_code(code, name, entry, self._faults)
        return tuple(code.value for code in codes)

    def _read_row(self, row: Place, entry: Entry, name: str) -> Mapping[str, str]:
        fields = [child.link_id for child in entry.item.items]
        if not isinstance(row, MappingNode):
            raise _MisfitError(row, f"write each row as {{{', '.join(f'{field}: …' for field in fields)}}}")
        cells = {}
        for field, cell in row.entries:
            if not isinstance(cell, Scalar):
                raise _MisfitError(cell, "write one text in each field")
            if field.value not in fields:
                remedy = self._faults.suggest(field.value, fields, f"write one of {', '.join(fields)}")
                fault = f"{quote(field.value)} is no field of {quote(entry.item.link_id)}"
                self._faults.add(field, name, fault, remedy)
            cells[field.value] = cell.value
        return cells


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_date(text: str, precision: Precision) -> bool:
    if _RELATIVE.fullmatch(text) or read_day(text):
        return True
    return precision is Precision.MONTH and bool(_MONTH.fullmatch(text)) and read_day(f"{text}-01") is not None
