"""Answer options out of records: a question's own first, then those of its value set.

Every code of a question means one thing. It must never sort, drop or reword an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from app.questionnaire.definition import Overrule, Place
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.load_value import load_sensitive
from app.questionnaire.model import AnswerOption, LocalText, Word
from app.questionnaire.record import Record
from app.questionnaire.yaml_tree import Scalar

MAX_OPTIONS: Final = 100  # a hundred questions may share a set, so the cost of both is a product
UNANSWERED: Final = "unanswered"
RESERVED: Final = {
    UNANSWERED: "examples use this word",
    **dict.fromkeys(
        ("chosen", "not-chosen", "not-answered", "not-asked", "not-in-edition", "own-words", "unreadable"),
        "an export uses this word for what is no answer",
    ),
}


@dataclass(frozen=True, slots=True)
class PlacedOption:
    """An option with the place of its code."""

    option: AnswerOption
    place: Place


@dataclass(frozen=True, slots=True)
class OptionList:
    """Options in order; `is_whole` tells that none was left out for a fault: then a missing code is really missing."""

    options: tuple[PlacedOption, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What items refer to, None where it could not be read at all, and where the loader notes what it finds."""

    faults: FaultList
    language: str
    system: str
    value_sets: Mapping[str, OptionList]
    sources: frozenset[str] | None
    sentences: frozenset[str] | None
    places: dict[str, Place]
    overrules: list[Overrule]


def read_options(record: Record, system: str, faults: FaultList) -> OptionList:
    """Return the options under a record's `answerOption`, each code once; codes without a system get the one given."""
    found: dict[str, PlacedOption] = {}
    records = record.find_all("answerOption", Record)
    is_whole = "answerOption" not in record.broken and len(records) <= MAX_OPTIONS
    for written in records[MAX_OPTIONS:][:1]:
        faults.add(written.place, record.name, f"there are more than {MAX_OPTIONS} answers", "keep fewer")
    for written in records[:MAX_OPTIONS]:
        coding = written.find("valueCoding", Record)
        code = coding.find("code", Scalar) if coding else None
        if coding is None or code is None:
            continue
        if code.value in found:
            fault = f"the code {quote(code.value)} is written twice, first on line {found[code.value].place.line}"
            faults.add(code, record.name, fault, "give each answer its own code")
            continue
        if code.value in RESERVED:
            remedy = f"choose another: {RESERVED[code.value]}"
            faults.add(code, record.name, f"the code is {quote(code.value)}", remedy)
            is_whole = False
            continue
        option = AnswerOption(
            code=code.value,
            display=coding.find_text("display") or LocalText((("", ""),)),
            system=coding.find_word("system") or system,
            is_exclusive=written.is_set("exclusive"),
            is_open=written.is_set("open"),
            word=Word(written.find_word("word")) if written.find_word("word") else None,
            sensitive=load_sensitive(written),
        )
        found[code.value] = PlacedOption(option, code)
    return OptionList(tuple(found.values()), is_whole)


def load_item_options(record: Record, role: str, parts: Parts) -> OptionList:
    """Return a question's options with those of its value set, and add the faults in them."""
    own = read_options(record, parts.system, parts.faults)
    shared = _find_value_set(record, parts)
    shared_codes = {placed.option.code for placed in shared.options}
    for placed in own.options:
        if placed.option.code in shared_codes:
            fault = f"the code {quote(placed.option.code)} also stands in {record.find_word('answerValueSet')}"
            parts.faults.add(placed.place, record.name, fault, "keep one of the two")
    options = OptionList(own.options + shared.options, own.is_whole and shared.is_whole)
    _check_number(record, role, options, parts.faults)
    _check_open(record, role, options, parts.faults)
    if role == "rows":
        # An answer that stands in place of rows cannot stand beside another such answer.
        alone = (PlacedOption(replace(placed.option, is_exclusive=True), placed.place) for placed in options.options)
        return OptionList(tuple(alone), options.is_whole)
    return options


def _find_value_set(record: Record, parts: Parts) -> OptionList:
    written = record.find("answerValueSet", Scalar)
    if written is None:
        return OptionList(is_whole="answerValueSet" not in record.broken)
    name = written.value.removeprefix("#")
    if written.value == name:
        remedy = f'write "#{name}"' if name in parts.value_sets else "write # and the name of one under valueSets"
        parts.faults.add(written, record.name, f"answerValueSet is {quote(name)}", remedy)
    elif name not in parts.value_sets:
        remedy = parts.faults.suggest(written.value, [f"#{known}" for known in parts.value_sets], "add it to valueSets")
        parts.faults.add(
            written, record.name, f"answerValueSet is {quote(written.value)}, which is no set here", remedy
        )
    else:
        return parts.value_sets[name]
    return OptionList(is_whole=False)


def _check_number(record: Record, role: str, options: OptionList, faults: FaultList) -> None:
    if options.is_whole and not options.options and role in {"choice", "open-choice"}:
        faults.add(record.place, record.name, "there is no answer to choose", "add answerOption or answerValueSet")


def _check_open(record: Record, role: str, options: OptionList, faults: FaultList) -> None:
    opened = [placed for placed in options.options if placed.option.is_open]
    if role != "open-choice":
        for placed in opened:
            fault = (
                f"the answer {quote(placed.option.code)} has a line for own words, which only an open-choice can have"
            )
            faults.add(record.get_place("type"), record.name, fault, "write type: open-choice, or take open away")
    elif options.is_whole and len(opened) != 1:
        count = "no answer has" if not opened else f"{len(opened)} answers have"
        fault = f"{count} a line for own words, and an open-choice has one"
        faults.add(record.get_place("type"), record.name, fault, "write open: true at one answer")
