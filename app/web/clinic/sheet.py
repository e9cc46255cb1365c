"""A response as its page is drawn: face sheet, every answer with why it is asked and what staff noted, and its story.

Answers stand as the patient gave them and in questionnaire order; nothing here is a verdict (D-1, D-2, W-15).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from babel import Locale
from werkzeug.datastructures import MultiDict

from app.desk.opening import Note, OpenedVersion
from app.questionnaire.identity import list_contacts
from app.questionnaire.sent import age_at
from app.questionnaire.summary_model import CompanionEntry, Row, Summary
from app.storage.audit import Entry
from app.web.clinic.opened import Held
from app.web.clinic.words import write_day, write_entry, write_moment
from app.web.i18n import choose_language, translate
from app.web.services import get_services

NOTE: Final = "note"
"""The box for a note on the whole; one on an answer is called `note-` and the item's linkId."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the page's head; `is_typed` where the patient wrote it."""

    label: str
    text: str = field(repr=False)
    is_typed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNote:
    """A note as it is drawn: `about` names its question where it does not stand beside it."""

    head: str
    text: str = field(repr=False)
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer with all that belongs to it; `box` is the name of the box for a note on it."""

    row: Row = field(repr=False)
    companion: CompanionEntry | None
    notes: tuple[WrittenNote, ...]
    box: str
    typed: str = field(repr=False)
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayNote:
    """A note that somebody typed beside an answer which the page does not show any more: it stands with the others."""

    box: str
    about: str
    typed: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSection:
    """One section of the questionnaire."""

    link_id: str
    title: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLink:
    """One version that can be chosen; `address` is empty where it does not open."""

    text: str
    address: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One line of the history."""

    when: str
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of a response: those beside an answer, by linkId, and all others."""

    beside: Mapping[str, tuple[WrittenNote, ...]] = field(repr=False)
    others: tuple[WrittenNote, ...] = field(repr=False)


def list_facts(held: Held, opened: OpenedVersion) -> tuple[Fact, ...]:
    """Return who the response is about and when it came: what the patient typed, and what the program knows."""
    patient, today = opened.sent.patient, get_services().today()
    facts = [Fact(label=translate("Name"), text=patient.name, is_typed=True)]
    if patient.birth:
        age = age_at(patient.birth, (today.year, today.month, today.day))
        text = translate("%(day)s (age %(age)s)") % {"day": write_day(patient.birth), "age": age}
        facts.append(Fact(label=translate("Date of birth"), text=text))
    if patient.appointment:
        facts.append(Fact(label=translate("Appointment"), text=write_day(patient.appointment)))
    for label, typed in list_contacts(patient.contact):
        facts.append(Fact(label=translate(label), text=typed, is_typed=True))
    return (*facts, *list_dates(held, opened.version))


def list_dates(held: Held, shown: int) -> tuple[Fact, ...]:
    """Return when a response came and until when it is kept: what is known also where the version does not open."""
    stored = held.stored
    until = write_day(get_services().localize(stored.delete_at).date())
    return (
        Fact(label=translate("Received"), text=write_moment(stored.received_at)),
        *_list_version(held, shown),
        Fact(label=translate("Kept until"), text=translate("a legal hold ends") if stored.is_kept else until),
        Fact(label=translate("Language"), text=name_language(stored.language)),
        Fact(label=translate("Edition"), text=stored.edition_hash[:8]),
    )


def _list_version(held: Held, shown: int) -> Iterator[Fact]:
    """Give which version it is and when that was sent, where there are several."""
    if held.stored.version == 1:
        return
    opened = held.opened.get(shown)
    text = "%(version)s, corrected %(when)s" if opened and opened.sent.corrected_by else "%(version)s, sent %(when)s"
    for one in held.versions:
        if one.version == shown:
            when = write_moment(one.sent_at)
            yield Fact(label=translate("Version"), text=translate(text) % {"version": shown, "when": when})


def name_language(language: str) -> str:
    """Return the name of a language, in the page's."""
    return Locale.parse(language, sep="-").get_display_name(choose_language()) or language


