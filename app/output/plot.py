"""Plots as plain numbers that a template draws: columns over weeks, bars with labels, and two lines.

Across they are measured in percent and down in pixels, so that a plot is as wide as its page and its words keep their
size. Every plot has the table behind it. It must never make markup, count a person, or draw a colour for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.questionnaire.shorten import cut_text

TEXT: Final = 18  # pixels that a line of words takes
_FIELD: Final = 140  # height of the field that columns and lines stand in
_LABELLED: Final = 13  # so many columns can each carry their number at 320 pixels
_GAP: Final = 0.25  # of a column's place
_ROW, _BAR, _WIDEST = 42, 10, 80.0  # a bar's place, its height, and how wide it gets: its number stands behind it
_LONGEST: Final = 40  # letters of a name that fit across 320 pixels; the table has all of them
_SAMPLE: Final = 9.0  # how much of the width the sample of a line takes beside its name
_WORDS_ACROSS: Final = 4  # so many weeks can be named under a field at 320 pixels

Points = list[tuple[float, int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value with its name and how it is written; None where there is nothing to draw (none, or too few to show)."""

    label: str
    value: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a plot: its name and a value for each place across."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle: from and width in percent, top and height in pixels."""

    x: str
    width: str
    y: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A straight line. `kind` is `axis`, `first` or `second`: drawn apart by dashes, not by colour alone."""

    x1: str
    x2: str
    y1: int
    y2: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A mark on a line; the second line's are hollow."""

    x: str
    y: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Some words. `anchor` is SVG's text-anchor; `shift` moves them aside by pixels."""

    x: str
    y: int
    text: str
    anchor: str = "start"
    shift: int = 0
    is_muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing with its title, what it shows in a sentence, and its table: headings, then rows of the same values."""

    name: str
    title: str
    description: str
    height: int
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bars: tuple[Bar, ...] = ()
    segments: tuple[Segment, ...] = ()
    dots: tuple[Dot, ...] = ()
    words: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What stands around a plot. `name` is its id on the page; `headings` those of its table."""

    name: str
    title: str
    description: str
    headings: tuple[str, ...]


def draw_columns(caption: Caption, values: Sequence[Value]) -> Plot:
    """Return columns side by side, such as one for each week; each with its number, or the highest and last only.

    >>> caption = Caption(name="weeks", title="Responses a week", description="", headings=("Week", "Responses"))
    >>> plot = draw_columns(caption, [Value(label="Nov 2", value=4, text="4"), Value(label="Nov 9", value=2, text="2")])
    >>> [(bar.x, bar.width, bar.y, bar.height) for bar in plot.bars]
    [('6.25%', '37.50%', 18, 140), ('56.25%', '37.50%', 88, 70)]
    """
    most = _find_most(values)
    place = 100 / max(len(values), 1)
    bottom = TEXT + _FIELD
    numbered = _find_numbered(values)
    bars, words = [], []
    for number, one in enumerate(values):
        height = round((one.value or 0) / most * _FIELD)
        middle = _percent(place * (number + 0.5))
        if height:
            left, width = _percent(place * (number + _GAP / 2)), _percent(place * (1 - _GAP))
            bars.append(Bar(x=left, width=width, y=bottom - height, height=height))
        if number in numbered:
            words.append(Words(x=middle, y=bottom - height - 5, text=one.text, anchor="middle"))
    return _finish(
        caption,
        height=bottom + TEXT + 4,
        rows=tuple((one.label, one.text) for one in values),
        bars=tuple(bars),
        segments=(_draw_axis(bottom),),
        words=(*words, *_name_places([one.label for one in values], bottom + TEXT - 2)),
    )


def draw_bars(caption: Caption, values: Sequence[Value]) -> Plot:
    """Return bars below one another in the order given, each with its name above and its number behind.

    >>> caption = Caption(name="now", title="", description="", headings=("State", "Responses"))
    >>> plot = draw_bars(caption, [Value(label="New", value=3, text="3"), Value(label="Held", value=None, text="–")])
    >>> [(bar.width, bar.y) for bar in plot.bars], [words.text for words in plot.words], plot.height
    ([('80.00%', 20)], ['New', '3', 'Held', '–'], 84)
    """
    most = _find_most(values)
    bars, words = [], []
    for number, one in enumerate(values):
        top = number * _ROW
        width = (one.value or 0) / most * _WIDEST
        end = _percent(width)
        short = cut_text(one.label, _LONGEST)
        words.append(Words(x="0%", y=top + TEXT - 4, text=one.label if short == one.label else f"{short}…"))
        if width:
            bars.append(Bar(x="0%", width=end, y=top + TEXT + 2, height=_BAR))
        words.append(Words(x=end, y=top + TEXT + _BAR + 2, text=one.text, shift=6 if width else 0, is_muted=not width))
    return _finish(
        caption,
        height=_ROW * max(len(values), 1),
        rows=tuple((one.label, one.text) for one in values),
        bars=tuple(bars),
        words=tuple(words),
    )


