"""What a clinic may set: each rule takes what somebody typed and gives the value, or says what to enter instead.

No rule looks anything up, and none changes a text beyond the spaces around it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from app.clinic.profile import is_time_zone

READING_DAYS: Final = range(1, 61)
RETENTION_DAYS: Final = range(1, 36_526)
"""Up to a hundred years: laws ask for much between a month and a patient's life (L-16)."""

_MOST_DIGITS: Final = 9  # of a longer one, making a number takes its time
_LINE: Final = 200
_TEXT: Final = 4000
# Without what a mail program takes for a comment, a quotation or a list: it would send to another address (RFC 5322).
_MAIL: Final = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\\,;:\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MAIL_LENGTH: Final = 254
_MOST_ADDRESSES: Final = 10


class SettingError(Exception):
    """What was typed cannot be set; the text says what to enter. It never repeats what was typed."""


def read_line(typed: str, missing: str = "") -> str:
    """Return a line of text, or raise `SettingError` with what to enter; without `missing` it may be left out.

    >>> read_line("  Elm Clinic ", "Enter the name")
    'Elm Clinic'
    """
    line = " ".join(typed.split())
    if not line and missing:
        raise SettingError(missing)
    if len(line) > _LINE:
        raise SettingError(f"Shorten this to {_LINE} characters")
    return line


def read_text(typed: str, missing: str = "") -> str:
    """Return a text of several lines, or raise `SettingError`; without `missing` it may be left out."""
    text = typed.replace("\r\n", "\n").strip()
    if not text and missing:
        raise SettingError(missing)
    if len(text) > _TEXT:
        raise SettingError(f"Shorten this to {_TEXT:,} characters")
    return text


def read_days(typed: str, allowed: range) -> int:
    """Return a number of days, or raise `SettingError`.

    >>> read_days(" 30 ", RETENTION_DAYS)
    30
    """
    number = typed.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS and int(number) in allowed):
        raise SettingError(f"Enter a whole number of days from {allowed[0]} to {allowed[-1]:,}")
    return int(number)


def read_time_zone(chosen: str) -> str:
    """Return a time zone that there is, or raise `SettingError`."""
    if not is_time_zone(chosen):
        raise SettingError("Choose the clinic’s time zone")
    return chosen


def read_choice(chosen: str, allowed: Collection[str], missing: str) -> str:
    """Return one of what can be chosen, or raise `SettingError`."""
    if chosen not in allowed:
        raise SettingError(missing)
    return chosen


def read_choices(chosen: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Return those of what can be chosen that were chosen, in its order, or raise `SettingError`."""
    found = frozenset(chosen)
    if not found <= frozenset(allowed):
        raise SettingError("Choose from this list again: it has changed")
    return tuple(one for one in allowed if one in found)


def read_emergency(typed: str, *, is_needed: bool) -> str:
    """Return an emergency number, or raise `SettingError` where there would be none (clinical.md 1D)."""
    number = " ".join(typed.split())
    if not number and is_needed:
        raise SettingError("Enter the emergency number of your patients’ country: our list has none for it")
    if number and not re.fullmatch(r"\+?[0-9][0-9 ()-]{1,18}", number):
        raise SettingError("Enter the emergency number as a telephone takes it, such as 112")
    return number


def read_addresses(typed: str) -> tuple[str, ...]:
    r"""Return the e-mail addresses in a text, one a line, or raise `SettingError`.

    >>> read_addresses("a@clinic.example\n\n b@clinic.example ")
    ('a@clinic.example', 'b@clinic.example')
    """
    addresses = tuple(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))
    if any(not _MAIL.fullmatch(address) or len(address) > _MAIL_LENGTH for address in addresses):
        raise SettingError("Enter one e-mail address a line, such as front.desk@clinic.example")
    if len(addresses) > _MOST_ADDRESSES:
        raise SettingError(f"Enter at most {_MOST_ADDRESSES} e-mail addresses")
    return addresses
