"""The face sheet shortened, step by step, so that the first step that fits a page keeps the most.

What belongs to screening items goes first, then all but the beginning of long texts, then all but the names in lists.
Questions without an answer are named while there is room, and then counted. What is as short as the mark that would
stand in its place stays always. It must never look at what an answer means, nor cut in silence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from app.questionnaire.summary_model import FaceEntry, FaceFact, FaceGroup, FaceSheet, Line

SEPARATOR: Final = Line("; ")
_LINE: Final = 56  # cells in a line of the page: one that the patient ended takes the room of a whole one
_COLUMN: Final = 45  # cells in a line of half a page
_BREAK: Final = 3  # cells that a break between words leaves empty
_ROW: Final = 40  # a row of a list stands on a line of its own
_WIDE, _NUMBERED = 2, 9  # cells of a wide character, and of one that may be printed as its number
_DOT: Final = 3  # cells between two items that run on
_LEAST: Final = 16  # a beginning shorter than this tells nobody anything


@dataclass(frozen=True, slots=True)
class Marks:
    """How many cells it takes to say that an answer goes on elsewhere, and that there is more than is named."""

    continued: int
    more: int


@dataclass(frozen=True, slots=True)
class Compression:
    """How many cells of an answer stay: the facts of an item, a list, what was chosen for the visit, what was typed.

    With no room facts only fill the lines that the item takes anyway, which makes no page higher; with None not even
    those. `unanswered` are the cells for naming what was not answered, besides the screening items.
    """

    facts: int | None
    rows: int
    chosen: int
    typed: int
    unanswered: int


COMPRESSIONS = (
    Compression(240, 1600, 600, 1200, 1200),
    Compression(160, 1200, 500, 800, 900),
    Compression(120, 900, 400, 560, 700),
    Compression(90, 700, 320, 400, 560),
    Compression(70, 560, 320, 300, 450),
    Compression(56, 450, 240, 240, 360),
    Compression(44, 380, 240, 200, 270),
    Compression(34, 320, 200, 160, 180),
    Compression(24, 260, 200, 160, 180),
    Compression(12, 220, 160, 130, 120),
    Compression(0, 180, 160, 110, 120),
    Compression(0, 160, 120, 90, 90),
    Compression(0, 100, 90, 60, 60),
    Compression(0, 60, 60, 30, 60),
    Compression(None, 60, 60, 30, 60),
    Compression(None, 30, 30, 30, 30),
)


def shorten_face(face: FaceSheet, compression: Compression, marks: Marks) -> FaceSheet:
    """Return the sheet with long answers cut and each told where it goes on, in marks of so many cells."""
    mark = marks.continued
    return FaceSheet(
        visit=tuple(
            _shorten(entry, compression.typed if _is_typed(entry) else compression.chosen, mark) for entry in face.visit
        ),
        lists=tuple(_shorten_list(entry, compression.rows, mark) for entry in face.lists),
        groups=tuple(
            _shorten_group(
                replace(group, entries=tuple(_shorten_item(entry, compression.facts, mark) for entry in group.entries)),
                compression.unanswered,
                mark + marks.more,
            )
            for group in face.groups
        ),
    )


def cut_text(text: str, limit: int) -> str:
    r"""Return at most `limit` characters, ended at a word where one ends near, never inside a combined character.

    >>> cut_text("one two three", 9), len(cut_text("e\u0301e\u0301", 3))
    ('one two', 2)
    """
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    space = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    return text[: space if space > end // 2 else end].rstrip()


def _is_typed(entry: FaceEntry) -> bool:
    return any(fact.lines[0].is_own_words for fact in entry.facts if fact.lines)


def _shorten(entry: FaceEntry, room: int, mark: int) -> FaceEntry:
    if _measure_facts(entry.facts, room + mark) <= room + mark:
        return entry
    kept = tuple(FaceFact(lines=lines) for lines in _walk_fitting(entry.facts, room))
    return replace(entry, facts=kept, continued_at=entry.link_id)


def _shorten_item(entry: FaceEntry, room: int | None, mark: int) -> FaceEntry:
    """Return an item shortened to whole lines of its column."""
    if room is None:
        return _shorten(entry, 0, mark)
    taken = len(f"{entry.label}: ") + mark
    step = _COLUMN - _BREAK
    lines = max(1, -(-(taken + room - _BREAK) // step))
    return _shorten(entry, lines * step + _BREAK - taken, mark)


def _shorten_group(group: FaceGroup, room: int, mark: int) -> FaceGroup:
    """Return the group with the first of what can be counted named, one at least, and the others counted."""
    costs = {entry.link_id: _measure(entry.label, room + mark) + _DOT for entry in group.entries if entry.is_countable}
    if sum(costs.values()) <= room + mark:
        return group
    first = next(iter(costs))
    left = room - costs.pop(first)
    more = []
    for link_id, cost in costs.items():
        left -= cost
        if left < 0:
            more.append(link_id)
    if sum(costs[link_id] for link_id in more) <= mark:
        return group
    kept = tuple(entry for entry in group.entries if entry.link_id not in more)
    return replace(group, entries=kept, more=tuple(more))


def _shorten_list(entry: FaceEntry, room: int, mark: int) -> FaceEntry:
    """Return a list whole, else its first columns as running text, else the names alone, else the first of them."""
    most = room + mark
    rows = sum(max(_measure_facts((fact,), most), _ROW) for fact in entry.facts)
    if not entry.briefs or rows <= most:
        return entry if entry.briefs else _shorten(entry, room, mark)
    brief = next((one for one in entry.briefs if _measure_facts((one,), most) <= most), entry.briefs[-1])
    running = replace(entry, facts=(brief,), continued_at=entry.link_id)
    if _list_own(running) == _list_own(entry):
        return _shorten(replace(running, continued_at=None), room, mark)
    return _shorten(running, room, mark)


def _list_own(entry: FaceEntry) -> list[str]:
    return [line.text for fact in entry.facts for line in fact.lines if line.is_own_words]


def _walk_fitting(facts: tuple[FaceFact, ...], room: int) -> Iterator[tuple[Line, ...]]:
    """Yield what fits of the facts, each in its place: room goes to what was chosen before what was typed."""
    kept: dict[int, tuple[Line, ...]] = {}
    for place in sorted(range(len(facts)), key=lambda place: _begins_typed(facts[place])):
        kept[place], room = _fit(facts[place], room)
        if not room:
            break
    yield from (kept[place] for place in sorted(kept) if kept[place])


def _begins_typed(fact: FaceFact) -> bool:
    return any(line.is_own_words for line in next(_split_pieces(fact)))


def _fit(fact: FaceFact, room: int) -> tuple[tuple[Line, ...], int]:
    """Return the fact's beginning that fits, the last piece cut at a word where it is typed, and what room is left."""
    kept: tuple[Line, ...] = ()
    for piece in _split_pieces(fact):
        cost = _measure_facts((FaceFact(lines=piece),), room) + len(SEPARATOR.text)
        if cost > room:
            cut = _cut_piece(piece, room)
            return (*kept, *((SEPARATOR,) if kept and cut else ()), *cut), 0
        kept = (*kept, *((SEPARATOR,) if kept else ()), *piece)
        room -= cost
    return kept, room


