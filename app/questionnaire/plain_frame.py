"""A frame in plain English without a clinic: what the check builds its summaries in, to look for words in them.

Its headings and dates are those of the English summary. It must never be printed or shown to a patient.
"""

from __future__ import annotations

import calendar
from dataclasses import fields, replace

from app.questionnaire.model import Word
from app.questionnaire.summary import Frame
from app.questionnaire.summary_model import FaceEntry, FaceSheet, SummaryWords

HEADINGS = {
    Word.YES: "Yes",
    Word.NOT_SURE: "Not sure",
    Word.PREFER_NOT: "Prefer not to say",
    Word.NO: "No",
    Word.DOES_NOT_APPLY: "Does not apply",
    Word.NOT_ANSWERED: "Not answered",
}


def build_plain_frame(language: str) -> Frame:
    """Return a frame for summaries that only the check reads, with the texts of the questionnaire in `language`.

    >>> build_plain_frame("en").format_date(2026, 5, 3), build_plain_frame("en").format_date(2026, 5, None)
    ('3 May 2026', 'May 2026')
    """
    words = SummaryWords(**{field.name: "" for field in fields(SummaryWords)})
    return Frame(
        language=language,
        direction="ltr",
        clinic="",
        date="",
        reference="",
        name="",
        is_demonstration=False,
        contacts=(),
        emergency="",
        words=replace(words, not_answered=HEADINGS[Word.NOT_ANSWERED]),
        headings=HEADINGS,
        fill=lambda text: text,
        format_date=_format_date,
    )


def _format_date(year: int, month: int, day: int | None) -> str:
    return f"{f'{day} ' if day else ''}{calendar.month_name[month]} {year}"


def list_face_lines(face: FaceSheet) -> tuple[str, ...]:
    """Return the face sheet as text, a line for each entry: *heading: label: facts*, the parts it has.

    >>> list_face_lines(FaceSheet(visit=(FaceEntry(link_id="age", label="Age"),), lists=(), groups=()))
    ('Age: ',)
    """
    listed = [_draw_entry(entry) for entry in (*face.visit, *face.lists)]
    grouped = [f"{group.heading}: {_draw_entry(entry)}" for group in face.groups for entry in group.entries]
    return (*listed, *grouped)


def _draw_entry(entry: FaceEntry) -> str:
    facts = ("".join(line.text for line in fact.lines) for fact in entry.facts)
    return f"{entry.label}: {'; '.join(facts)}"
