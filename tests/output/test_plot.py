"""Plots: every value is drawn to scale and stands in the table, and nothing is told by colour alone."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader

from app.output.plot import Caption, Plot, Series, Value, draw_bars, draw_columns, draw_lines
from tests.support.source import ROOT

CAPTION = Caption(name="plot", title="Responses a week", description="Twelve weeks.", headings=("Week", "Responses"))
HOSTILE = "<script>alert(1)</script> & \" '"


def make_values(*numbers: float | None) -> list[Value]:
    return [
        Value(label=f"Week {place}", value=number, text="–" if number is None else f"{number:g}")
        for place, number in enumerate(numbers)
    ]


def make_series(name: str, *numbers: float | None) -> Series:
    return Series(name=name, values=tuple(make_values(*numbers)))


def read_percent(text: str) -> float:
    return float(text.removesuffix("%"))


def draw_html(plot: Plot) -> str:
    loader = FileSystemLoader(ROOT / "templates")
    environment = Environment(loader=loader, autoescape=True, extensions=["jinja2.ext.i18n"])
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    template = '{% from "components/plot.html" import plot %}{{ plot(drawing) }}'
    return environment.from_string(template).render(drawing=plot)


def read_html(html: str) -> tuple[list[tuple[str, dict[str, str | None]]], str]:
    """Return every element with its attributes, and all words."""
    tags: list[tuple[str, dict[str, str | None]]] = []
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.handle_data = words.append  # type: ignore[method-assign,assignment]
    parser.feed(html)
    return tags, "".join(words)


@given(st.lists(st.none() | st.integers(0, 10**6), min_size=1, max_size=60))
def test_columns_and_bars_are_to_scale_and_inside(numbers: list[int | None]) -> None:
    values = make_values(*numbers)
    columns, bars = draw_columns(CAPTION, values), draw_bars(CAPTION, values)
    most = max((number for number in numbers if number), default=1)
    tall = [round(number / most * 140) for number in numbers if number and round(number / most * 140)]
    assert [bar.height for bar in columns.bars] == tall
    wide = [number / most * 80 for number in numbers if number]
    assert [read_percent(bar.width) for bar in bars.bars] == pytest.approx(wide, abs=0.01)
    for plot in (columns, bars):
        assert [row[1] for row in plot.rows] == [value.text for value in values]
        assert all(bar.y >= 0 and bar.y + bar.height <= plot.height for bar in plot.bars)
        assert all(read_percent(bar.x) + read_percent(bar.width) <= 100.01 for bar in plot.bars)
        assert all(0 < words.y <= plot.height for words in plot.words)


def test_every_bar_has_its_name_and_number() -> None:
    plot = draw_bars(CAPTION, [*make_values(7), Value(label="Few", value=None, text="fewer than 5")])
    assert [(words.text, words.is_muted) for words in plot.words] == [
        ("Week 0", False),
        ("7", False),
        ("Few", False),
        ("fewer than 5", True),
    ]
    assert len(plot.bars) == 1


def test_a_long_name_is_cut_where_it_ends_and_whole_in_the_table() -> None:
    label = "Something that somebody could have asked for in a great many words"
    plot = draw_bars(CAPTION, [Value(label=label, value=1, text="1")])
    assert plot.words[0].text == "Something that somebody could have asked…"
    assert plot.rows == ((label, "1"),)


def test_many_columns_carry_the_highest_number_and_the_last() -> None:
    plot = draw_columns(CAPTION, make_values(*range(1, 27), *range(26, 0, -1)))
    assert [words.text for words in plot.words] == ["26", "1", "Week 0", "Week 51"]
    assert len(plot.rows) == 52
    rising = draw_columns(CAPTION, make_values(*range(1, 53)))
    assert [words.text for words in rising.words if not words.is_muted] == ["52"]
    near = draw_columns(CAPTION, make_values(*range(1, 51), 40))
    assert [words.text for words in near.words if not words.is_muted] == ["50"]


def test_two_lines_break_where_there_is_nothing_and_say_their_names() -> None:
    plot = draw_lines(CAPTION, make_series("Median", 1, 2, 3, 4), make_series("Slowest tenth", 5, None, 9, 8))
    kinds = [segment.kind for segment in plot.segments]
    assert kinds == ["axis", "first", "first", "first", "second", "second", "first"]  # the last two beside the names
    assert [dot.kind for dot in plot.dots] == ["first"] * 4 + ["second"] * 3 + ["second", "first"]
    names = {words.text: words for words in plot.words if not words.is_muted}
    assert set(names) == {"Median 4", "Slowest tenth 8"}
    assert names["Slowest tenth 8"].y < names["Median 4"].y
    assert plot.rows[1] == ("Week 1", "2", "–")


@given(st.lists(st.tuples(*[st.none() | st.integers(0, 500)] * 2), max_size=30))
def test_the_names_of_two_lines_meet_neither_each_other_nor_a_line(
    pairs: list[tuple[int | None, int | None]],
) -> None:
    first, second = zip(*pairs, strict=True) if pairs else ((), ())
    plot = draw_lines(CAPTION, make_series("A", *first), make_series("B", *second))
    names = sorted(words.y for words in plot.words if words.text[:2] in {"A ", "B "})
    count = sum(value is not None for series in (first, second) for value in series)
    assert all(dot.y - 4 > y for dot in plot.dots[:count] for y in names)
    assert all(other - one >= 14 for one, other in pairwise(names))
    assert all(0 <= y <= plot.height for y in names)


@pytest.mark.parametrize("draw", [draw_columns, draw_bars])
@pytest.mark.parametrize("numbers", [[], [0, 0], [None]])
def test_nothing_to_show_is_drawn_too(draw: object, numbers: list[float | None]) -> None:
    plot: Plot = draw(CAPTION, make_values(*numbers))  # type: ignore[operator] # one of two functions
    assert not plot.bars
    assert len(plot.rows) == len(numbers)


def test_a_page_reads_the_plot_without_seeing_it() -> None:
    elements, words = read_html(draw_html(draw_columns(CAPTION, make_values(3, 5))))
    (svg,) = [attributes for tag, attributes in elements if tag == "svg"]
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert svg["role"] == "img"
    assert (svg["aria-labelledby"] or "").split() == ids
    tags = {tag for tag, _ in elements}
    assert {"h2", "details", "summary", "table", "th", "td", "figcaption"} <= tags
    assert not [name for _, attributes in elements for name in attributes if name == "style" or name[:2] == "on"]
    assert "Twelve weeks." in words


def test_words_are_only_words() -> None:
    caption = Caption(name="plot", title=HOSTILE, description=HOSTILE, headings=(HOSTILE, HOSTILE))
    html = draw_html(draw_bars(caption, [Value(label=HOSTILE, value=1, text=HOSTILE)]))
    assert "<script" not in html
    assert HOSTILE in read_html(html)[1]


def test_every_class_of_the_component_has_its_style() -> None:
    sheet = (ROOT / "static" / "clinic.css").read_text()
    template = Path(ROOT / "templates" / "components" / "plot.html").read_text()
    assert re.search(r"^\.plot \{", sheet, re.MULTILINE)
    kinds = {"axis", "first", "second", "bar"}
    assert not [kind for kind in kinds if f".plot-{kind} {{" not in sheet]
    assert "plot-bar" in template
    # Told apart in grey too: one line is whole and its dots are filled, the other dashed and hollow.
    assert re.search(r"\.plot-second \{[^}]*stroke-dasharray", sheet)
