"""Items out of records: sections hold pages, pages hold questions, and rows hold fields; each key only where it fits.

Everything is loaded even when faulty, so that one reading finds all faults. It must never mend what it reads.
"""

from __future__ import annotations

from typing import Final

from app.questionnaire.definition import Overrule
from app.questionnaire.fault_list import quote
from app.questionnaire.keys import KEYS, NEEDED, ROLES
from app.questionnaire.load_condition import Entry, find_behavior, load_conditions
from app.questionnaire.load_option import OptionList, Parts, load_item_options
from app.questionnaire.load_value import (
    load_expected,
    load_limits,
    load_provenance,
    load_sensitive,
    load_sources,
    load_unit,
)
from app.questionnaire.model import Face, Item, ItemType, LocalText, PageKind, Precision
from app.questionnaire.record import PlacedText, Record
from app.questionnaire.yaml_tree import Scalar

MAX_ITEMS: Final = 1000  # four times what a long visit needs; what items say of one another costs their number squared
_BELOW: Final = {"section": "page", "page": "question", "rows": "field"}
_NAMES: Final = {
    "section": "a section",
    "page": "a page",
    "display": "a displayed sentence",
    "rows": "a group of rows",
    "field": "a field of a row",
}
_CHOICES: Final = frozenset({"choice", "open-choice", "rows"})
_APART: Final = frozenset({"check", "share"})


