"""What a questionnaire is: frozen values with FHIR R4's names.

The one place where the file's camelCase words meet Python's snake_case ones. It must never read a file,
decide what is asked next, or know how anything looks.
Source: HL7 FHIR R4, Questionnaire (https://hl7.org/fhir/R4/questionnaire.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ItemType(StrEnum):
    """FHIR R4 item types that Foreword asks with."""

    GROUP = "group"
    DISPLAY = "display"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE = "date"
    STRING = "string"
    TEXT = "text"
    CHOICE = "choice"
    OPEN_CHOICE = "open-choice"


class Operator(StrEnum):
    """FHIR R4 questionnaire-enable-operator."""

    EXISTS = "exists"
    EQUALS = "="
    NOT_EQUALS = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="


class EnableBehavior(StrEnum):
    """Whether all or any of an item's conditions must hold."""

    ALL = "all"
    ANY = "any"


class PageKind(StrEnum):
    """What a page is for; only `questions` and `support` pages are steps of the walk."""

    QUESTIONS = "questions"
    SUPPORT = "support"
    CHECK = "check"
    SHARE = "share"


class Word(StrEnum):
    """The heading an answer stands under on the face sheet (design D-2, D-3)."""

    YES = "yes"
    NOT_SURE = "not-sure"
    PREFER_NOT = "prefer-not"
    NO = "no"
    DOES_NOT_APPLY = "does-not-apply"
    NOT_ANSWERED = "not-answered"


class Face(StrEnum):
    """Where an item stands on the face sheet."""

    VISIT = "visit"
    SCREENING = "screening"
    LIST = "list"


class Sensitive(StrEnum):
    """What some laws protect beyond other health information, so that an export can leave it out (clinical.md L-21)."""

    SUBSTANCE_USE = "substance-use"
    PREGNANCY = "pregnancy"


class Precision(StrEnum):
    """How much of a date must be known."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class LocalText:
    """One text in one or more languages; the questionnaire's own language comes first.

    >>> LocalText((("en", "Yes"), ("es", "Sí"))).to("es")
    'Sí'
    >>> LocalText((("en", "Yes"),)).to("ja")
    'Yes'
    """

    translations: tuple[tuple[str, str], ...]

    def to(self, language: str) -> str:
        """Return the text in `language`, or in the questionnaire's own language where it has none."""
        for code, text in self.translations:
            if code == language:
                return text
        return self.translations[0][1]

    def has(self, language: str) -> bool:
        """Tell whether the text was written in `language`, so that a page can mark a part as another language."""
        return any(code == language for code, _ in self.translations)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOption:
    """One `answerOption.valueCoding` with our own additions: exclusive, the face-sheet word, what it speaks of."""

    code: str
    display: LocalText
    system: str
    is_exclusive: bool = False
    is_open: bool = False
    word: Word | None = None
    sensitive: tuple[Sensitive, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableWhen:
    """One FHIR `enableWhen`: `answer` is a code, a Decimal, or True/False for `exists`."""

    question: str
    operator: Operator
    answer: str | Decimal | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Limits outside which we ask *Is this right?* and let the patient keep the number."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    greater_than: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as UCUM writes it and as people read it."""

    code: str
    display: LocalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a question comes from: ids of the article's sentences, or none when it is beyond the article."""

    sentences: tuple[str, ...] = ()

    @property
    def is_beyond_the_article(self) -> bool:
        """Tell whether the article says nothing about this."""
        return not self.sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One FHIR `item`: a section, a page, a question, a row group, or a displayed sentence."""

    link_id: str
    type: ItemType
    text: LocalText
    short_text: LocalText | None = None
    help: LocalText | None = None
    why: LocalText | None = None
    answer_options: tuple[AnswerOption, ...] = ()
    enable_when: tuple[EnableWhen, ...] = ()
    enable_behavior: EnableBehavior = EnableBehavior.ALL
    required: bool = False
    repeats: bool = False
    max_length: int | None = None
    max_occurs: int | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    expected: Expected | None = None
    unit: Unit | None = None
    date_precision: Precision = Precision.DAY
    is_past: bool = False
    page: PageKind | None = None
    face: Face | None = None
    key_facts: tuple[LocalText, ...] = ()
    rationale: LocalText | None = None
    sources: tuple[str, ...] = ()
    provenance: Provenance | None = None
    review: LocalText | None = None
    sensitive: tuple[Sensitive, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def label(self) -> LocalText:
        """Return the short name used on the face sheet and in messages."""
        return self.short_text or self.text

    @property
    def is_rows(self) -> bool:
        """Tell whether this is a repeating group: rows of short texts."""
        return self.type is ItemType.GROUP and self.repeats

    @property
    def is_question(self) -> bool:
        """Tell whether a person can answer this item."""
        return self.is_rows or self.type not in {ItemType.GROUP, ItemType.DISPLAY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of the source list, as the clinician's page cites it; `mark` is how far it was verified."""

    key: str
    title: str
    mark: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the source article with the SHA-256 of its text."""

    id: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """A whole questionnaire: `items` are sections, their items are pages, and theirs are questions."""

    url: str
    version: str
    status: str
    date: str
    language: str
    languages: tuple[str, ...]
    title: LocalText
    purpose: LocalText
    disclaimer: LocalText
    article_title: str
    article: tuple[Sentence, ...]
    sources: tuple[Source, ...]
    items: tuple[Item, ...]
