"""What a questionnaire file holds besides the questionnaire: example patients, overruled findings, and places.

None of it belongs to an edition. It must never be needed to ask or show a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.questionnaire.model import Questionnaire


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrule:
    """A finding that the author has read and keeps, with the reason."""

    link_id: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """An example's answer that has the patient's own words beside the codes."""

    codes: tuple[str, ...]
    words: str


ExampleAnswer = str | tuple[str, ...] | tuple[Mapping[str, str], ...] | OwnWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example patient as written: answers by linkId, pages that must and must not be seen, words on the face sheet.

    An answer is a string (a code, a number, a text, or a date such as `T-10d`), several codes, rows, or codes with
    own words. `answers` already holds those of the example it is based on, and lacks those written as `unanswered`.
    """

    name: str
    note: str
    answers: Mapping[str, ExampleAnswer]
    sees: tuple[str, ...]
    does_not_see: tuple[str, ...]
    face_sheet: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A questionnaire file that could be read: the questionnaire and everything about it that only authors need.

    `places` has the place of every item by linkId, of every option by `linkId/code`, of every field of a row by
    `linkId/field`, and of other parts by their path (`sources/KET-UK`, `article/avoid-heart-liver`, `valueSets/when`).
    """

    file: str
    questionnaire: Questionnaire
    examples: tuple[Example, ...]
    overrules: tuple[Overrule, ...]
    places: Mapping[str, Place]