def _split_pieces(fact: FaceFact) -> Iterator[tuple[Line, ...]]:
    """Yield what stands between the separators: one choice, or one row, of several."""
    piece: list[Line] = []
    for line in fact.lines:
        if line == SEPARATOR:
            yield tuple(piece)
            piece = []
        else:
            piece.append(line)
    yield tuple(piece)


def _cut_piece(piece: tuple[Line, ...], room: int) -> tuple[Line, ...]:
    """Return a piece with its last line cut, or nothing: half a choice or half a pair of numbers would mislead."""
    *before, last = piece
    left = room - sum(_measure(line.text, room) for line in before)
    if left < _LEAST or (before and not last.is_own_words):
        return ()
    text = cut_text(last.text, _count_fitting(last.text, left))
    return (*before, replace(last, text=text + "…")) if text else ()


def _measure_facts(facts: tuple[FaceFact, ...], most: int) -> int:
    """Return how much room facts take, in cells; more than `most` where they take more, and then not how much."""
    total = 0
    for place, fact in enumerate(facts):
        total += len(SEPARATOR.text) if place else 0
        for line in fact.lines:
            total += _measure(line.text, most)
            if total > most:
                return total
    return total


def _measure(text: str, most: int) -> int:
    if len(text) > most:
        return len(text)  # no character takes less than a cell
    return len(text) if text.isascii() and text.isprintable() else sum(_walk_cells(text))


def _count_fitting(text: str, room: int) -> int:
    """Return how many characters of a text fit into so many cells."""
    for place, cells in enumerate(_walk_cells(text)):
        room -= cells
        if room < 0:
            return place
    return len(text)


def _walk_cells(text: str) -> Iterator[int]:
    """Yield how many cells each character takes; a line's end takes the rest of the line."""
    column = 0
    for character in text:
        if character == "\n":
            cells = _LINE - column % _LINE
        elif character.isascii() and character.isprintable():
            cells = 1
        elif unicodedata.category(character).startswith("C"):
            cells = _NUMBERED
        else:
            cells = _WIDE if unicodedata.east_asian_width(character) in "WF" else 1
        column = 0 if character == "\n" else column + cells
        yield cells
