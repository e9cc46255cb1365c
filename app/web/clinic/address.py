"""What stands in an address or a filter: numbers, days and words, read within bounds that every database can hold.

Each reader raises ValueError for anything else: an address can be typed by hand, and must not break what looks it up.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from app.web.i18n import translate
from app.web.services import get_services

LARGEST: Final = 2**31 - 1
"""The largest number a column of ours holds."""

DAY_WRONG: Final = "Enter the day as year, month, and day, such as 1990-05-03"
"""What to do about a box for a day that holds none."""

_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORD: Final = re.compile(r"[A-Za-z0-9._-]+(?: [A-Za-z0-9._-]+)*")
_LONGEST: Final = 64
# So that a day more or less, and every time zone's beginning of it, is still a moment that can be written.
_YEARS: Final = range(1900, 3000)


def read_number(typed: str) -> int:
    """Return a number from 0 to `LARGEST`, or raise ValueError.

    >>> read_number("42")
    42
    >>> read_number("1e30")
    Traceback (most recent call last):
        ...
    ValueError: this is no number of ours
    """
    if not _NUMBER.fullmatch(typed) or int(typed) > LARGEST:
        raise ValueError("this is no number of ours")
    return int(typed)


def read_day(typed: str) -> date:
    """Return a day of these centuries, or raise ValueError.

    >>> read_day("2026-05-31")
    datetime.date(2026, 5, 31)
    >>> read_day("9999-12-31")
    Traceback (most recent call last):
        ...
    ValueError: this is no day of these centuries
    """
    if not _DAY.fullmatch(typed) or int(typed[:4]) not in _YEARS:
        raise ValueError("this is no day of these centuries")
    return date.fromisoformat(typed)


def read_day_of(posted: MultiDict[str, str], name: str, problems: dict[str, str]) -> date | None:
    """Return the day in a form's box, if any; where it holds something else, put what to do into `problems`."""
    typed = posted.get(name, "").strip()
    try:
        return read_day(typed) if typed else None
    except ValueError:
        problems[name] = translate(DAY_WRONG)
        return None


def read_word(typed: str) -> str:
    """Return an id or a word of this program, or raise ValueError: a NUL, say, is in no text of PostgreSQL's.

    >>> read_word("person.signed-in")
    'person.signed-in'
    """
    if len(typed) > _LONGEST or not _WORD.fullmatch(typed):
        raise ValueError("this is no word of ours")
    return typed


def begin_day(day: date) -> datetime:
    """Return the beginning of a day by the clinic's clock."""
    clinic = get_services().clinic
    return datetime.combine(day, time(), ZoneInfo(clinic.time_zone) if clinic else UTC)