def draw_lines(caption: Caption, first: Series, second: Series) -> Plot:
    """Return two lines over the same places, such as median and slowest tenth, named with their last values above.

    A place without a value breaks its line. The table has a column for each line.
    """
    most = _find_most((*first.values, *second.values))
    count = len(first.values)
    bottom = 3 * TEXT + _FIELD
    across = [100 / count * (number + 0.5) for number in range(count)]

    def place(series: Series) -> Points:
        return [
            None if one.value is None else (x, bottom - round(one.value / most * _FIELD))
            for x, one in zip(across, series.values, strict=True)
        ]

    lines = {"first": place(first), "second": place(second)}
    labels = [one.label for one in first.values]
    samples, marks, names = _name_lines((("first", first), ("second", second)))
    return _finish(
        caption,
        height=bottom + TEXT + 4,
        rows=tuple(
            (label, one.text, other.text) for label, one, other in zip(labels, first.values, second.values, strict=True)
        ),
        segments=(
            _draw_axis(bottom),
            *(segment for kind, points in lines.items() for segment in _join(points, kind)),
            *samples,
        ),
        dots=(*_mark(lines), *marks),
        words=(*names, *_name_places(labels, bottom + TEXT - 2)),
    )


def _finish(caption: Caption, *, height: int, rows: tuple[tuple[str, ...], ...], **parts: tuple[object, ...]) -> Plot:
    return Plot(
        name=caption.name,
        title=caption.title,
        description=caption.description,
        headings=caption.headings,
        height=height,
        rows=rows,
        **parts,  # type: ignore[arg-type] # each is a tuple of its own kind, named as the field
    )


def _find_most(values: Sequence[Value]) -> float:
    return max((one.value for one in values if one.value), default=1)


def _find_numbered(values: Sequence[Value]) -> set[int]:
    """Return the columns that carry their number: all where there is room, else the first highest and the last."""
    if len(values) <= _LABELLED:
        return set(range(len(values)))
    highest = max(range(len(values)), key=lambda number: values[number].value or 0)
    last = len(values) - 1
    # Beside one another their numbers would run together.
    return {highest} if 0 < last - highest < _WORDS_ACROSS else {highest, last}


def _name_places(labels: Sequence[str], y: int) -> Iterator[Words]:
    """Yield the names of the first and last place, and of a few between where they are few."""
    last = len(labels) - 1
    shown = range(last + 1) if last < _WORDS_ACROSS else (0, last)
    for number in shown:
        x, anchor = _percent(100 / (last + 1) * (number + 0.5)), "middle"
        if last >= _WORDS_ACROSS:
            x, anchor = ("100%", "end") if number else ("0%", "start")
        yield Words(x=x, y=y, text=labels[number], anchor=anchor, is_muted=True)


def _name_lines(lines: Sequence[tuple[str, Series]]) -> tuple[list[Segment], list[Dot], list[Words]]:
    """Return a sample, a mark, the name and the last value of each line, over the field: there no line crosses them."""
    named = [
        (value.value or 0.0, kind, f"{one.name} {value.text}")
        for kind, one in lines
        for value in [next((value for value in reversed(one.values) if value.value is not None), None)]
        if value is not None
    ]
    segments, dots, words = [], [], []
    for number, (_, kind, text) in enumerate(sorted(named, key=lambda one: one[0], reverse=True)):
        y = TEXT * (number + 1) - TEXT // 2
        segments.append(Segment(x1="0%", x2=_percent(_SAMPLE), y1=y, y2=y, kind=kind))
        dots.append(Dot(x=_percent(_SAMPLE / 2), y=y, kind=kind))
        words.append(Words(x=_percent(_SAMPLE), y=y + 5, text=text, shift=8))
    return segments, dots, words


def _join(points: Points, kind: str) -> Iterator[Segment]:
    for one, other in pairwise(points):
        if one and other:
            yield Segment(x1=_percent(one[0]), x2=_percent(other[0]), y1=one[1], y2=other[1], kind=kind)


def _mark(lines: Mapping[str, Points]) -> Iterator[Dot]:
    for kind, points in lines.items():
        yield from (Dot(x=_percent(point[0]), y=point[1], kind=kind) for point in points if point)


def _draw_axis(y: int) -> Segment:
    return Segment(x1="0%", x2="100%", y1=y, y2=y, kind="axis")


def _percent(part: float) -> str:
    return f"{part:.2f}%"