def list_sections(
    summary: Summary, notes: Notes, typed: MultiDict[str, str], problems: Mapping[str, str]
) -> tuple[AnswerSection, ...]:
    """Return the sections with their answers, each with its companion, its notes, and a box for another."""
    companion = {entry.link_id: entry for entry in summary.companion}
    return tuple(
        AnswerSection(
            link_id=section.link_id,
            title=section.title,
            rows=tuple(
                AnswerRow(
                    row=row,
                    companion=companion.get(row.link_id),
                    notes=notes.beside.get(row.link_id, ()),
                    box=f"{NOTE}-{row.link_id}",
                    typed=typed.get(f"{NOTE}-{row.link_id}", ""),
                    problem=problems.get(f"{NOTE}-{row.link_id}", ""),
                )
                for row in section.rows
            ),
        )
        for section in summary.sections
    )


def list_strays(held: Held, sections: Sequence[AnswerSection], typed: MultiDict[str, str]) -> tuple[StrayNote, ...]:
    """Return what was typed beside answers that are not on the page: a newer version, say, does not have them."""
    shown = {one.box for section in sections for one in section.rows}
    items, language = held.newest.edition.items if held.newest else {}, choose_language()
    strays = []
    for box, text in typed.items():
        link_id = box.removeprefix(f"{NOTE}-")
        if link_id == box or box in shown or not text.strip():
            continue
        about = items[link_id].label.to(language) if link_id in items else link_id
        strays.append(StrayNote(box=box, about=about, typed=text))
    return tuple(strays)


def arrange_notes(notes: Sequence[Note | None], names: Mapping[str, str], held: Held, summary: Summary | None) -> Notes:
    """Return the notes in their places, oldest first: none is left out because its question is not shown."""
    shown = {row.link_id for section in summary.sections for row in section.rows} if summary else set()
    beside: dict[str, list[WrittenNote]] = {}
    others = []
    for note in notes:
        if note is None:
            others.append(WrittenNote(head=translate("A note does not open. Tell your administrator."), text=""))
        elif note.link_id in shown:
            beside.setdefault(note.link_id, []).append(_write_note(note, names, held))
        else:
            others.append(_write_note(note, names, held, is_apart=True))
    return Notes(beside={link_id: tuple(found) for link_id, found in beside.items()}, others=tuple(others))


def list_versions(held: Held, shown: int, address: str, names: Mapping[str, str]) -> tuple[VersionLink, ...]:
    """Return every version, the newest first."""
    links = []
    for stored in reversed(held.versions):
        opened = held.opened.get(stored.version)
        by = opened.sent.corrected_by if opened else None
        who = names.get(by, "") if by else translate("the patient")
        values = {"version": stored.version, "when": write_moment(stored.sent_at), "who": who}
        text = translate("Version %(version)s, %(when)s, by %(who)s") % values
        if opened is None:
            text = translate("Version %(version)s, %(when)s: it does not open") % values
        where = f"{address}?version={stored.version}" if opened else ""
        links.append(VersionLink(text=text, address=where, is_shown=stored.version == shown))
    return tuple(links)


def list_story(entries: Iterable[Entry], names: Mapping[str, str]) -> tuple[Story, ...]:
    """Return what was done to a response, the newest first."""
    return tuple(
        Story(when=write_moment(entry.at), who=names.get(entry.event.actor, ""), what=write_entry(entry))
        for entry in entries
    )


def _write_note(note: Note, names: Mapping[str, str], held: Held, *, is_apart: bool = False) -> WrittenNote:
    kinds = {"correction": translate("Correction"), "reason": translate("Reason")}
    head = f"{names.get(note.author, '')}, {write_moment(note.written_at)}"
    if note.kind in kinds:
        head = f"{kinds[note.kind]}: {head}"
    if note.version and note.version != held.stored.version:
        head = translate("%(head)s, on version %(version)s") % {"head": head, "version": note.version}
    item = held.newest.edition.items.get(note.link_id) if held.newest and is_apart else None
    return WrittenNote(head=head, text=note.text, about=item.label.to(choose_language()) if item else "")
