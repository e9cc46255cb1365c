"""The ask-map as plain text for a terminal or a printer, 80 columns wide.

It must never leave out or reword anything of the map.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from app.questionnaire.askmap import AskMap, MapEntry, MapPage

WIDTH = 80
_INDENT = 6
_BESIDE = 3  # spaces between answers that stand in one line
_SHORT = 24  # characters of an answer that may stand beside others
_LINE = "_" * 24


def draw_askmap(askmap: AskMap) -> str:
    """Return the map as text that ends with a line break.

    >>> print(draw_askmap(AskMap(
    ...     title="Before your visit", disclaimer="This form records your answers.", edition="0123abcd", version="1",
    ...     date="2026-01-01", sections=())), end="")
    Before your visit
    ================================================================================
    Every question may be skipped. Version 1 of 2026-01-01, edition 0123abcd.
    <BLANKLINE>
    This form records your answers.
    """
    return "\n".join(_draw_lines(askmap)) + "\n"


def _draw_lines(askmap: AskMap) -> Iterator[str]:
    yield from _wrap(askmap.title, 0)
    yield "=" * WIDTH
    about = f"Version {askmap.version} of {askmap.date}, edition {askmap.edition}."
    yield from _wrap(f"Every question may be skipped. {about}", 0)
    yield ""
    yield from _wrap(askmap.disclaimer, 0)
    for section in askmap.sections:
        yield ""
        yield ""
        yield from _wrap(f"{section.number}  {section.title}", 0, hang=3)
        yield "-" * WIDTH
        for page in section.pages:
            yield from _draw_page(page)


def _draw_page(page: MapPage) -> Iterator[str]:
    yield ""
    yield from _wrap(f"{page.number}  {page.title}", 0, hang=_INDENT - 1)
    if page.asked_when:
        yield from _wrap(f"Only when {page.asked_when}.", _INDENT)
    if page.note:
        yield from _wrap(page.note, _INDENT)
    for entry in page.entries:
        yield ""
        yield from _draw_entry(entry)


def _draw_entry(entry: MapEntry) -> Iterator[str]:
    number = f"{entry.number:>4}  " if entry.number else " " * _INDENT
    lines = list(_wrap(entry.text, _INDENT))
    yield number + lines[0][_INDENT:] if lines else number.rstrip()
    yield from lines[1:]
    if entry.help:
        yield from _wrap(entry.help, _INDENT)
    if entry.asked_when:
        yield from _wrap(f"Only when {entry.asked_when}.", _INDENT)
    if entry.task:
        yield from _wrap(f"{entry.task}{':' if entry.answers else '.'}", _INDENT)
    yield from _draw_answers(entry.answers, "[ ]" if entry.is_several else "( )")
    if entry.open_answer:
        mark = "[ ]" if entry.is_several else "( )"
        yield f"{' ' * _INDENT}{mark} {entry.open_answer}: {_LINE}"
    if entry.alone:
        yield f"{' ' * _INDENT}or one of these alone:"
    yield from _draw_answers(entry.alone, "( )")
    if entry.why:
        yield from _wrap(f"Why: {entry.why}", _INDENT)


def _draw_answers(answers: tuple[str, ...], mark: str) -> Iterator[str]:
    """Yield short answers beside each other and long ones below each other."""
    if all(len(answer) <= _SHORT for answer in answers):
        row = ""
        for answer in answers:
            cell = f"{mark} {answer}"
            if row and _INDENT + len(row) + _BESIDE + len(cell) > WIDTH:
                yield " " * _INDENT + row
                row = ""
            row += f"{' ' * _BESIDE if row else ''}{cell}"
        if row:
            yield " " * _INDENT + row
    else:
        for answer in answers:
            yield from _wrap(f"{mark} {answer}", _INDENT, hang=len(mark) + 1)


def _wrap(text: str, indent: int, *, hang: int = 0) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_on_hyphens=False,
        )
