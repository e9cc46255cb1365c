"""What the program says about a response to people of the clinic: states, what was done to it, and when.

Only words of the program. It must never look at an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from babel.dates import format_date, format_time
from sqlalchemy import Connection

from app.questionnaire.sent import Day
from app.storage.audit import Entry
from app.storage.people import find_people
from app.storage.responses import ReviewStatus, StoredResponse
from app.web.clinic.acts import name_act
from app.web.i18n import choose_language, translate
from app.web.services import get_services

STATES: Final = {
    ReviewStatus.REQUESTED: "New",
    ReviewStatus.IN_PROGRESS: "In review",
    ReviewStatus.ON_HOLD: "Needs a call",
    ReviewStatus.COMPLETED: "Reviewed",
}
"""What people read for a state, which is named as FHIR's Task names it."""

REASONS: Final = {
    "patient-asked": "The patient asked for it",
    "error": "Something in the record is not right",
    "law": "A law or a court asks for it",
    "other": "Another reason",
}
"""Why somebody works on a person's data: the word stands in the audit log, for what is typed never may."""

_OUTCOMES: Final = {
    "refused": "refused",
    "stale": "not done: it had been changed meanwhile",
    "unreadable": "it did not open",
    "incomplete": "not done: something was missing",
}
_NOBODIES: Final = {"program": "The program", "command line": "The command line", "nobody": "Nobody who signed in"}


def write_state(response: StoredResponse) -> str:
    """Return a response's state as people read it, with the day until which somebody has to call."""
    if response.review_status is None:
        return translate("A state that this program does not know")
    name = translate(STATES[response.review_status])
    if response.call_on and response.review_status is ReviewStatus.ON_HOLD:
        day = _write_due(response.call_on)
        return translate("%(state)s by %(day)s") % {"state": name, "day": day}
    return name


def _write_due(call_on: str) -> str:
    try:
        return write_day(date.fromisoformat(call_on))
    except ValueError:  # somebody wrote there by hand: it stands as it is, and the other rows beside it
        return call_on


def write_moment(moment: datetime) -> str:
    """Return a moment on the clinic's clock: day and time."""
    local = get_services().localize(moment)
    language = choose_language()
    return f"{format_date(local, 'medium', language)}, {format_time(local.time(), 'short', locale=language)}"


def write_day(day: date | Day) -> str:
    """Return a day of the calendar; never an instant, so that no time zone moves it (UA-63)."""
    return format_date(day if isinstance(day, date) else date(*day), "medium", choose_language())


def write_entry(entry: Entry) -> str:
    """Return what an entry of the audit log says was done."""
    action = entry.event.action
    name = name_act(action)
    version = entry.event.about.get("version")
    if action in {"response.received", "response.opened"} and version and version != 1:
        name = translate("%(what)s, version %(version)s") % {"what": name, "version": version}
    reason = REASONS.get(str(entry.event.about.get("reason", "")))
    if reason:
        name = f"{name}: {translate(reason)}"
    outcome = _OUTCOMES.get(entry.event.outcome)
    return f"{name} ({translate(outcome)})" if outcome else name


def name_people(connection: Connection, ids: Iterable[str | None]) -> Mapping[str, str]:
    """Return the names of the people with these ids, and of what acts without being anybody."""
    wanted = {one for one in ids if one}
    people = find_people(connection, wanted - _NOBODIES.keys())
    names = {one: translate(_NOBODIES[one]) for one in wanted & _NOBODIES.keys()}
    unknown = translate("Somebody this program does not know")
    return {one: people[one].name if one in people else names.get(one, unknown) for one in wanted}
