"""What an answer is: frozen values, written to and read from JSON, never changed on the way (design D-1).

A question that was not answered has no answer at all: that is the fifth word for not knowing (D-3), and
the other four (no, not sure, prefer not to say, does not apply) are codes the patient chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.questionnaire.errors import StoredAnswerError


@dataclass(frozen=True, slots=True)
class Coded:
    """Chosen option codes in questionnaire order, with the patient's own words for *something else*."""

    codes: tuple[str, ...] = ()
    own_words: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as typed; `is_confirmed` when the patient kept one that we did not expect."""

    typed: str
    is_confirmed: bool = False

    @property
    def value(self) -> Decimal:
        """Return the number."""
        return Decimal(self.typed.strip())


@dataclass(frozen=True, slots=True)
class DateParts:
    """A date as three numbers, never an instant; `day` is None where only the month is known. `typed` is as typed."""

    year: int
    month: int
    day: int | None
    typed: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Text:
    """Text as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of short texts: each row has one text per child of the row group, in order, possibly empty."""

    rows: tuple[tuple[str, ...], ...]


Answer = Coded | Number | DateParts | Text | Rows


def dump_answer(answer: Answer) -> dict[str, Any]:
    """Return the answer as plain JSON values.

    >>> dump_answer(Coded(("yes",)))
    {'codes': ['yes']}
    """
    match answer:
        case Coded(codes, own_words):
            return {"codes": list(codes)} | ({"words": own_words} if own_words else {})
        case Number(typed, is_confirmed):
            return {"number": typed} | ({"confirmed": True} if is_confirmed else {})
        case DateParts(year, month, day, typed):
            return {"date": [year, month, day], "typed": list(typed)}
        case Text(text):
            return {"text": text}
        case Rows(rows):
            return {"rows": [list(row) for row in rows]}


def load_answer(link_id: str, stored: Mapping[str, Any]) -> Answer:
    """Return the answer that `dump_answer` wrote; raises StoredAnswerError when it is none.

    >>> load_answer("heart-disease", {"codes": ["yes"]})
    Coded(codes=('yes',), own_words='')
    """
    try:
        return _load(stored)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise StoredAnswerError(link_id) from error


def _load(stored: Mapping[str, Any]) -> Answer:
    if "codes" in stored:
        return Coded(_load_texts(stored["codes"]), *_load_texts([stored.get("words", "")]))
    if "number" in stored:
        number = Number(_load_texts([stored["number"]])[0], bool(stored.get("confirmed")))
        if not number.value.is_finite():
            raise ValueError
        return number
    if "date" in stored:
        year, month, day = stored["date"]
        date(year, month, 1 if day is None else day)
        first, second, third = _load_texts(stored["typed"])
        return DateParts(year, month, day, (first, second, third))
    if "text" in stored:
        return Text(*_load_texts([stored["text"]]))
    return Rows(tuple(_load_texts(row) for row in stored["rows"]))


def _load_texts(stored: list[object]) -> tuple[str, ...]:
    texts = tuple(text for text in stored if isinstance(text, str))
    if len(texts) != len(stored):
        raise TypeError
    return texts
