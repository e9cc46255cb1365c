"""Crisis and emergency contacts by country: data with its source and the day it was last checked.

Shown and printed the same for everyone (W-13). It must never guess a country.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.questionnaire.definition import Place
from app.questionnaire.fault_list import FaultList
from app.questionnaire.yaml_tree import Mapping, Node, Scalar, Sequence, parse_tree

_LINE_KEYS = {
    "name": "name",
    "tel": "tel",
    "sms": "sms",
    "smsKeyword": "sms_keyword",
    "url": "url",
    "hours": "hours",
    "languages": "languages",
    "sourceUrl": "source_url",
    "mark": "mark",
    "checkedOn": "checked_on",
}
_LINE_NEEDS = frozenset({"name", "mark", "checkedOn"})
_SET_KEYS = frozenset({"country", "countryName", "emergencyLabel", "emergencyTel", "contacts"})
_SET_NEEDS = frozenset({"country", "countryName", "contacts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisLine:
    """One line to call or write to; fields a line does not have are empty."""

    name: str
    tel: str = ""
    sms: str = ""
    sms_keyword: str = ""
    url: str = ""
    hours: str = ""
    languages: str = ""
    source_url: str = ""
    mark: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisSet:
    """A country's contacts: the emergency number and the lines, in the order they are shown."""

    country: str
    country_name: str
    emergency_label: str
    emergency_tel: str
    contacts: tuple[CrisisLine, ...]


def load_crisis(data: bytes, file: str) -> tuple[CrisisSet, ...]:
    """Return the contacts of every country in the file; raises DefinitionError with every fault.

    >>> text = b"[{country: US, countryName: USA, emergencyTel: '911', contacts: [{name: 988, tel: '988', "
    >>> text += b"sourceUrl: s, mark: V, checkedOn: 2026-11-23}]}]"
    >>> load_crisis(text, "crisis.yaml")[0].contacts[0].name
    '988'
    """
    faults = FaultList(file)
    tree = parse_tree(data, faults)
    sets = tuple(_read_sets(tree, faults))
    if faults.count:
        faults.raise_all()
    return sets


def _read_sets(tree: Node, faults: FaultList) -> Iterator[CrisisSet]:
    for node in _list_items(tree, "contacts", faults):
        values = _read_texts(node, "country", _SET_KEYS, _SET_NEEDS, faults)
        country = values.get("country", "")
        lines = node.get("contacts") if isinstance(node, Mapping) else None
        contacts = tuple(_read_lines(lines, country, faults)) if lines else ()
        if not contacts:
            faults.add(
                Place(node.line, node.column), country, "no contacts", "add at least one line to call or write to"
            )
        yield CrisisSet(
            country=country,
            country_name=values.get("countryName", ""),
            emergency_label=values.get("emergencyLabel", ""),
            emergency_tel=values.get("emergencyTel", ""),
            contacts=contacts,
        )


def _read_lines(tree: Node, country: str, faults: FaultList) -> Iterator[CrisisLine]:
    for node in _list_items(tree, country, faults):
        values = _read_texts(node, country, frozenset(_LINE_KEYS), _LINE_NEEDS, faults)
        yield CrisisLine(**{"name": "", **{_LINE_KEYS[key]: value for key, value in values.items()}})


def _list_items(tree: Node, item: str, faults: FaultList) -> tuple[Node, ...]:
    if isinstance(tree, Sequence):
        return tree.items
    faults.add(Place(tree.line, tree.column), item, "not a list", "begin each entry with a hyphen")
    return ()


def _read_texts(
    node: Node, item: str, known: frozenset[str], needed: frozenset[str], faults: FaultList
) -> dict[str, str]:
    if not isinstance(node, Mapping):
        faults.add(Place(node.line, node.column), item, "not an entry with keys", "write keys such as `name: …`")
        return {}
    values: dict[str, str] = {}
    for key, value in node.entries:
        if key.value not in known:
            remedy = faults.suggest(key.value, known, "take it away")
            faults.add(Place(key.line, key.column), item, f'"{key.value}" is no key here', remedy)
        elif isinstance(value, Scalar):
            values[key.value] = value.value
    for key_name in sorted(needed - {key.value for key, _ in node.entries}):
        faults.add(Place(node.line, node.column), item, f'"{key_name}" is missing', "add it")
    return values
