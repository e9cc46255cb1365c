"""A tree read by the table of keys: every key checked, every value of its kind, every fault noted with its place.

Knows kinds and nothing else: what values mean to each other is the loader's business. It must never raise for a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from app.questionnaire.definition import Place
from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.keys import DATE, KEYS, LANGUAGE, LINK_ID, NAME, Key
from app.questionnaire.model import LocalText
from app.questionnaire.yaml_tree import Broken, Mapping, Node, Scalar, Sequence

_PLACEHOLDER = re.compile(r"\{" + LINK_ID + r"\}")


def _match(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda word: word if compiled.fullmatch(word) else None


_read_digits = _match(r"-?(0|[1-9][0-9]{0,8})")
_read_decimal = _match(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?")


def _read_integer(word: str) -> int | None:
    return int(word) if _read_digits(word) else None


def _read_number(word: str) -> Decimal | None:
    return Decimal(word) if _read_decimal(word) else None


def read_day(word: str) -> str | None:
    """Return a day of the calendar written YYYY-MM-DD as it is, or None for anything else.

    >>> read_day("2026-02-28"), read_day("2026-02-30"), read_day("20260228")
    ('2026-02-28', None, None)
    """
    try:
        return date.fromisoformat(word).isoformat() if re.fullmatch(DATE, word, re.ASCII) else None
    except ValueError:
        return None


_NAME_REMEDY: Final = "use letters, digits, hyphens, dots and underscores, 64 at most"
_SIMPLE: Final[dict[str, tuple[Callable[[str], object | None], str]]] = {
    "string": (str, ""),
    "linkId": (_match(LINK_ID), "begin with a small letter, then small letters, digits and hyphens, 64 at most"),
    "code": (_match(NAME), _NAME_REMEDY),
    "language": (_match(LANGUAGE), "write a language tag such as en or es-MX"),
    "boolean": ({"true": True, "false": False}.get, "write true or false"),
    "integer": (_read_integer, "write a whole number without leading zeros, nine digits at most"),
    "number": (_read_number, "write a number such as 12 or 0.5, without leading zeros"),
    "date": (read_day, "write a real day as 2026-05-03"),
}
_MAP_KEY: Final = re.compile(NAME)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlacedText(Place):
    """A text with its place."""

    text: LocalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One table of the file as read; what could not be read is missing from `values` and its key is in `broken`."""

    name: str
    place: Place
    values: MappingABC[str, object]
    places: MappingABC[str, Place]
    broken: frozenset[str]

    def find(self, key: str, kind: type[T]) -> T | None:
        """Return the value behind a key, or None where there is none of this class."""
        value = self.values.get(key)
        return value if isinstance(value, kind) else None

    def find_all(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """Return the values of the list behind a key, those of this class."""
        return tuple(value for value in self.find(key, tuple) or () if isinstance(value, kind))

    def find_map(self, key: str, kind: type[T]) -> dict[Scalar, T]:
        """Return the map behind a key: each of its keys with its value, those of this class."""
        found = self.find(key, dict) or {}
        return {name: value for name, value in found.items() if isinstance(value, kind)}

    def find_word(self, key: str) -> str:
        """Return the word behind a key, or an empty string."""
        word = self.find(key, Scalar)
        return word.value if word else ""

    def find_text(self, key: str) -> LocalText | None:
        """Return the text behind a key, or None."""
        found = self.find(key, PlacedText)
        return found.text if found else None

    def is_set(self, key: str) -> bool:
        """Tell whether `true` stands behind a key."""
        return self.values.get(key) is True

    def get_place(self, key: str) -> Place:
        """Return where the key's value stands, or where the record begins."""
        return self.places.get(key, self.place)


class RecordReader:
    """Reads tables for one file: holds its list of faults and its languages, the questionnaire's own first."""

    def __init__(self, faults: FaultList, languages: tuple[str, ...]) -> None:
        self.faults = faults
        self.languages = languages

    def read_table(self, node: Node, table: str, name: str) -> Record | None:
        """Return the record of a map, reading as many of its keys as can be read; None when it is no map at all."""
        if not isinstance(node, Mapping):
            if not isinstance(node, Broken):
                keys = ", ".join(KEYS[table])
                self.faults.add(node, name, f"{_describe(node)} stands where keys should", f"write keys such as {keys}")
            return None
        values: dict[str, object] = {}
        places: dict[str, Place] = {}
        broken: set[str] = set()
        for word, value in node.entries:
            key = KEYS[table].get(word.value)
            if key is None:
                remedy = self.faults.suggest(word.value, KEYS[table], "take it away")
                self.faults.add(word, name, f"there is no key {quote(word.value)} here", remedy)
                continue
            before = self.faults.count
            places[word.value] = value
            read = self._read(value, key.kind, word.value, name)
            if read is not None:
                values[word.value] = read
            if read is None or self.faults.count > before:
                broken.add(word.value)
        self._add_missing(KEYS[table], places, node, name)
        return Record(name=name, place=node, values=values, places=places, broken=frozenset(broken))

    def _add_missing(self, keys: dict[str, Key], written: Iterable[str], place: Place, name: str) -> None:
        for word in [word for word, key in keys.items() if key.required and word not in written]:
            self.add_missing(place, name, word, keys[word])

    def add_missing(self, place: Place, name: str, word: str, key: Key) -> None:
        """Add the fault of a key that is not there."""
        self.faults.add(place, name, f"{word} is missing", f"add {word}: {key.help}")

    def _read(self, node: Node, kind: str, key: str, name: str) -> object | None:
        if isinstance(node, Broken):
            return None
        shape, _, inner = kind.partition(":")
        read: object | None
        match shape:
            case "list":
                read = self._read_list(node, inner, key, name)
            case "map":
                read = self._read_map(node, inner, key, name)
            case "one-of":
                read = self._read_one_of(node, inner.split(","), key, name)
            case "text" | "clinician-text":
                read = self._read_text(node, key, name, is_for_patients=kind == "text")
            case "answer":
                read = node
            case _ if kind in _SIMPLE:
                read = self._read_simple(node, kind, key, name)
            case _:
                read = self.read_table(node, kind, key if name == "questionnaire" else name)
        return read

    def _read_list(self, node: Node, kind: str, key: str, name: str) -> tuple[object, ...] | None:
        if not isinstance(node, Sequence):
            remedy = "write a list, each line beginning with a hyphen, or [one, two]"
            self.faults.add(node, name, f"{key} is {_describe(node)}", remedy)
            return None
        read = (self._read(item, kind, key, _name_element(item, kind, name)) for item in node.items)
        return tuple(value for value in read if value is not None)

    def _read_map(self, node: Node, kind: str, key: str, name: str) -> dict[Scalar, object] | None:
        if not isinstance(node, Mapping):
            self.faults.add(
                node, name, f"{key} is {_describe(node)}", "write names with a colon, and their values below"
            )
            return None
        holder = key if name == "questionnaire" else name
        values: dict[Scalar, object] = {}
        for word, value in node.entries:
            if not _MAP_KEY.fullmatch(word.value):
                self.faults.add(word, name, f"{quote(word.value)} is no name that {key} can have", _NAME_REMEDY)
                continue
            read = self._read(value, kind, word.value, name if kind == "answer" else f"{holder}/{word.value}")
            if read is not None:
                values[word] = read
        return values

    def _read_word(self, node: Node, key: str, name: str) -> Scalar | None:
        if isinstance(node, Broken):
            return None
        if not isinstance(node, Scalar):
            self.faults.add(node, name, f"{key} is {_describe(node)}", "write one text")
            return None
        word = node.value.strip(" \n\t")
        if not word:
            self.faults.add(node, name, f"{key} is empty", "write it, in double quotes when it begins with #")
            return None
        return Scalar(node.line, node.column, word, node.is_plain)

    def _read_simple(self, node: Node, kind: str, key: str, name: str) -> object | None:
        word = self._read_word(node, key, name)
        if word is None:
            return None
        parse, remedy = _SIMPLE[kind]
        value = parse(word.value)
        if value is None:
            self.faults.add(node, name, f"{key} is {quote(word.value)}", remedy)
        return word if isinstance(value, str) else value

    def _read_one_of(self, node: Node, allowed: list[str], key: str, name: str) -> Scalar | None:
        word = self._read_word(node, key, name)
        if word is None or word.value in allowed:
            return word
        remedy = self.faults.suggest(word.value, allowed, f"write {_list_words(allowed)}")
        self.faults.add(node, name, f"{key} is {quote(word.value)}", remedy)
        return None

    def _read_text(self, node: Node, key: str, name: str, *, is_for_patients: bool) -> PlacedText | None:
        needed = self.languages if is_for_patients else self.languages[:1]
        if isinstance(node, Mapping):
            return self._read_translations(node, key, name, needed)
        word = self._read_word(node, key, name)
        if word is None:
            return None
        if len(needed) > 1 and any(map(str.isalpha, _PLACEHOLDER.sub("", word.value))):
            remedy = f"write {', '.join(f'{language}: …' for language in needed)} below {key}"
            self.faults.add(node, name, f"{key} is written in {needed[0]} alone", remedy)
        return PlacedText(node.line, node.column, LocalText(((self.languages[0], word.value),)))

    def _read_translations(self, node: Mapping, key: str, name: str, needed: tuple[str, ...]) -> PlacedText | None:
        texts: dict[str, str] = {}
        for written, value in node.entries:
            if written.value not in self.languages:
                remedy = self.faults.suggest(written.value, self.languages, "add it to languages, or take it away")
                self.faults.add(written, name, f"{key} has {quote(written.value)}, which is no language here", remedy)
            elif word := self._read_word(value, written.value, name):
                texts[written.value] = word.value
        for language in needed:
            if node.get(language) is None:
                self.faults.add(node, name, f"{key} is not written in {language}", f"add {language}: below {key}")
        if self.languages[0] not in texts:
            return None
        translations = tuple((language, texts[language]) for language in self.languages if language in texts)
        return PlacedText(node.line, node.column, LocalText(translations))


def _describe(node: Node) -> str:
    match node:
        case Mapping():
            return "keys and values"
        case Sequence():
            return "a list"
        case Scalar(value=value) if value:
            return quote(value)
        case _:
            return "empty"


def _list_words(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _name_element(node: Node, kind: str, name: str) -> str:
    """Return what faults call an element of a list: items go by their linkId, examples by their name."""
    if isinstance(node, Mapping) and kind in {"item", "example"}:
        word = node.get("linkId" if kind == "item" else "name")
        if isinstance(word, Scalar) and word.value:
            return word.value if kind == "item" else f"examples/{word.value}"
        return kind
    return name
