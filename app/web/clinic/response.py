"""The page of one response. Opening it is accounted for each time, also when another version of it is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from app.desk.marked import list_marked
from app.desk.opening import Note, OpenedVersion, open_notes
from app.output.screen import choose_face
from app.questionnaire.summary_model import FaceSheet, Summary
from app.storage.audit import PAGE, AuditFilter, Entry, list_entries
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import StoredResponse
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.address import read_number
from app.web.clinic.comparing import Comparison, compare_earlier, compare_versions, find_earlier
from app.web.clinic.gate import allow, get_person
from app.web.clinic.kept import NOTICE_KEPT, find_kept
from app.web.clinic.opened import Held, is_own_address, require_held
from app.web.clinic.panel import Panel, build_panel
from app.web.clinic.paper import build_clinic_summary, list_authors
from app.web.clinic.responses import take_in
from app.web.clinic.sheet import (
    AnswerSection,
    Fact,
    Story,
    StrayNote,
    VersionLink,
    WrittenNote,
    arrange_notes,
    list_dates,
    list_facts,
    list_sections,
    list_story,
    list_strays,
    list_versions,
)
from app.web.clinic.tools import Tool, list_tools
from app.web.clinic.words import name_people, write_moment
from app.web.i18n import choose_language, translate
from app.web.services import get_services

_UNREADABLE: Final = (
    "Version %(version)s cannot be opened: what was stored was changed, or its key is missing. Tell your administrator."
)
_WAITING: Final = (
    "Version %(version)s cannot be opened yet: its key is not here, or this program has to be updated. "
    "Tell your administrator."
)
_UNKNOWN: Final = (
    "This response is in a state that this program does not know, and stands in no list. It can be read, and its state "
    "cannot be changed here. Tell your administrator."
)
NEWER: Final = (
    "A newer version came in while you had this open (%(when)s). What you pressed was not done: read the newer one, "
    "it is below. All you typed is still there."
)
_STORY_END: Final = "These are the newest %(count)s entries. Those before them are in the audit log."


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePage:
    """The page as it is drawn; `summary` and `face`, for print, are None where the version does not open."""

    reference: str
    address: str
    facts: tuple[Fact, ...] = field(repr=False)
    marks: tuple[str, ...] = field(repr=False)
    summary: Summary | None = field(repr=False)
    face: FaceSheet | None = field(repr=False)
    sections: tuple[AnswerSection, ...] = field(repr=False)
    comparisons: tuple[Comparison, ...] = field(repr=False)
    notes: tuple[WrittenNote, ...] = field(repr=False)
    versions: tuple[VersionLink, ...]
    consent: OpenedVersion | None = field(repr=False)
    consented: str
    story: tuple[Story, ...]
    story_end: str
    panel: Panel
    tools: tuple[Tool, ...]
    notices: tuple[str, ...]
    is_saved: bool


@blueprint.get("/responses/<reference>")
@allow(Role.REVIEWER)
def show_response(reference: str) -> ResponseReturnValue:
    """Show a response: the newest version, or the one that is asked for."""
    take_in()
    held = require_held(reference)
    if not is_own_address(held):
        version = request.args.get("version")
        return redirect(
            url_for("clinic.show_response", reference=held.reference, version=version), HTTPStatus.SEE_OTHER
        )
    shown, kept = _choose_version(held), find_kept()
    notices = []
    if kept:
        is_newer = shown == held.stored.version and not is_seen(held.stored, kept)
        notices = [tell_newer(held.stored) if is_newer else translate(NOTICE_KEPT)]
    return draw_response(held, shown=shown, typed=kept, notices=notices)


def draw_response(
    held: Held,
    *,
    shown: int = 0,
    typed: MultiDict[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    notices: Sequence[str] = (),
) -> str:
    """Return the page of a response with what somebody typed into it, and account for its being opened."""
    number = shown or held.stored.version
    with begin_read(get_services().engine) as connection:
        opened = held.opened.get(number)
        earlier = find_earlier(connection, held.stored, opened) if opened else None
        page = _build_page(connection, held, number, typed or MultiDict(), problems or {}, notices)
    compared = compare_earlier(earlier[1], earlier[0], opened) if opened and earlier else None
    with begin_write(get_services().engine) as connection:
        outcome = "done" if opened else "unreadable"
        record(connection, "response.opened", subject=held.stored.reference, outcome=outcome, version=number)
        if earlier:
            record(
                connection, "response.opened", subject=earlier[0].reference, version=earlier[0].version, by="comparison"
            )
    return render_template("clinic/response.html", page=page, compared=compared)


def is_seen(stored: StoredResponse, typed: MultiDict[str, str]) -> bool:
    """Tell whether what was typed was typed on a page that knew of the newest version."""
    return typed.get("version", "") == str(stored.version)


def tell_newer(stored: StoredResponse) -> str:
    """Return the sentence for whoever did not know of the newest version."""
    return translate(NEWER) % {"when": write_moment(stored.sent_at)}


def _choose_version(held: Held) -> int:
    typed = request.args.get("version", "")
    if not typed:
        return held.stored.version
    try:
        number = read_number(typed)
    except ValueError:
        raise NotFound from None
    if number not in held.opened:
        raise NotFound
    return number


def _build_page(
    connection: Connection,
    held: Held,
    shown: int,
    typed: MultiDict[str, str],
    problems: Mapping[str, str],
    notices: Sequence[str],
) -> ResponsePage:
    services, stored, opened = get_services(), held.stored, held.opened.get(shown)
    found = open_notes(connection, services.desk, stored.reference)
    entries = list_entries(connection, AuditFilter(subject=stored.reference), PAGE + 1)
    names = _name_everybody(connection, held, found, entries)
    newest = stored.version
    summary = build_clinic_summary(opened, newest=newest, has_companion=True) if opened else None
    notes = arrange_notes(found, names, held, summary)
    address = url_for("clinic.show_response", reference=held.reference)
    since = compare_versions(held, opened) if opened else None
    sections = list_sections(summary, notes, typed, problems) if summary else ()
    return ResponsePage(
        reference=held.reference,
        address=address,
        facts=list_facts(held, opened) if opened else list_dates(held, shown),
        marks=_list_marks(opened),
        summary=summary,
        face=choose_face(summary) if summary else None,
        sections=sections,
        comparisons=(since,) if since else (),
        notes=notes.others[::-1],  # the newest stands right below the box, as in the history
        versions=list_versions(held, shown, address, names),
        consent=opened,
        consented=write_moment(opened.sent.consent.agreed_at) if opened else "",
        story=list_story(entries[:PAGE], names),
        story_end=translate(_STORY_END) % {"count": PAGE} if len(entries) > PAGE else "",
        panel=_build_panel(held, shown, names, typed, list_strays(held, sections, typed), problems),
        tools=list_tools(stored, held.reference),
        notices=(*notices, *_list_notices(held, shown)),
        is_saved="saved" in request.args,
    )


def _build_panel(
    held: Held,
    shown: int,
    names: Mapping[str, str],
    typed: MultiDict[str, str],
    strays: tuple[StrayNote, ...],
    problems: Mapping[str, str],
) -> Panel:
    return build_panel(
        held.stored,
        me=get_person().id,
        owner=names.get(held.stored.owner or "", ""),
        is_open=held.newest is not None,
        shown=shown,
        typed=typed,
        strays=strays,
        problems=problems,
    )


def _name_everybody(
    connection: Connection, held: Held, notes: Sequence[Note | None], entries: Sequence[Entry]
) -> Mapping[str, str]:
    actors = [entry.event.actor for entry in entries]
    return name_people(connection, [*list_authors(held, notes), *actors, held.stored.owner])


def _list_marks(opened: OpenedVersion | None) -> tuple[str, ...]:
    settings = get_services().keeper.get().settings
    return list_marked(opened, settings.marked, choose_language()) if opened and settings else ()


def _list_notices(held: Held, shown: int) -> list[str]:
    notices = []
    if shown not in held.opened:
        is_waiting = shown == held.stored.version and not held.stored.taken_in
        notices.append(translate(_WAITING if is_waiting else _UNREADABLE) % {"version": shown})
    elif shown != held.stored.version:
        notices.append(translate("This is version %(version)s. A newer one is there.") % {"version": shown})
    if held.stored.review_status is None:
        notices.append(translate(_UNKNOWN))
    if held.stored.is_restricted:
        notices.append(translate("This response is restricted: it is not to be used until that ends."))
    return notices
