"""A summary as plain text, 80 columns wide, for a terminal.

What a patient typed is shown as typed, control characters as their names, so that no answer can steer a terminal.
"""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from app.output.visible import show_hidden
from app.questionnaire.summary_model import AnswerView, FaceEntry, FaceSheet, Line, Summary

_WIDTH: Final = 80


def draw_summary(summary: Summary) -> str:
    """Return the summary as text that ends with a line break: the face sheet, then all answers."""
    return "\n".join(_draw_lines(summary)) + "\n"


def _draw_lines(summary: Summary) -> Iterator[str]:
    words = summary.words
    yield from _wrap(summary.title, 0)
    yield from _wrap(f"{summary.clinic}, {summary.date}. {words.edition_label} {summary.edition}", 0)
    yield from _draw_heading(words.face_heading, "=")
    yield from _draw_face(summary.faces[0], words.visit_heading, words.lists_heading, words.nobody)
    yield from _draw_heading(words.answers_heading, "=")
    for section in summary.sections:
        yield from _draw_heading(section.title, "-")
        for row in section.rows:
            yield from _wrap(row.question, 0)
            yield from _draw_answer(row.answer)
    if summary.companion:
        yield from _draw_heading(words.companion_heading, "=")
        yield from _wrap(words.companion_note, 0)
    for entry in summary.companion:
        yield ""
        yield from _wrap(entry.question, 0)
        yield from _wrap(entry.rationale, 4)
        yield from _wrap("; ".join(f"{source.key}: {source.title} [{source.mark}]" for source in entry.sources), 4)
        if entry.review:
            yield from _wrap(entry.review, 4)
    if summary.legend:
        yield ""
    for line in summary.legend:
        yield from _wrap(line, 0)
    yield ""
    yield from _wrap(summary.disclaimer, 0)


def _draw_face(face: FaceSheet, visit: str, lists: str, nobody: str) -> Iterator[str]:
    groups = ((visit, face.visit), *((group.heading, group.entries) for group in face.groups), (lists, face.lists))
    for heading, entries in groups:
        yield from _draw_heading(heading, "-")
        for entry in entries:
            yield from _draw_entry(entry)
        if not entries:
            yield from _wrap(nobody, 2)


def _draw_entry(entry: FaceEntry) -> Iterator[str]:
    yield from _wrap(entry.label, 2)
    for fact in entry.facts:
        yield from _wrap(_join(fact.lines), 6)


def _draw_answer(answer: AnswerView) -> Iterator[str]:
    for line in answer.lines:
        yield from _wrap(_join((line,)), 4)
    for row in answer.table.rows if answer.table else ():
        yield from _wrap(_join((Line(", ".join(cell for cell in row if cell.strip()), is_own_words=True),)), 4)


def _join(lines: Iterable[Line]) -> str:
    return "".join(f"“{line.text}”" if line.is_own_words else line.text for line in lines)


def _draw_heading(text: str, rule: str) -> Iterator[str]:
    yield ""
    yield from _wrap(text, 0)
    yield rule * _WIDTH


def _wrap(text: str, indent: int) -> Iterator[str]:
    for paragraph in show_hidden(text).split("\n"):
        margin = " " * indent
        yield from textwrap.wrap(paragraph, _WIDTH, initial_indent=margin, subsequent_indent=margin) or [""]
