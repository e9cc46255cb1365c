"""What the print template is given: the `Summary` as JSON text, every run of words with its direction.

Data only: no key or value here is ever read as markup. It must never leave out, shorten or reword an answer.
"""

from __future__ import annotations

import json
from typing import Literal

from app.output.pdf_worker import FAMILIES
from app.output.visible import has_right_to_left, is_right_to_left, show_hidden
from app.questionnaire.summary_model import (
    AnswerView,
    CompanionEntry,
    FaceEntry,
    FaceSheet,
    Line,
    Row,
    Summary,
    SummaryWords,
)

Paper = Literal["a4", "us-letter"]
Value = str | bool | int | None | list["Value"] | dict[str, "Value"]


def build_payload(summary: Summary, *, paper: Paper, large_print: bool) -> str:
    """Return the JSON text that the print template draws."""
    is_rtl = summary.direction == "rtl"
    view = _View(is_rtl=is_rtl)
    return json.dumps(
        {
            "paper": paper,
            "large": large_print,
            "fonts": list(FAMILIES),
            "language": summary.language,
            "direction": summary.direction,
            "title": show_hidden(summary.title),
            "clinic": show_hidden(summary.clinic),
            "edition": summary.edition,
            "date": summary.date,
            "reference": summary.reference,
            "name": view.line(Line(summary.name, is_own_words=True)),
            "birth": summary.birth,
            "demonstration": summary.words.demonstration if summary.is_demonstration else "",
            "contacts": [
                {"name": one.name, "how": one.how, "hours": one.hours} for one in summary.contacts
            ],
            "disclaimer": summary.disclaimer,
            **_build_words(summary.words, summary.emergency),
            "faces": [view.face(face) for face in summary.faces],
            "sections": [
                {"title": section.title, "rows": [view.row(row) for row in section.rows]}
                for section in summary.sections
            ],
            "companion": [_build_companion(entry) for entry in summary.companion],
        },
        ensure_ascii=False,
    )
