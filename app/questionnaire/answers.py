"""What was typed into a page's form controls, read as answers or as problems.

Control names are a stable interface (design section 5). Nothing typed is ever changed: a browser's CR LF
becomes LF, as HTML's own value has it, and that is all. It must never store, and it is told today's date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.questionnaire.answer import Answer, Coded, Number, Rows, Text
from app.questionnaire.dates import read_date
from app.questionnaire.model import Item, ItemType
from app.questionnaire.numbers import find_doubts, read_number
from app.questionnaire.problem import Advice, Problem

Raw = Mapping[str, Sequence[str]]
OWN_WORDS = "-something-else"
CONFIRMED = "-confirmed"
OWN_WORDS_LIMIT = 500
_BOXES = ("day", "month", "year")
_ROW_NUMBERS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """One item as read: an answer, or None when nothing was given; with problems there is no answer."""

    answer: Answer | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class PageReading:
    """A whole page as read: what each question's answer becomes (None: there is none), and every problem in order."""

    answers: Mapping[str, Answer | None]
    problems: tuple[Problem, ...]


def read_page(questions: Iterable[Item], raw: Raw, today: date) -> PageReading:
    """Return the answers of a page's questions and every problem, doubts only where nothing else is wrong."""
    asked = tuple(questions)
    readings = {item.link_id: read_answer(item, raw, today) for item in asked}
    problems = tuple(problem for reading in readings.values() for problem in reading.problems)
    answers = {link_id: reading.answer for link_id, reading in readings.items()}
    return PageReading(answers, problems or find_doubts(asked, answers))


def read_answer(item: Item, raw: Raw, today: date) -> Reading:
    """Return the answer to one item, or what to do about it.

    >>> from app.questionnaire.model import LocalText
    >>> age = Item(link_id="age", type=ItemType.INTEGER, text=LocalText((("en", "Age"),)))
    >>> read_answer(age, {"age": ["seventeen"]}, date(2026, 1, 1)).problems[0].message
    'Age: enter a whole number, using digits only'
    """
    if item.is_rows:
        return _read_rows(item, raw)
    match item.type:
        case ItemType.CHOICE | ItemType.OPEN_CHOICE:
            return _read_choice(item, raw)
        case ItemType.INTEGER | ItemType.DECIMAL:
            typed = get_first(raw, item.link_id)
            kept = get_first(raw, item.link_id + CONFIRMED)
            found = read_number(item, typed)
            if isinstance(found, Problem):
                return Reading(None, (found,))
            return Reading(found and Number(found.typed, is_confirmed=kept == typed))
        case ItemType.DATE:
            day, month, year = (get_first(raw, f"{item.link_id}-{box}") for box in _BOXES)
            dated = read_date(item, (day, month, year), today)
            return Reading(None, (dated,)) if isinstance(dated, Problem) else Reading(dated)
        case _:
            return _read_text(item, get_first(raw, item.link_id))


def get_first(raw: Raw, control: str) -> str:
    """Return the first value of a control with line ends as LF, or an empty string."""
    values = raw.get(control) or ("",)
    return values[0].replace("\r\n", "\n").replace("\r", "\n")


def read_whole(item: Item, raw: Raw) -> str:
    """Return what stands in an item's boxes as one text: by it a person says that it is right.

    >>> from app.questionnaire.model import LocalText
    >>> day = Item(link_id="d", type=ItemType.DATE, text=LocalText((("en", "When"),)))
    >>> read_whole(day, {"d-day": ["3"], "d-month": ["May"], "d-year": ["2026"]})
    '3 May 2026'
    """
    if item.type is not ItemType.DATE:
        return get_first(raw, item.link_id)
    return " ".join(part for part in (get_first(raw, f"{item.link_id}-{box}") for box in _BOXES) if part)


def list_controls(item: Item, raw: Raw | None = None) -> tuple[str, ...]:
    """Return the names of all form controls of an item; for rows, those that `raw` has.

    >>> from app.questionnaire.model import LocalText
    >>> list_controls(Item(link_id="d", type=ItemType.DATE, text=LocalText((("en", "When"),))))
    ('d-day', 'd-month', 'd-year', 'd-confirmed')
    """
    name = item.link_id
    if item.is_rows:
        numbers = list_row_numbers(item, raw or {})
        cells = (f"{name}-{number}-{child.link_id}" for number in numbers for child in item.items)
        return (name, *cells)
    match item.type:
        case ItemType.DATE:
            return (*(f"{name}-{box}" for box in _BOXES), name + CONFIRMED)
        case ItemType.OPEN_CHOICE:
            return (name, name + OWN_WORDS)
        case ItemType.INTEGER | ItemType.DECIMAL:
            return (name, name + CONFIRMED)
        case _:
            return (name,)


