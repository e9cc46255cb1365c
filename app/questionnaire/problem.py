"""What a person is told when an answer cannot be kept as it stands, always as what to do next.

Messages are templates in English that the web layer translates; the values put into them are the
questionnaire's own words and limits, never what the person typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Advice(StrEnum):
    """Every sentence a patient can be told about an answer; `%(label)s` is the question's short name."""

    CHOOSE_SHOWN = "%(label)s: choose from the answers shown"
    CHOOSE_ONE = "%(label)s: choose one answer"
    CHOOSE_ALONE = "%(label)s: choose “%(option)s” alone, or choose only other answers"
    SHORTEN = "%(label)s: shorten this to %(limit)s characters or fewer. It now has %(count)s"
    WHOLE_NUMBER = "%(label)s: enter a whole number, using digits only"
    NUMBER = "%(label)s: enter a number, like 1.5"
    NUMBER_BETWEEN = "%(label)s: enter a number from %(low)s to %(high)s"
    NUMBER_FROM = "%(label)s: enter %(low)s or more"
    NUMBER_TO = "%(label)s: enter %(high)s or less"
    DATE = "%(label)s: enter a day, a month and a year with four digits"
    DATE_BY_MONTH = "%(label)s: enter at least a month and a year, like May 2026"
    FULL_YEAR = "%(label)s: enter the year with four digits"
    REAL_DATE = "%(label)s: enter a date that is in the calendar"
    PAST_DATE = "%(label)s: enter a date that is today or earlier"
    ROW_NEEDS = "%(label)s, line %(row)s: enter “%(field)s”, or empty the other boxes of that line"
    ROWS_OR_WORD = "%(label)s: choose “%(option)s”, or fill in the boxes, not both"
    TOO_MANY_ROWS = "%(label)s: enter %(limit)s at most, and tell the doctor about the rest"
    NEEDED = "%(label)s: enter it, so that the clinic knows whose answers these are"
    PHONE = "%(label)s: enter it in digits, or leave this blank"
    EMAIL = "%(label)s: enter it with an @, like name@example.org, or leave this blank"
    AGREE_TO_SEND = "%(label)s: choose “%(option)s” to send your answers. If you do not, you can still print them"
    READ_AGAIN = "%(label)s: the text has changed since you opened this page. Read it again"
    LEAVE_OUT = "%(label)s: change it on its page, or choose to send your answers without it"
    ADULTS_ONLY = "This form was written for adults. You can still print it and ask the clinic"
    PAST_DAY = "%(label)s: this day is before today. Is it right?"
    NOT_LARGER = "%(label)s: the number you wrote is not larger than “%(other)s”. Is it right?"
    IS_THIS_RIGHT = "%(label)s: you wrote a number we did not expect. Is it right?"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem with one form control; `is_doubt` when the person may keep the answer as it is.

    >>> Problem("age", "age", Advice.WHOLE_NUMBER, (("label", "Age"),)).message
    'Age: enter a whole number, using digits only'
    """

    link_id: str
    control: str
    advice: Advice
    values: tuple[tuple[str, str], ...]
    is_doubt: bool = False

    @property
    def message(self) -> str:
        """Return the sentence in English."""
        return self.advice.value % dict(self.values)
