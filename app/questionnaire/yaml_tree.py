"""YAML text read as a tree that keeps every place and guesses nothing: each scalar is the text that was written.

Stricter than YAML, because YAML is not: aliases, anchors, tags, duplicate keys, several documents, control characters,
and whatever is too large or too deep are refused, each with its line (security.md S28). PyYAML's event parser does the
reading, since its loader turns `yes` into true and `12:30` into 750. It must never build anything but the classes here.
Source: YAML 1.1 (https://yaml.org/spec/1.1/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from app.questionnaire.definition import Place
from app.questionnaire.fault_list import FaultList, quote

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 50_000  # five times what 200 KB of questions hold; keeps a hostile megabyte under 100 MB of memory

# The C parser is ten times faster; a PyYAML built without libyaml has only the other. Events build no objects.
PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BOM: Final = "\ufeff"
_MAX_CONTROL: Final = 20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

_SYNTAX: Final = (
    (
        "mapping values are not allowed",
        "a colon followed by a space stands inside plain text, or the line is indented wrongly",
        "put the whole text in double quotes, or indent the line like its neighbors",
    ),
    (
        "cannot start any token",
        "a value begins with a tab or with one of @ ` % which mean something else in YAML",
        "indent with spaces, and put such a text in double quotes",
    ),
    (
        "did not find expected ',' or",
        "brackets or braces are not closed, or a text between them has a comma, a colon or a quotation mark of its own",
        "put that text in double quotes, or close the brackets",
    ),
    (
        "did not find expected key",
        "this line does not go on with what stands above it",
        "indent it like its neighbors, and close quotes and brackets above it",
    ),
    (
        "did not find expected '-' indicator",
        "this line stands in a list and does not begin with a hyphen",
        "write the hyphen, or indent the line like its neighbors",
    ),
    ("found unexpected end of stream", "a quotation mark is opened and never closed", "close it on this line"),
    (
        "could not find expected ':'",
        "this line has no colon after its key",
        "write `key: text`, or indent the line when it goes on with the text above",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes begins something that YAML does not know",
        "write two backslashes, or use single quotes",
    ),
)


@dataclass(frozen=True, slots=True)
class Scalar(Place):
    """One text as written; `is_plain` tells that it stood there without quotation marks."""

    value: str
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Sequence(Place):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping(Place):
    """Keys with their values, in the order they were written, each key once."""

    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """Return what stands behind a key, or None."""
        return next((node for name, node in self.entries if name.value == key), None)


@dataclass(frozen=True, slots=True)
class Broken(Place):
    """Where something stood that was refused: the fault has been told, and nothing more can be said of it."""


Node = Scalar | Sequence | Mapping | Broken


def read_tree(data: bytes, file: str) -> Node:
    """Return the file's tree; raises DefinitionError with every fault that its text alone shows.

    >>> tree = read_tree(b"smoker: yes", "questions.yaml")
    >>> tree.get("smoker")
    Scalar(line=1, column=9, value='yes', is_plain=True)
    """
    faults = FaultList(file)
    tree = parse_tree(data, faults)
    if faults.count:
        faults.raise_all()
    return tree


def parse_tree(data: bytes, faults: FaultList, parser: Any = PARSER) -> Node:  # noqa: ANN401 two classes share no type
    """Return the tree and add its faults to the list; raises DefinitionError where reading cannot go on.

    >>> parse_tree(b"a: 1", FaultList("questions.yaml")).line
    1
    """
    text = _decode_text(data, faults)
    builder = _TreeBuilder(faults)
    try:
        for event in yaml.parse(text, Loader=parser):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        _stop_at_syntax(error, faults)
    except (yaml.YAMLError, ValueError, OverflowError):
        # What PyYAML's own parser lets through: code points that no text can have, written as escapes.
        _stop(faults, Place(1, 1), "an escape names a character that does not exist", "write the character itself")
    if builder.root is None:
        _stop(faults, Place(1, 1), "the file is empty", "begin it with `resourceType: Questionnaire`")
    return builder.root


def _stop(faults: FaultList, place: Place, fault: str, remedy: str) -> NoReturn:
    faults.add(place, "file", fault, remedy)
    faults.raise_all()


def _decode_text(data: bytes, faults: FaultList) -> str:
    if len(data) > MAX_BYTES:
        fault = f"the file has {len(data):,} bytes, more than {MAX_BYTES:,}"
        _stop(faults, Place(1, 1), fault, "make it smaller: shorter texts, fewer examples")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _find_place(data[: error.start].decode("utf-8"))
        _stop(faults, place, f"the byte {data[error.start]:#04x} is not UTF-8", "save the file as UTF-8")
    text = text.removeprefix(_BOM)  # Windows Notepad writes one
    for number, match in enumerate(_CONTROL.finditer(text), start=1):
        fault = f"the control character U+{ord(match[0]):04X} stands in the text"
        faults.add(_find_place(text[: match.start()]), "file", fault, "take it away")
        if number == _MAX_CONTROL:
            faults.raise_all()
    return _CONTROL.sub(" ", text)


def _find_place(before: str) -> Place:
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _find_mark(mark: Any) -> Place:  # noqa: ANN401 the two parsers have a mark class each
    return Place(mark.line + 1, mark.column + 1)


def _stop_at_syntax(error: yaml.MarkedYAMLError, faults: FaultList) -> NoReturn:
    problem = error.problem or "something that is not YAML"
    mark = error.problem_mark or error.context_mark
    place = _find_mark(mark) if mark else Place(1, 1)
    for said, fault, remedy in _SYNTAX:
        if said in problem:
            _stop(faults, place, fault, remedy)
    fault = f"this is not YAML: {problem}"
    _stop(faults, place, fault, "look at the indentation, quotes and brackets of this line and the one above")


@dataclass(slots=True)
class _Open:
    """A list or a map whose end has not come yet."""

    place: Place
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    key: Node | None = None


class _TreeBuilder:
    """Makes the tree out of events, without recursion: 600 brackets are one fault and no RecursionError."""

    def __init__(self, faults: FaultList) -> None:
        self.root: Node | None = None
        self._faults = faults
        self._open: list[_Open] = []
        self._count = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        match event:
            case yaml.ScalarEvent():
                self._put(self._make_scalar(event))
            case yaml.CollectionStartEvent():
                self._begin(event)
            case yaml.CollectionEndEvent():
                self._end()
            case yaml.AliasEvent(anchor=anchor):
                place = _find_mark(event.start_mark)
                self._faults.add(place, "file", f"the alias *{anchor} stands here", "write out what it stands for")
                self._put(Broken(place.line, place.column))
            case yaml.DocumentStartEvent() if self.root is not None:
                place = _find_mark(event.start_mark)
                _stop(self._faults, place, "a second document begins here", "take away the line `---`")
            case _:
                pass

    def _check_properties(self, event: yaml.NodeEvent, tag: str | None) -> Place:
        place = _find_mark(event.start_mark)
        if event.anchor is not None:
            remedy = "take it away, and write the value out wherever it is used"
            self._faults.add(place, "file", f"the anchor &{event.anchor} stands here", remedy)
        if tag is not None:
            self._faults.add(place, "file", f"the tag {quote(tag)} stands here", "take it away; all values are text")
        return place

    def _make_scalar(self, event: yaml.ScalarEvent) -> Scalar:
        place = self._check_properties(event, event.tag)
        escaped = _CONTROL.search(event.value) if event.style == '"' else None
        if escaped:
            fault = f"an escape makes the control character U+{ord(escaped[0]):04X}"
            self._faults.add(place, "file", fault, "take it away")
        return Scalar(place.line, place.column, event.value, event.style in {None, ""})

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        place = self._check_properties(event, event.tag)
        if len(self._open) == MAX_DEPTH:
            fault = f"lists and maps stand more than {MAX_DEPTH} deep"
            _stop(self._faults, place, fault, "take brackets away, or check the indentation")
        self._open.append(_Open(place, isinstance(event, yaml.MappingStartEvent)))

    def _end(self) -> None:
        done = self._open.pop()
        line, column = done.place.line, done.place.column
        if done.is_mapping:
            self._put(Mapping(line, column, tuple(done.entries)))
        else:
            self._put(Sequence(line, column, tuple(done.items)))

    def _put(self, node: Node) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            _stop(self._faults, node, f"the file has more than {MAX_VALUES:,} values", "make it smaller")
        if not self._open:
            self.root = node
            return
        holder = self._open[-1]
        if not holder.is_mapping:
            holder.items.append(node)
        elif holder.key is None:
            holder.key = node
        else:
            self._put_entry(holder, holder.key, node)
            holder.key = None

    def _put_entry(self, holder: _Open, key: Node, node: Node) -> None:
        if not isinstance(key, Scalar):
            self._faults.add(key, "file", "a list or a map stands where a key should", "write one word as the key")
            return
        if key.value in holder.lines:
            fault = f"the key {quote(key.value)} is written twice, first on line {holder.lines[key.value]}"
            self._faults.add(key, "file", fault, "keep one of the two")
            return
        holder.lines[key.value] = key.line
        holder.entries.append((key, node))