def list_row_numbers(item: Item, raw: Raw) -> list[int]:
    """Return the numbers of the rows that were posted, ascending; others than 1 to 999 are not rows."""
    names = {child.link_id for child in item.items}
    numbers = set()
    for control in raw:
        number, _, child = control.removeprefix(item.link_id + "-").partition("-")
        if control.startswith(item.link_id + "-") and child in names and number.isascii() and number.isdecimal():
            numbers.add(int(number[:4]))
    return sorted(number for number in numbers if 0 < number < _ROW_NUMBERS)


def _label(item: Item, **values: str) -> tuple[tuple[str, str], ...]:
    return (("label", item.label.translations[0][1]), *values.items())


def _read_text(item: Item, typed: str) -> Reading:
    if not typed.strip():
        return Reading(None)
    if problem := _find_excess(item, item.link_id, typed, item.max_length):
        return Reading(None, (problem,))
    return Reading(Text(typed))


def _find_excess(item: Item, control: str, typed: str, limit: int | None) -> Problem | None:
    if limit is None or len(typed) <= limit:
        return None
    return Problem(item.link_id, control, Advice.SHORTEN, _label(item, limit=f"{limit}", count=f"{len(typed)}"))


def _read_choice(item: Item, raw: Raw) -> Reading:
    chosen = {code for code in raw.get(item.link_id, ()) if code}
    own_words = get_first(raw, item.link_id + OWN_WORDS) if item.type is ItemType.OPEN_CHOICE else ""
    if not own_words.strip():
        own_words = ""
    codes = tuple(option.code for option in item.answer_options if option.code in chosen)
    problem = _find_choice_problem(item, chosen, codes, own_words) or _find_excess(
        item, item.link_id + OWN_WORDS, own_words, OWN_WORDS_LIMIT
    )
    if problem:
        return Reading(None, (problem,))
    return Reading(Coded(codes, own_words) if codes or own_words else None)


def _find_choice_problem(item: Item, chosen: set[str], codes: tuple[str, ...], own_words: str) -> Problem | None:
    name = item.link_id
    if len(chosen) != len(codes):
        return Problem(name, name, Advice.CHOOSE_SHOWN, _label(item))
    if not item.repeats and len(codes) > 1:
        return Problem(name, name, Advice.CHOOSE_ONE, _label(item))
    alone = next((option for option in item.answer_options if option.is_exclusive and option.code in codes), None)
    if item.repeats and alone and (len(codes) > 1 or own_words):
        option = alone.display.translations[0][1]
        return Problem(name, name, Advice.CHOOSE_ALONE, _label(item, option=option))
    return None


def _read_rows(item: Item, raw: Raw) -> Reading:
    name = item.link_id
    word = _read_choice(item, {name: raw.get(name, ())})
    rows = [
        (number, tuple(get_first(raw, f"{name}-{number}-{child.link_id}") for child in item.items))
        for number in list_row_numbers(item, raw)
    ]
    rows = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    problems = [*word.problems, *_find_row_problems(item, rows)]
    if rows and isinstance(word.answer, Coded):
        chosen = next(option for option in item.answer_options if option.code in word.answer.codes)
        values = _label(item, option=chosen.display.translations[0][1])
        problems.append(Problem(name, name, Advice.ROWS_OR_WORD, values))
    if problems:
        return Reading(None, tuple(problems))
    return Reading(Rows(tuple(cells for _, cells in rows)) if rows else word.answer)


def _find_row_problems(item: Item, rows: Sequence[tuple[int, tuple[str, ...]]]) -> Iterable[Problem]:
    if item.max_occurs is not None and len(rows) > item.max_occurs:
        control = f"{item.link_id}-{rows[item.max_occurs][0]}-{item.items[0].link_id}"
        yield Problem(item.link_id, control, Advice.TOO_MANY_ROWS, _label(item, limit=f"{item.max_occurs}"))
    for number, cells in rows:
        for child, cell in zip(item.items, cells, strict=True):
            control = f"{item.link_id}-{number}-{child.link_id}"
            field = child.label.translations[0][1]
            if child.required and not cell.strip():
                yield Problem(item.link_id, control, Advice.ROW_NEEDS, _label(item, row=f"{number}", field=field))
            elif problem := _find_excess(child, control, cell, child.max_length):
                yield Problem(item.link_id, control, problem.advice, problem.values)