class ItemLoader:
    """Loads the items of one file; `entries` then has every item but fields, and `by_id` those that have a name."""

    def __init__(self, parts: Parts) -> None:
        self.entries: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self._parts = parts
        self._faults = parts.faults
        self._count = 0
        self._page = 0
        self._kinds: dict[str, int] = {}
        self._lines: dict[str, int] = {}

    def load_all(self, record: Record) -> tuple[Item, ...]:
        """Return the sections of the questionnaire's record."""
        return self._load_below(record, "section")

    def _load_below(self, record: Record, place: str) -> tuple[Item, ...]:
        return tuple(self._load(below, place) for below in record.find_all("item", Record))

    def _load(self, record: Record, place: str) -> Item:
        self._count += 1
        if self._count > MAX_ITEMS:
            fault = f"there are more than {MAX_ITEMS:,} items"
            self._faults.add(record.place, record.name, fault, "split the file into two questionnaires")
            self._faults.raise_all()
        role = self._find_role(record, place)
        if role == "page":
            self._page += 1
        page = self._page + (role == "section")  # a section's conditions are judged before its first page
        if role:
            self._check_keys(record, role)
        is_named = role != "field" and self._claim_name(record)
        options = load_item_options(record, role, self._parts) if role in _CHOICES else OptionList()
        children = self._load_below(record, _BELOW.get(role, "question"))
        if role == "page":
            self._check_page(record, children)
        if role == "rows":
            self._check_fields(record)
        item = self._build(record, role, options, children)
        if role != "field":
            entry = Entry(record=record, item=item, role=role, page=page, is_sound=bool(role) and options.is_whole)
            self.entries.append(entry)
            if is_named:
                self.by_id[item.link_id] = entry
        self._note(record, item, options)
        return item

    def _claim_name(self, record: Record) -> bool:
        """Tell whether the item has a linkId that none before it has."""
        name = record.find("linkId", Scalar)
        if name is None:
            return False
        if name.value in self._lines:
            fault = f"the linkId {quote(name.value)} is written twice, first on line {self._lines[name.value]}"
            self._faults.add(name, name.value, fault, "give the newer one another name")
            return False
        self._lines[name.value] = name.line
        self._parts.places[name.value] = name
        return True

    def _find_role(self, record: Record, place: str) -> str:
        """Return the item's key in ROLES, or an empty string where its type is not known."""
        kind = record.find_word("type")
        type_place = record.get_place("type")
        if place in {"section", "page"}:
            if kind and kind != "group":
                remedy = "put questions on a page, and pages in a section; both are of type group"
                self._faults.add(type_place, record.name, f"type is {quote(kind)} where a {place} stands", remedy)
                return ""
            return place
        if place == "field":
            if kind and kind != "string":
                fault = f"type is {quote(kind)} in a row"
                self._faults.add(type_place, record.name, fault, "write type: string")
            return place
        if kind == "group" and not record.is_set("repeats"):
            remedy = "add repeats: true when it asks for rows, or move it up to be a page"
            self._faults.add(type_place, record.name, "a group stands where a question should", remedy)
            return ""
        return "rows" if kind == "group" else kind

    def _check_keys(self, record: Record, role: str) -> None:
        name = _NAMES.get(role, f"an item of type {role}")
        for key in record.places:
            if key in ROLES[role]:
                continue
            if key == "item":
                remedy = "put it after this one, on a later page with an enableWhen when it depends on the answer"
                self._faults.add(record.get_place(key), record.name, f"an item is nested under {name}", remedy)
                continue
            remedy = "take it away: every question may be skipped" if key == "required" else "take it away"
            self._faults.add(record.get_place(key), record.name, f"{key} does not fit {name}", remedy)
        for key in sorted(NEEDED.get(role, frozenset())):
            if key not in record.places:
                self._faults.add(record.place, record.name, f"{key} is missing", f"add {key}: {KEYS['item'][key].help}")
            elif key == "item" and record.find("item", tuple) == () and key not in record.broken:
                self._faults.add(record.get_place(key), record.name, f"{name} is empty", "put an item into it")

    def _check_page(self, record: Record, children: tuple[Item, ...]) -> None:
        kind = record.find_word("page")
        if kind == "support":
            for below in record.find_all("item", Record):
                if below.find_word("type") not in {"display", ""}:
                    fault = "a question stands on the support page, which holds displayed sentences only"
                    self._faults.add(below.get_place("type"), below.name, fault, "move it to another page")
        has_condition = "enableWhen" in record.places or any(item.enable_when for item in children)
        if kind in _APART and has_condition:
            fault = f"a condition stands on the {kind} page, which is the same for everyone"
            self._faults.add(record.get_place("page"), record.name, fault, "take enableWhen away")
        if kind and kind != "questions":
            place = record.get_place("page")
            first = self._kinds.setdefault(kind, place.line)
            if first != place.line:
                fault = f"there is a second page of kind {kind}, the first on line {first}"
                self._faults.add(place, record.name, fault, "keep one of the two")

    def _check_fields(self, record: Record) -> None:
        lines: dict[str, int] = {}
        for below in record.find_all("item", Record):
            name = below.find("linkId", Scalar)
            if name is None:
                continue
            if name.value in lines:
                fault = f"the field {quote(name.value)} is written twice, first on line {lines[name.value]}"
                self._faults.add(name, record.name, fault, "give each field its own linkId")
            lines.setdefault(name.value, name.line)
            self._parts.places.setdefault(f"{record.name}/{name.value}", name)

    def _build(self, record: Record, role: str, options: OptionList, children: tuple[Item, ...]) -> Item:
        kind = ItemType(record.find_word("type") or "display")
        low, high = load_limits(record, kind, self._faults)
        return Item(
            link_id=record.find_word("linkId"),
            type=kind,
            text=record.find_text("text") or LocalText(((self._parts.language, ""),)),
            short_text=record.find_text("shortText"),
            help=record.find_text("help"),
            why=record.find_text("why"),
            answer_options=tuple(placed.option for placed in options.options),
            enable_when=load_conditions(record, self._faults),
            enable_behavior=find_behavior(record),
            required=record.is_set("required"),
            repeats=record.is_set("repeats"),
            max_length=record.find("maxLength", int),
            max_occurs=record.find("maxOccurs", int),
            min_value=low,
            max_value=high,
            expected=load_expected(record, kind, (low, high), self._faults),
            unit=load_unit(record),
            date_precision=Precision(record.find_word("precision") or "day"),
            is_past=record.is_set("past"),
            page=PageKind(record.find_word("page") or "questions") if role == "page" else None,
            face=Face(record.find_word("face")) if record.find_word("face") else None,
            key_facts=tuple(placed.text for placed in record.find_all("keyFacts", PlacedText)),
            rationale=record.find_text("rationale"),
            sources=load_sources(record, self._parts.sources, self._faults),
            provenance=load_provenance(record, self._parts.sentences, self._faults),
            review=record.find_text("review"),
            sensitive=load_sensitive(record),
            items=children,
        )

    def _note(self, record: Record, item: Item, options: OptionList) -> None:
        for placed in options.options:
            self._parts.places.setdefault(f"{item.link_id}/{placed.option.code}", placed.place)
        for written in record.find_all("overrule", Record):
            rule, reason = written.find_word("rule"), written.find_word("reason")
            if rule and reason:
                self._parts.overrules.append(Overrule(link_id=item.link_id, rule=rule, reason=reason))
