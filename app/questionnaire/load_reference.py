"""What items say of one another: conditions, key facts, expected numbers, and the names of form controls.

Runs when every item is known. It must never change an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from app.questionnaire.answers import list_controls
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.keys import LINK_ID
from app.questionnaire.load_condition import Entry, check_conditions
from app.questionnaire.model import ItemType
from app.questionnaire.record import PlacedText, Record
from app.questionnaire.yaml_tree import Scalar

PLACEHOLDER: Final = re.compile(r"\{(" + LINK_ID + r")\}")
_CELL: Final = re.compile(r"(?=(-[0-9]{1,3}-))", re.ASCII)  # a lookahead, for numbers may stand one behind the other
_NUMBERS: Final = frozenset({ItemType.INTEGER, ItemType.DECIMAL})


def check_references(entries: Iterable[Entry], by_id: Mapping[str, Entry], faults: FaultList) -> None:
    """Add the faults in everything that one item says of another."""
    for entry in entries:
        check_conditions(entry, by_id, faults)
        _check_key_facts(entry, by_id, faults)
        _check_greater_than(entry, by_id, faults)
    _check_controls(by_id, faults)


def _check_key_facts(entry: Entry, by_id: Mapping[str, Entry], faults: FaultList) -> None:
    for placed in entry.record.find_all("keyFacts", PlacedText):
        texts = [text for _, text in placed.text.translations]
        names = dict.fromkeys(name for text in texts for name in PLACEHOLDER.findall(text))
        for name in names:
            target = by_id.get(name)
            if target is not None and (target.item.is_question or not target.is_sound):
                continue
            fault = f"keyFacts names {quote('{' + name + '}')}" + (", which is no question" if target else "")
            questions = (link_id for link_id, other in by_id.items() if other.item.is_question)
            remedy = faults.suggest(name, questions, "write a linkId in the braces")
            faults.add(placed, entry.record.name, fault, remedy)


def _check_greater_than(entry: Entry, by_id: Mapping[str, Entry], faults: FaultList) -> None:
    expected = entry.record.find("expected", Record)
    name = expected.find("greaterThan", Scalar) if expected else None
    if name is None:
        return
    other = by_id.get(name.value)
    if other is None or other is entry or not _is_number_near(other, entry):
        near = (link_id for link_id, other in by_id.items() if other is not entry and _is_number_near(other, entry))
        fault = f"expected names {quote(name.value)}, which is no other number on this page"
        remedy = faults.suggest(name.value, near, "name a number that stands on the same page")
        faults.add(name, entry.record.name, fault, remedy)


def _is_number_near(entry: Entry, other: Entry) -> bool:
    return entry.page == other.page and entry.item.type in _NUMBERS


def _check_controls(by_id: Mapping[str, Entry], faults: FaultList) -> None:
    """Add a fault for each form control that has the name of an item or of another item's control."""
    owners = {link_id: link_id for link_id in by_id}
    for link_id, entry in by_id.items():
        for control in list_controls(entry.item) if entry.item.is_question else ():
            if owners.setdefault(control, link_id) != link_id:
                _add_clash(entry, control, owners[control], faults)
    for control, owner in owners.items():
        for match in _CELL.finditer(control):
            rows = by_id.get(control[: match.start()])
            fields = [child.link_id for child in rows.item.items] if rows and rows.item.is_rows else []
            if rows and control[match.end(1) :] in fields:
                _add_clash(rows, control, owner, faults)


def _add_clash(entry: Entry, control: str, owner: str, faults: FaultList) -> None:
    whose = f"the item {quote(owner)}" if owner == control else f"a control of {quote(owner)}"
    fault = f"its form control {quote(control)} has the name of {whose}"
    faults.add(entry.record.get_place("linkId"), entry.record.name, fault, "give one of the two another linkId")
