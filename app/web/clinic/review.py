"""What a reviewer does with a response: take it, put it back, note, call, mark reviewed, take it up again.

Each act names the version and the revision it saw; where a newer version came in, it is told first, and nothing is done
until it was shown. Of two people at once the second is told who was first and what was done, and finds
everything they typed in the form again (S35). Whoever was first themselves, in another window, is told just that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from app.storage.audit import AuditFilter, Entry, list_entries
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import OPEN, StoredResponse, hold_response
from app.storage.review import StaleReviewError, claim, complete, hold_for_call, release, reopen
from app.storage.worklist import ResponseFilter, count_responses
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.acts import CHANGES
from app.web.clinic.address import read_day, read_number
from app.web.clinic.gate import allow, get_person
from app.web.clinic.kept import forget_kept, keep_typed
from app.web.clinic.listing import build_rows, say_count
from app.web.clinic.notes import find_long_notes, read_notes, write_notes
from app.web.clinic.opened import Held, list_typed, require_held
from app.web.clinic.response import draw_response, is_seen, tell_newer
from app.web.clinic.responses import find_next, take_in
from app.web.clinic.words import name_people, write_entry, write_moment
from app.web.i18n import translate
from app.web.services import get_services

NOTE_MISSING: Final = "Write the note before you save it"
DAY_MISSING: Final = "Enter the day by which somebody has to call"
DAY_PAST: Final = "Enter a day from today on"
NOT_OPEN: Final = "This response does not open, so nobody can have read it. It cannot be marked reviewed"
WAS_FIRST: Final = (
    "%(who)s was first: %(what)s (%(when)s). What you pressed was not done. All you typed is still below."
)
WAS_YOU: Final = (
    "You have changed this response yourself since this page was opened, perhaps in another window: %(what)s "
    "(%(when)s). What you pressed was not done. All you typed is still below."
)
UNTOLD: Final = "This response was changed meanwhile. What you pressed was not done. All you typed is still below."
Change = Callable[[Connection, StoredResponse], StoredResponse]


@dataclass(frozen=True, slots=True)
class Deed:
    """An act: what the log calls it, and the change it makes; a note alone changes nothing."""

    action: str
    change: Change | None


DEEDS: Final = {
    "note": Deed("response.noted", None),
    "claim": Deed("response.claimed", lambda connection, seen: claim(connection, seen, get_person().id)),
    "release": Deed("response.released", release),
    "call": Deed(
        "response.held-for-call",
        lambda connection, seen: hold_for_call(connection, seen, get_person().id, _read_day()),
    ),
    "complete": Deed(
        "response.reviewed",
        lambda connection, seen: complete(connection, seen, get_person().id, get_services().now()),
    ),
    "reopen": Deed("response.reopened", lambda connection, seen: reopen(connection, seen, get_person().id)),
}
"""The acts by the value of their button."""


@blueprint.post("/responses/<reference>/review")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_response")
def review_response(reference: str) -> ResponseReturnValue:
    """Do what was pressed, and store every note that was typed, both or neither."""
    word = request.form.get("action", "")
    deed = DEEDS.get(word)
    if deed is None:
        raise NotFound
    try:
        held = require_held(reference, deed.action)
    except NotFound:
        if list_typed():
            return show_erased()
        raise
    # A newer version is told of before any problem: the page with the problem would show it without a word.
    problems = _find_problems(word, held) if _is_seen(held.stored) else {}
    if problems:
        _account(deed, held, "incomplete")
        return draw_response(held, typed=request.form, problems=problems), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        _do(deed, held)
    except StaleReviewError as error:
        if not _was_me(deed, error):
            _account(deed, held, "stale")
            return _answer_stale(reference, error)
        # The act is done; a second tab may have a note that the first had not, and a second click writes none twice.
        if not _add_notes(held):
            return show_erased()
    forget_kept()
    if word == "note":
        # To the notes: the page is long, and what was saved would stand far below.
        shown = url_for("clinic.show_response", reference=held.reference, saved=1, _anchor="notes")
        return redirect(shown, HTTPStatus.SEE_OTHER)
    where = "clinic.show_reviewed" if word == "complete" else "clinic.show_response"
    return redirect(url_for(where, reference=held.reference), HTTPStatus.SEE_OTHER)


def show_erased() -> ResponseReturnValue:
    """Say that a response is gone, with everything just typed on it."""
    return render_template("clinic/erased_meanwhile.html", typed=list_typed()), HTTPStatus.GONE


@blueprint.get("/responses/<reference>/reviewed")
@allow(Role.REVIEWER)
def show_reviewed(reference: str) -> ResponseReturnValue:
    """Say that a response has left the list, and offer the one that has waited longest."""
    held = require_held(reference)
    take_in()
    with begin_read(get_services().engine) as connection:
        following = find_next(connection)
        rows = build_rows(connection, [following] if following else [])
        count = count_responses(connection, ResponseFilter(statuses=OPEN))
    with begin_write(get_services().engine) as connection:
        record(connection, "list.viewed", rows=len(rows), states="requested")
    return render_template(
        "clinic/reviewed.html",
        reference=held.reference,
        is_open=held.stored.review_status in OPEN,
        address=url_for("clinic.show_response", reference=held.reference),
        following=rows[0] if rows else None,
        count=say_count(count),
    )


def _do(deed: Deed, held: Held) -> None:
    with begin_write(get_services().engine) as connection:
        # Held before anything is written about it: who erases it at this moment is waited for, and heard.
        current = hold_response(connection, held.stored.reference)
        if current is None or not _is_seen(current):
            raise StaleReviewError(current)
        if deed.change is not None:
            deed.change(connection, replace(held.stored, revision=_read_revision()))
            record(connection, deed.action, subject=held.stored.reference, version=held.stored.version)
        write_notes(connection, held, request.form)


def _add_notes(held: Held) -> bool:
    """Store the notes of a form whose act is done already; False when the response is gone."""
    with begin_write(get_services().engine) as connection:
        is_there = hold_response(connection, held.stored.reference) is not None
        if is_there:
            write_notes(connection, held, request.form)
    return is_there


def _find_problems(word: str, held: Held) -> dict[str, str]:
    """Return a sentence for each box that has to be looked at again before the act can be done."""
    if too_long := find_long_notes(held, request.form):
        return too_long
    if word == "note" and not read_notes(request.form):
        return {"note": translate(NOTE_MISSING)}
    if word == "complete" and held.newest is None:
        return {"note": translate(NOT_OPEN)}
    if word != "call":
        return {}
    try:
        due = _read_day()
    except ValueError:
        return {"call-on": translate(DAY_MISSING)}
    return {"call-on": translate(DAY_PAST)} if due < get_services().today() else {}


def _answer_stale(reference: str, error: StaleReviewError) -> ResponseReturnValue:
    if error.current is None:
        return show_erased()
    held = require_held(reference)
    # The revision that is drawn is the new one: pressed again, the act is done to what is shown now.
    page = draw_response(held, typed=request.form, notices=[_say_collision(held)])
    return page, HTTPStatus.CONFLICT


def _was_me(deed: Deed, error: StaleReviewError) -> bool:
    """Tell whether the same person did the same a moment before: by a second click, or in another tab (S35)."""
    current = error.current
    if current is None or not _is_seen(current) or current.revision != _read_revision() + 1:
        return False
    if deed is DEEDS["call"] and current.call_on != _read_day().isoformat():
        return False  # another day is another act
    last = _find_last(current.reference)
    return last is not None and (last.event.action, last.event.actor) == (deed.action, get_person().id)


def _say_collision(held: Held) -> str:
    if not _is_seen(held.stored):
        return tell_newer(held.stored)
    last = _find_last(held.stored.reference)
    if last is None:
        return translate(UNTOLD)
    with begin_read(get_services().engine) as connection:
        names = name_people(connection, [last.event.actor])
    values = {"who": names[last.event.actor], "what": write_entry(last).lower(), "when": write_moment(last.at)}
    return translate(WAS_YOU if last.event.actor == get_person().id else WAS_FIRST) % values


def _is_seen(stored: StoredResponse) -> bool:
    """Tell whether the form stood on a page that knew of the newest version."""
    return is_seen(stored, request.form)


def _find_last(reference: str) -> Entry | None:
    """Return the last thing that was done to a response and that changed it."""
    with begin_read(get_services().engine) as connection:
        wanted = AuditFilter(subject=reference, actions=CHANGES, outcome="done")
        return next(iter(list_entries(connection, wanted, 1)), None)


def _read_day() -> date:
    return read_day(request.form.get("call-on", "").strip())


def _read_revision() -> int:
    try:
        return read_number(request.form.get("revision", ""))
    except ValueError:
        return -2  # no revision, and none comes after it


def _account(deed: Deed, held: Held, outcome: str) -> None:
    with begin_write(get_services().engine) as connection:
        record(connection, deed.action, subject=held.stored.reference, outcome=outcome)
