"""The smaller values of an item out of its record: limits, unit, sources, provenance, what it speaks of.

Each says what is wrong with it in itself. It must never look at another item.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from app.questionnaire.definition import Place
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.model import Expected, ItemType, LocalText, Provenance, Sensitive, Unit
from app.questionnaire.record import Record
from app.questionnaire.yaml_tree import Scalar

_MOST: Final = {"maxLength": 100_000, "maxOccurs": 100}

Limits = tuple[Decimal | None, Decimal | None]


def load_limits(record: Record, kind: ItemType, faults: FaultList) -> Limits:
    """Return an item's smallest and largest number, and add the faults in all of its limits."""
    for key, most in _MOST.items():
        limit = record.find(key, int)
        if limit is not None and not 1 <= limit <= most:
            faults.add(record.get_place(key), record.name, f"{key} is {limit}", f"write a number from 1 to {most:,}")
    low, high = record.find("minValue", Decimal), record.find("maxValue", Decimal)
    _check_whole(record, kind, ("minValue", "maxValue"), record.name, faults)
    if low is not None and high is not None and low > high:
        fault = f"minValue is {low} and maxValue is {high}"
        faults.add(record.get_place("minValue"), record.name, fault, "write the smaller one as minValue")
    return low, high


def load_expected(record: Record, kind: ItemType, limits: Limits, faults: FaultList) -> Expected | None:
    """Return what is expected of a number, and add a fault where it is empty, upside down or outside the limits."""
    written = record.find("expected", Record)
    if written is None:
        return None
    low, high = written.find("min", Decimal), written.find("max", Decimal)
    _check_whole(written, kind, ("min", "max"), record.name, faults)
    if not written.places:
        faults.add(written.place, record.name, "expected says nothing", "add min, max or greaterThan")
    if low is not None and high is not None and low > high:
        faults.add(written.get_place("min"), record.name, f"expected has min {low} and max {high}", "swap the two")
    for key, value in (("min", low), ("max", high)):
        if value is not None and not _is_within(value, limits):
            fault = f"expected has {key} {value}, which minValue and maxValue refuse"
            faults.add(written.get_place(key), record.name, fault, "write a number that is allowed")
    return Expected(minimum=low, maximum=high, greater_than=written.find_word("greaterThan") or None)


def load_unit(record: Record) -> Unit | None:
    """Return a number's unit, or None."""
    written = record.find("unit", Record)
    if written is None:
        return None
    return Unit(code=written.find_word("code"), display=written.find_text("display") or LocalText((("", ""),)))


def load_sources(record: Record, known: frozenset[str] | None, faults: FaultList) -> tuple[str, ...]:
    """Return the keys of the sources that an item cites, and add a fault for each that is not there."""
    return _load_names(record, "sources", known, "add it to sources", faults)


def load_sensitive(record: Record) -> tuple[Sensitive, ...]:
    """Return what a question or an answer speaks of, none twice."""
    return tuple(dict.fromkeys(Sensitive(word.value) for word in record.find_all("sensitive", Scalar)))


def load_provenance(record: Record, known: frozenset[str] | None, faults: FaultList) -> Provenance | None:
    """Return where an item comes from; either sentences of the article or `beyond: true`, not both."""
    written = record.find("provenance", Record)
    if written is None:
        return None
    sentences = _load_names(written, "article", known, "name a sentence under article", faults)
    if "article" in written.places and "beyond" in written.places:
        faults.add(written.get_place("beyond"), record.name, "provenance has both article and beyond", "keep one")
    elif written.find("article", tuple) == () and "article" not in written.broken:
        faults.add(written.get_place("article"), record.name, "provenance names no sentence", "write beyond: true")
    elif "article" not in written.places and not written.is_set("beyond") and "beyond" not in written.broken:
        remedy = "write article with the sentences, or beyond: true"
        faults.add(written.place, record.name, "provenance says nothing", remedy)
    return Provenance(sentences=sentences)


def _load_names(
    record: Record, key: str, known: frozenset[str] | None, otherwise: str, faults: FaultList
) -> tuple[str, ...]:
    names = record.find_all(key, Scalar)
    for name in names:
        if known is not None and name.value not in known:
            remedy = faults.suggest(name.value, known, otherwise)
            faults.add(name, record.name, f"{key} names {quote(name.value)}", remedy)
    return tuple(name.value for name in names)


def _check_whole(record: Record, kind: ItemType, keys: tuple[str, ...], name: str, faults: FaultList) -> None:
    for key in keys:
        value = record.find(key, Decimal)
        if kind is ItemType.INTEGER and value is not None and value != value.to_integral_value():
            place: Place = record.get_place(key)
            faults.add(place, name, f"{key} is {value} for a whole number", "write a whole number, or type: decimal")


def _is_within(value: Decimal, limits: Limits) -> bool:
    low, high = limits
    return (low is None or low <= value) and (high is None or value <= high)
