"""What a summary is: plain frozen values that the check page, HTML, PDF and plain text all draw, and nothing else.

Holds words ready to show in one language. It must never hold a score, a count, or a word about an answer
that the patient or the questionnaire did not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.questionnaire.model import Word


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer. `is_own_words` marks what the patient typed, shown as typed, in its own direction."""

    text: str
    is_own_words: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows the patient typed, with the names of their columns."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One answer, ready to show; `word` is its heading under D-2, or None where it has none (a number, a text).

    `unit` is what a number's line ends in, so that a fact can give it once for two numbers.
    """

    lines: tuple[Line, ...] = ()
    table: Table | None = None
    word: Word | None = None
    unit: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question with its answer. `page` is where it can be changed."""

    link_id: str
    page: str
    question: str
    label: str
    answer: AnswerView


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of the questionnaire with the rows that were on the patient's path."""

    link_id: str
    number: int
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFact:
    """A short fact beside a screening item: `text`, with the parts the patient typed told apart."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceEntry:
    """One item on the face sheet. `continued_at` is the linkId where the whole answer stands, when this is cut.

    `briefs` say the rows of a list in fewer words and fewer, for where there is no room for all. What `is_countable`
    may be counted instead of named.
    """

    link_id: str
    label: str
    facts: tuple[FaceFact, ...] = ()
    briefs: tuple[FaceFact, ...] = ()
    continued_at: str | None = None
    is_countable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceGroup:
    """One of the fixed headings of D-2 with its items in questionnaire order; always present, even when empty.

    *Not answered* holds every question that was asked and not answered. `more` are the linkIds of those that there is
    no room to name: all after the ones that are named, in questionnaire order.
    """

    word: Word
    heading: str
    entries: tuple[FaceEntry, ...]
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSheet:
    """The one page a clinician reads first.

    `visit` (what the patient wants to talk about and ask) and `lists` (medicines in short) hold entries whose
    facts are the answer; `groups` are Yes, Not sure, Prefer not to say, No, Does not apply, Not answered.
    """

    visit: tuple[FaceEntry, ...]
    lists: tuple[FaceEntry, ...]
    groups: tuple[FaceGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One cited source: key, title, how far it was verified, and its address where there is one."""

    key: str
    title: str
    mark: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionEntry:
    """For the clinician, one item: the question, why it is asked, who says so, and where it comes from."""

    link_id: str
    section: str
    question: str
    label: str
    rationale: str
    sources: tuple[SourceView, ...]
    provenance: tuple[str, ...]
    review: str


class ChangeKind(StrEnum):
    """What is different about a question; the words people read for it are the page's business."""

    CHANGED = "changed"
    ADDED = "added"
    NEWLY_ASKED = "newly-asked"
    NO_LONGER_ASKED = "no-longer-asked"
    NEW_QUESTION = "new-question"
    WORDED_DIFFERENTLY = "worded-differently"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One question with what stood there before and what stands there after; None where it was not asked.

    `question` and `label` are the later ones, where the question was asked later. `earlier_question` is how it was
    asked before, where that is something else.
    """

    link_id: str
    kind: ChangeKind
    question: str
    label: str
    before: AnswerView | None
    after: AnswerView | None
    earlier_question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """One note of the clinic's: who wrote it, when, on which question (empty: on the whole), and its text as typed."""

    who: str
    when: str
    about: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A later version: what it is called, who made it, when, why, and what it changed."""

    title: str
    who: str
    when: str
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPart:
    """What the clinic added; stands on the clinic's copy and never on the patient's (W-14)."""

    notes: tuple[NoteView, ...] = ()
    versions: tuple[VersionView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a sent response adds to the head of the paper, written for people; all of it empty until it is sent.

    `contacts` are what the patient can be reached by, each with its name before it, as typed.
    `address` is the staff page's and stands in the QR code. `redisclosure` is a line for every page (clinical.md L-20).
    """

    appointment: str = ""
    contacts: tuple[tuple[str, str], ...] = ()
    sent_at: str = ""
    address: str = ""
    redisclosure: str = ""


NOT_SENT: Final = Sending()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One crisis contact as it is printed: who, how, when."""

    name: str
    how: str
    hours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything on the paper. `faces` are the face sheet whole and then shorter and shorter, the last always fits.

    `companion` is empty and `staff` None on the patient's copy (W-14); `legend` says what the marks in it mean.
    `reference` is empty until the response is sent.
    """

    language: str
    direction: str
    title: str
    clinic: str
    edition: str
    date: str
    reference: str
    name: str
    is_demonstration: bool
    faces: tuple[FaceSheet, ...]
    sections: tuple[Section, ...]
    companion: tuple[CompanionEntry, ...]
    contacts: tuple[Contact, ...]
    emergency: str
    disclaimer: str
    words: SummaryWords
    birth: str = ""
    sending: Sending = NOT_SENT
    staff: StaffPart | None = None
    legend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWords:
    """The fixed words on the paper, in the summary's language."""

    name_line: str
    birth_line: str
    face_heading: str
    visit_heading: str
    screening_heading: str
    lists_heading: str
    answers_heading: str
    companion_heading: str
    companion_note: str
    crisis_heading: str
    continued: str
    continued_below: str
    page_of: str
    nobody: str
    not_answered: str
    edition_label: str
    date_label: str
    reference_label: str
    demonstration: str
    made_by: str
    own_words_note: str
    and_more: str = ""
    continued_again: str = ""
    answers_follow: str = ""
    appointment_label: str = ""
    sent_label: str = ""
    qr_text: str = ""
    versions_heading: str = ""
    before_label: str = ""
    after_label: str = ""
    not_asked: str = ""
    notes_heading: str = ""
    notes_note: str = ""
    on_the_whole: str = ""
