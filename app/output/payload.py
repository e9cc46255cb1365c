"""What the print template is given: the `Summary` as JSON text, every run of words with its direction.

Data only: no key or value here is ever read as markup. It must never leave out, shorten or reword an answer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, fields
from typing import Literal

from app.output.qr import list_runs
from app.output.visible import has_right_to_left, is_right_to_left, show_hidden
from app.questionnaire.summary_model import (
    AnswerView,
    Change,
    CompanionEntry,
    Contact,
    FaceEntry,
    FaceSheet,
    Line,
    Row,
    Section,
    StaffPart,
    Summary,
    SummaryWords,
    Table,
)

Paper = Literal["a4", "us-letter"]
# Letters that stand one after another as they are: nothing to join, stack or reorder.
_PLAIN = re.compile("[\x00-\u02ff\u0370-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e]*")
Shape = Literal["word", "beside", "below", "long"]
Value = dict[str, object]
_PATTERNS = ("page_of", "continued", "and_more", "continued_again", "answers_follow")  # the template puts numbers in
LONGEST_WORD = 22  # cells that stand on one line of the answers' column in any script
LONGEST_BESIDE = 160
LONGEST_BELOW = 1500
MOST_LINES_BESIDE, MOST_LINES_BELOW = 8, 16
LONGEST_RUNNING = 84
CELLS_OF_COLUMN, LONGEST_MARK = 45, 22  # half a page's column in small type, and where an answer goes on
LINE_TO_GAP = 7  # times that a line is as high as what parts two items
LONGEST_OWN_BESIDE, MOST_FACTS_BESIDE = 240, 8
# A run this long may be wider than a column. Scripts that break between any two characters are left to the typesetter.
_LONG_RUN = re.compile(r"([^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]{14,})")


def split_runs(text: str) -> str | list[str]:
    """Return the text, or, where it has long runs, its parts: at odd places the runs that may have to be broken.

    >>> split_runs("take aspirin daily"), split_runs("take hydrochlorothiazide daily")
    ('take aspirin daily', ['take ', 'hydrochlorothiazide', ' daily'])
    """
    parts = _LONG_RUN.split(text)
    return text if len(parts) == 1 else parts


def find_split(weights: list[int]) -> int:
    """Return after how many of these the second of two columns starts, so that the higher column is lowest.

    >>> find_split([3, 1, 1, 1]), find_split([2]), find_split([])
    (1, 1, 0)
    """
    cuts = range(len(weights), 0, -1)
    return min(cuts, key=lambda cut: max(sum(weights[:cut]), sum(weights[cut:])), default=0)


def count_cells(text: str) -> int:
    """Return about how wide a text is, in narrow letters; wide characters of East Asia count as two.

    >>> count_cells("abc"), count_cells("薬")
    (3, 2)
    """
    return len(text) if text.isascii() else sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def build_payload(summary: Summary, *, paper: Paper, large_print: bool) -> str:
    """Return what the print template draws: JSON texts with a NUL between them.

    First whether all letters stand by themselves, then the document, then each face: those are texts of their own
    because all but the first are hardly ever read.
    """
    view = _View(is_rtl=summary.direction == "rtl")
    faces = summary.faces[:1] if large_print else summary.faces
    language, _, region = summary.language.replace("_", "-").partition("-")
    document = {
        "paper": paper,
        "large": large_print,
        "faces": len(faces),
        "language": language,
        "region": region if len(region) == 2 else None,  # noqa: PLR2004 - ISO 3166-1 alpha-2; a script is no region
        "direction": summary.direction,
        "title": show_hidden(summary.title).replace("\n", " "),
        "clinic": _show(summary.clinic),
        "edition": _show(summary.edition),
        "date": _show(summary.date),
        "reference": _show(summary.reference),
        "name": view.own(summary.name),
        "birth": _show(summary.birth),
        "sending": view.sending(summary),
        "running": _build_running(summary),
        "demonstration": _show(summary.words.demonstration) if summary.is_demonstration else None,
        "contacts": [_build_contact(contact) for contact in summary.contacts],
        "disclaimer": _show(summary.disclaimer),
        "words": _build_words(summary.words, summary.emergency),
        "sections": [view.section(section) for section in summary.sections],
        "staff": view.staff(summary.staff) if summary.staff else None,
        "companion": [_build_companion(entry) for entry in summary.companion],
        "legend": [_show(line) for line in summary.legend],
    }
    shown = [view.face(face, is_shorter=place > 0) for place, face in enumerate(faces)]
    texts = [json.dumps(part, ensure_ascii=False) for part in (document, *shown)]
    is_plain = all(_PLAIN.fullmatch(text) for text in texts)
    return "\0".join((json.dumps(is_plain), *texts))


def _build_running(summary: Summary) -> Value:
    """Return the line at the head of the later pages; what would not fit stands on the face sheet anyway."""
    start = f"{summary.clinic}  ·  {summary.title}"
    start = start if count_cells(start) <= LONGEST_RUNNING else summary.clinic
    start = start if count_cells(start) <= LONGEST_RUNNING else ""
    has_name = bool(summary.name) and count_cells(start + summary.name) <= LONGEST_RUNNING and "\n" not in summary.name
    return {"start": _show(start), "has_name": has_name}


def _show(text: str) -> str | list[str]:
    return split_runs(show_hidden(text))


def find_shape(answer: AnswerView) -> Shape:
    """Return how much room an answer takes: a word beside its question, lines beside it, or the page's width below.

    >>> from app.questionnaire.summary_model import Line
    >>> find_shape(AnswerView(lines=(Line("Not sure"),))), find_shape(AnswerView(lines=(Line("a" * 200),)))
    ('word', 'below')
    """
    cells = sum(count_cells(line.text) for line in answer.lines)
    breaks = sum(line.text.count("\n") for line in answer.lines)
    if answer.table:
        cells = sum(count_cells(cell) for row in answer.table.rows for cell in row) + LONGEST_BESIDE
    if len(answer.lines) == 1 and cells <= LONGEST_WORD and not answer.lines[0].is_own_words:
        return "word"
    if cells <= LONGEST_BESIDE and breaks + len(answer.lines) <= MOST_LINES_BESIDE:
        return "beside"
    return "below" if cells <= LONGEST_BELOW and breaks <= MOST_LINES_BELOW else "long"


@dataclass(frozen=True, slots=True)
class _View:
    """Turns parts of a summary into plain values; a run without letters takes the paper's direction."""

    is_rtl: bool

    def line(self, line: Line) -> str | list[str] | Value:
        """Return a line: its text alone, or, where a person typed it, with its direction and each line break."""
        return self.own(line.text) if line.is_own_words else _show(line.text)

    def own(self, typed: str) -> Value:
        text = show_hidden(typed)
        return {
            "text": split_runs(text),
            "isolate": self.is_rtl or has_right_to_left(text),
            "rtl": is_right_to_left(text, default=self.is_rtl),
            "parts": [self._part(part) for part in text.split("\n")],
        }

    def _part(self, text: str) -> Value:
        return {"text": split_runs(text), "rtl": is_right_to_left(text, default=self.is_rtl)}

    def face(self, face: FaceSheet, *, is_shorter: bool) -> Value:
        return {
            "visit": [self._entry(entry) for entry in face.visit],
            "lists": [self._entry(entry) for entry in face.lists],
            "groups": [
                {
                    "word": group.word.value,
                    "heading": _show(group.heading),
                    "entries": [self._entry(entry) for entry in group.entries],
                    "more": {"count": f"{len(group.more)}", "from": group.more[0]} if group.more else None,
                    "split": find_split([_weigh(entry, is_running=is_shorter) for entry in group.entries]),
                }
                for group in face.groups
            ],
        }

    def _entry(self, entry: FaceEntry) -> Value:
        facts = [[self.line(line) for line in fact.lines] for fact in entry.facts]
        split = find_split([_count_lines("".join(line.text for line in fact.lines)) for fact in entry.facts])
        own = [line.text for fact in entry.facts for line in fact.lines if line.is_own_words]
        is_wide = len(entry.facts) > MOST_FACTS_BESIDE or sum(map(count_cells, own)) > LONGEST_OWN_BESIDE
        return {
            "label": _show(entry.label),
            "facts": facts,
            "split": split,
            "wide": is_wide,
            "continued": entry.continued_at,
        }

    def section(self, section: Section) -> Value:
        return {"title": _show(section.title), "rows": [self.row(row) for row in section.rows]}

    def row(self, row: Row) -> Value:
        answer = row.answer
        return {
            "id": row.link_id,
            "question": _show(row.question),
            "shape": find_shape(answer),
            "lines": [self.line(line) for line in answer.lines],
            "table": answer.table and self._table(answer.table),
        }

    def sending(self, summary: Summary) -> Value:
        """Return what the head says of a sent response; the address is a drawing and no text."""
        sending = summary.sending
        return {
            "appointment": _show(sending.appointment),
            "contacts": [{"label": _show(label), "typed": self.own(typed)} for label, typed in sending.contacts],
            "sent": _show(sending.sent_at),
            "qr": list_runs(sending.address) if sending.address else None,
            "redisclosure": _show(sending.redisclosure),
        }

    def staff(self, staff: StaffPart) -> Value:
        return {
            "notes": [
                {
                    "head": _show("  ·  ".join(filter(None, (note.who, note.when)))),
                    "about": _show(note.about),
                    "text": self.own(note.text),
                }
                for note in staff.notes
            ],
            "versions": [
                {
                    "title": _show(version.title),
                    "head": _show("  ·  ".join(filter(None, (version.who, version.when)))),
                    "reason": self.own(version.reason) if version.reason else None,
                    "changes": [self._change(change) for change in version.changes],
                }
                for version in staff.versions
            ],
        }

    def _change(self, change: Change) -> Value:
        sides = {"before": change.before, "after": change.after}
        return {
            "question": _show(change.question),
            "earlier": _show(change.earlier_question),
            **{name: self._side(answer) if answer else None for name, answer in sides.items()},
        }

    def _side(self, answer: AnswerView) -> Value:
        """Return one side of a change: lines, and rows as lines of their own."""
        rows = answer.table.rows if answer.table else ()
        typed = (Line(", ".join(cell for cell in row if cell.strip()), is_own_words=True) for row in rows)
        return {"lines": [self.line(line) for line in (*answer.lines, *typed)]}

    def _table(self, table: Table) -> Value:
        """Return a table whose rows are all of one length, so that no cell can slip under another heading."""
        count = max(len(row) for row in (table.headings, *table.rows))
        rows = [row + ("",) * (count - len(row)) for row in (table.headings, *table.rows)]
        return {
            "headings": [_show(heading) for heading in rows[0]],
            "rows": [[self._part(show_hidden(cell)) for cell in row] for row in rows[1:]],
        }


