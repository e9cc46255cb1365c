"""Dates as people know them: three numbers, or two, with the month as a number or a name.

A date is never an instant, so no time zone can move it (UA-63). Digits of any script are accepted as typed.
"""

from __future__ import annotations

import calendar
import unicodedata
from datetime import MAXYEAR, date

from app.questionnaire.answer import DateParts
from app.questionnaire.model import Item, Precision
from app.questionnaire.problem import Advice, Problem

_FIRST_YEAR = 1900
_SHORTEST_NAME = 3


def read_date(item: Item, typed: tuple[str, str, str], today: date) -> DateParts | Problem | None:
    """Return the date typed as day, month and year, None when all three are blank, or what to do about it.

    >>> from app.questionnaire.model import ItemType, LocalText
    >>> item = Item(link_id="d", type=ItemType.DATE, text=LocalText((("en", "When"),)), date_precision=Precision.MONTH)
    >>> read_date(item, ("", "Mar", "2026"), date(2026, 5, 1))
    DateParts(year=2026, month=3, day=None, typed=('', 'Mar', '2026'))
    """
    day_typed, month_typed, year_typed = (part.strip() for part in typed)
    if not (day_typed or month_typed or year_typed):
        return None
    by_month = item.date_precision is Precision.MONTH
    day, month, year = read_digits(day_typed), read_month(month_typed), read_digits(year_typed)
    if month is None or year is None or (day is None and (day_typed or not by_month)):
        advice = Advice.DATE_BY_MONTH if by_month else Advice.DATE
        return _refuse(item, advice, _find_part(day, month, is_day_needed=not by_month or bool(day_typed)))
    if wrong := _find_unreal(day, month, year):
        return _refuse(item, Advice.FULL_YEAR if wrong == "year" else Advice.REAL_DATE, wrong)
    if item.is_past and (year, month, day or 1) > (today.year, today.month, today.day):
        return _refuse(item, Advice.PAST_DATE, "day" if by_month is False or day_typed else "month")
    return DateParts(year, month, day, typed)


def read_digits(typed: str) -> int | None:
    """Return a whole number of at most four digits, in any script's digits, or None.

    >>> read_digits("03"), read_digits("٢٠٢٦"), read_digits("3rd")
    (3, 2026, None)
    """
    if not typed or len(typed) > len("2026"):
        return None
    digits = [unicodedata.decimal(character, None) for character in typed]
    if None in digits:
        return None
    return int("".join(str(digit) for digit in digits))


def read_month(typed: str) -> int | None:
    """Return the month's number from a number or an English name of three letters or more, or None.

    >>> [read_month(text) for text in ("3", "03", "Mar", "march", "Sept.", "ma", "Smarch")]
    [3, 3, 3, 3, 9, None, None]
    """
    number = read_digits(typed)
    if number is not None:
        return number
    name = typed.casefold().rstrip(".")
    if len(name) < _SHORTEST_NAME:
        return None
    matches = [place for place, full in enumerate(calendar.month_name) if full and full.casefold().startswith(name)]
    return matches[0] if len(matches) == 1 else None


def _find_unreal(day: int | None, month: int, year: int) -> str:
    """Return the part that no calendar has, or nothing."""
    if not _FIRST_YEAR <= year <= MAXYEAR:
        return "year"
    if not 1 <= month < len(calendar.month_name):
        return "month"
    return "day" if day is not None and not 1 <= day <= calendar.monthrange(year, month)[1] else ""


def _find_part(day: int | None, month: int | None, *, is_day_needed: bool) -> str:
    if day is None and is_day_needed:
        return "day"
    return "month" if month is None else "year"


def _refuse(item: Item, advice: Advice, part: str) -> Problem:
    label = (("label", item.label.translations[0][1]),)
    return Problem(item.link_id, f"{item.link_id}-{part}", advice, label)
