"""The face sheet for a browser's own print, which cannot measure: the longest that is sure to fit one page.

The PDF measures instead, and a screen has no end: there the whole one stands. It must never look at what an answer
means.
"""

from __future__ import annotations

from typing import Final

from app.questionnaire.summary_model import FaceEntry, FaceSheet, Line, Summary

_ROOM: Final = 2600
"""How many characters fit on the page: in Chromium on Letter, 1 of 1,200 random patients overflowed at 2640."""

_SENT: Final = 400
"""How much of it the head of a sent response takes, which is three lines higher."""

_LINE: Final = 60
"""How many characters a line of the page holds: a line that the patient ended takes the room of a whole one."""

_CONTINUED: Final = 18
"""How many characters it takes to say that an answer goes on below."""

_ENTRY: Final = 8
"""How many characters of room an entry takes besides its words."""

_ALONE: Final = 45
"""How much a name that may be counted takes at least: half a line of the page, with nothing else in it."""


def choose_face(summary: Summary) -> FaceSheet:
    """Return the longest face sheet that a browser prints on one page."""
    room = _ROOM - (_SENT if summary.sending.address else 0)
    return next((face for face in summary.faces if measure_face(face) <= room), summary.faces[-1])


def measure_face(face: FaceSheet) -> int:
    """Return how much room a face sheet takes, in characters."""
    entries = [*face.visit, *face.lists, *(entry for group in face.groups for entry in group.entries)]
    lines = [line for entry in entries for fact in entry.facts for line in fact.lines]
    cut = sum(entry.continued_at is not None for entry in entries)
    words = sum(map(_measure_name, entries)) + sum(map(_measure_line, lines))
    return words + cut * _CONTINUED + _ALONE * sum(bool(group.more) for group in face.groups)


def _measure_name(entry: FaceEntry) -> int:
    return max(len(entry.label) + _ENTRY, _ALONE if entry.is_countable else 0)


def _measure_line(line: Line) -> int:
    return sum(max(len(part), _LINE) for part in line.text.split("\n")[:-1]) + len(line.text.rpartition("\n")[2]) + 2
