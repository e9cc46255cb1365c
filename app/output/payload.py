"""What the print template is given: the `Summary` as JSON text, every run of words with its direction.

Data only: no key or value here is ever read as markup. It must never leave out, shorten or reword an answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Literal

from app.output.visible import has_right_to_left, is_right_to_left, show_hidden
from app.questionnaire.summary_model import (
    AnswerView,
    CompanionEntry,
    Contact,
    FaceEntry,
    FaceSheet,
    Line,
    Row,
    Summary,
    SummaryWords,
)

Paper = Literal["a4", "us-letter"]
Value = dict[str, object]
# A run this long may be wider than a column. Scripts that break between any two characters are left to the typesetter.
_LONG_RUN = re.compile(r"([^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]{14,})")


def split_runs(text: str) -> list[str]:
    """Return the text in parts: at even places words that fit any column, at odd ones runs that may have to be broken.

    >>> split_runs("take hydrochlorothiazide daily")
    ['take ', 'hydrochlorothiazide', ' daily']
    """
    return _LONG_RUN.split(text) if len(text) >= 14 else [text]  # noqa: PLR2004 - the same 14 as above


def build_payload(summary: Summary, *, paper: Paper, large_print: bool) -> str:
    """Return the JSON text that the print template draws."""
    view = _View(is_rtl=summary.direction == "rtl")
    return json.dumps(
        {
            "paper": paper,
            "large": large_print,
            "language": summary.language,
            "direction": summary.direction,
            "title": _show(summary.title),
            "title_line": show_hidden(summary.title).replace("\n", " "),
            "clinic": _show(summary.clinic),
            "edition": _show(summary.edition),
            "date": _show(summary.date),
            "reference": _show(summary.reference),
            "name": view.line(Line(summary.name, is_own_words=True)),
            "birth": _show(summary.birth),
            "demonstration": _show(summary.words.demonstration) if summary.is_demonstration else None,
            "contacts": [_build_contact(contact) for contact in summary.contacts],
            "disclaimer": _show(summary.disclaimer),
            "words": _build_words(summary.words, summary.emergency),
            "faces": [view.face(face) for face in summary.faces],
            "sections": [
                {"title": _show(section.title), "rows": [view.row(row) for row in section.rows]}
                for section in summary.sections
            ],
            "companion": [_build_companion(entry) for entry in summary.companion],
        },
        ensure_ascii=False,
    )


def _show(text: str) -> list[str]:
    return split_runs(show_hidden(text))


@dataclass(frozen=True, slots=True)
class _View:
    """Turns parts of a summary into plain values; a run without letters takes the paper's direction."""

    is_rtl: bool

    def line(self, line: Line) -> Value:
        text = show_hidden(line.text)
        parts = text.split("\n") if line.is_own_words else [text]
        return {
            "text": split_runs(text),
            "length": len(text),
            "own": line.is_own_words,
            "isolate": line.is_own_words and (self.is_rtl or has_right_to_left(text)),
            "rtl": self._find_direction(text, is_own=line.is_own_words),
            "parts": [self._part(part, is_own=line.is_own_words) for part in parts],
        }

    def _part(self, text: str, *, is_own: bool = True) -> Value:
        return {"text": split_runs(text), "length": len(text), "rtl": self._find_direction(text, is_own=is_own)}

    def _find_direction(self, text: str, *, is_own: bool) -> bool:
        return is_right_to_left(text, default=self.is_rtl) if is_own else self.is_rtl

    def face(self, face: FaceSheet) -> Value:
        return {
            "visit": [self._entry(entry) for entry in face.visit],
            "lists": [self._entry(entry) for entry in face.lists],
            "groups": [
                {
                    "word": group.word.value,
                    "heading": _show(group.heading),
                    "entries": [self._entry(entry) for entry in group.entries],
                }
                for group in face.groups
            ],
        }

    def _entry(self, entry: FaceEntry) -> Value:
        return {
            "label": _show(entry.label),
            "facts": [[self.line(line) for line in fact.lines] for fact in entry.facts],
            "continued": entry.continued_at,
        }

    def row(self, row: Row) -> Value:
        return {"id": row.link_id, "question": _show(row.question), "answer": self._answer(row.answer)}

    def _answer(self, answer: AnswerView) -> Value:
        table = answer.table and {
            "headings": [_show(heading) for heading in answer.table.headings],
            "rows": [[self._part(show_hidden(cell)) for cell in row] for row in answer.table.rows],
        }
        return {"lines": [self.line(line) for line in answer.lines], "table": table}


def _build_contact(contact: Contact) -> list[str]:
    hours = f" ({contact.hours})" if contact.hours else ""
    return _show(f"{contact.name}: {contact.how}{hours}.")


def _build_words(words: SummaryWords, emergency: str) -> Value:
    crisis = words.crisis_heading.replace("%(number)s", emergency)
    shown = {field.name: _show(getattr(words, field.name)) for field in fields(words)}
    whole = {name: getattr(words, name) for name in ("page_of", "continued", "continued_again", "answers_follow")}
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