def _count_lines(text: str) -> int:
    """Return about how many lines a text takes in half a page's column."""
    return -(-count_cells(text) // 34)


def _weigh(entry: FaceEntry, *, is_running: bool) -> int:
    """Return about how high an item is: a shorter sheet is set small, with the facts behind the label."""
    facts = "; ".join("".join(line.text for line in fact.lines) for fact in entry.facts)
    mark = entry.continued_at is not None
    if is_running:
        cells = count_cells(": ".join(filter(None, (entry.label, facts)))) + LONGEST_MARK * mark
        lines = -(-cells // CELLS_OF_COLUMN)
    else:
        lines = _count_lines(entry.label) + _count_lines(facts) + mark
    return lines * LINE_TO_GAP + 1


def _build_contact(contact: Contact) -> str | list[str]:
    hours = f" ({contact.hours})" if contact.hours else ""
    return _show(f"{contact.name}: {contact.how}{hours}.")


def _build_words(words: SummaryWords, emergency: str) -> Value:
    crisis = words.crisis_heading.replace("%(number)s", emergency)
    shown = {field.name: _show(getattr(words, field.name)) for field in fields(words)}
    whole: Value = {name: getattr(words, name) for name in _PATTERNS}
    return shown | whole | {"crisis": _show(crisis)}


def _build_companion(entry: CompanionEntry) -> Value:
    return {
        "section": _show(entry.section),
        "question": _show(entry.question),
        "rationale": _show(entry.rationale),
        "provenance": [_show(sentence) for sentence in entry.provenance],
        "review": _show(entry.review),
        "sources": [
            _show("  ·  ".join(filter(None, (f"{source.key} {source.mark}".strip(), source.title, source.url))))
            for source in entry.sources
        ],
    }
