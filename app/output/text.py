"""A `Summary` as plain text: for a terminal, a screen reader, or a record system that takes only text.

Every character the patient typed is there, line for line, with nothing wrapped, joined or cut; characters that would
steer a terminal are shown by number. It must never draw the face sheet shortened: plain text has room.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from app.output.visible import show_hidden
from app.questionnaire.summary_model import (
    AnswerView,
    CompanionEntry,
    FaceEntry,
    FaceSheet,
    Line,
    StaffPart,
    Summary,
    SummaryWords,
)

_RULE = "-" * 72


def render_text(summary: Summary) -> str:
    """Return the summary as plain text that ends with a line end: face sheet, all answers, companion, contacts."""
    return show_hidden("\n".join(_walk(summary))) + "\n"


def _walk(summary: Summary) -> Iterator[str]:
    words = summary.words
    yield from _walk_head(summary)
    yield from _walk_face(summary)
    yield from _head(words.answers_heading)
    for section in summary.sections:
        yield from ("", section.title, _RULE)
        for row in section.rows:
            yield row.question
            yield from (f"    {line}" for line in _walk_answer(row.answer))
    if summary.staff:
        yield from _walk_staff(summary.staff, words)
    if summary.companion:
        yield from _head(words.companion_heading)
        yield words.companion_note
        for entry in summary.companion:
            yield from _walk_companion(entry)
        yield from ("", *summary.legend)
    yield from ("", _RULE, words.crisis_heading.replace("%(number)s", summary.emergency))
    for contact in summary.contacts:
        yield f"{contact.name}: {contact.how}" + (f" ({contact.hours})" if contact.hours else "")
    yield summary.disclaimer
    if summary.sending.redisclosure:
        yield summary.sending.redisclosure


def _walk_head(summary: Summary) -> Iterator[str]:
    words = summary.words
    if summary.is_demonstration:
        yield from (words.demonstration, "")
    yield from (words.face_heading, summary.clinic, summary.title, "")
    marks = (
        (words.name_line, summary.name),
        (words.birth_line, summary.birth),
        (words.appointment_label, summary.sending.appointment),
        *summary.sending.contacts,
        (words.sent_label, summary.sending.sent_at),
        (words.reference_label, summary.reference),
        (words.date_label, summary.date),
        (words.edition_label, summary.edition),
    )
    yield from (f"{label}: {mark}" for label, mark in marks if mark)
    yield words.own_words_note


def _walk_face(summary: Summary) -> Iterator[str]:
    face: FaceSheet = summary.faces[0]
    blocks = [(summary.words.visit_heading, face.visit), (summary.words.lists_heading, face.lists)]
    blocks += [(group.heading, group.entries) for group in face.groups]
    for heading, entries in blocks:
        yield from ("", heading, _RULE)
        if not entries:
            yield summary.words.nobody
        for entry in entries:
            yield from _walk_entry(entry)


def _walk_entry(entry: FaceEntry) -> Iterator[str]:
    yield entry.label
    for fact in entry.facts:
        yield from (f"    {line}" for line in _join(fact.lines).split("\n"))


def _walk_answer(answer: AnswerView) -> Iterator[str]:
    for line in answer.lines:
        yield from _join((line,)).split("\n")
    if answer.table:
        for row in answer.table.rows:
            cells = zip_longest(answer.table.headings, row, fillvalue="")
            yield "; ".join(f"{heading}: {cell}" if heading else cell for heading, cell in cells if cell)


def _walk_staff(staff: StaffPart, words: SummaryWords) -> Iterator[str]:
    if staff.versions:
        yield from _head(words.versions_heading)
    for version in staff.versions:
        yield from ("", version.title, _RULE, *filter(None, (version.who, version.when, version.reason)))
        for change in version.changes:
            yield change.question
            if change.earlier_question:
                yield f"({change.earlier_question})"
            for label, answer in ((words.before_label, change.before), (words.after_label, change.after)):
                yield f"    {label}:"
                lines = _walk_answer(answer) if answer else (words.not_asked,)
                yield from (f"        {line}" for line in lines)
    if staff.notes:
        yield from (*_head(words.notes_heading), words.notes_note)
    for note in staff.notes:
        yield from ("", f"{note.who}, {note.when}, {note.about or words.on_the_whole}")
        yield from (f"    {line}" for line in note.text.split("\n"))


def _walk_companion(entry: CompanionEntry) -> Iterator[str]:
    yield from ("", entry.question, entry.rationale)
    yield from (f"    “{sentence}”" for sentence in entry.provenance)
    if entry.review:
        yield f"    {entry.review}"
    for source in entry.sources:
        yield "    " + ", ".join(filter(None, (f"{source.key} {source.mark}".strip(), source.title, source.url)))


def _join(lines: tuple[Line, ...]) -> str:
    return "".join(f"“{line.text}”" if line.is_own_words else line.text for line in lines)


def _head(heading: str) -> tuple[str, ...]:
    return ("", "", heading, "=" * 72)
