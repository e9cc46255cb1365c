"""The audit log: who did what, listed, proved whole, and given out. It holds no answer and no patient's name (D-10).

Its filter is sent in a form and answered with an address that says what was understood: whatever else somebody types
there, a patient's name in the box for a reference, say, is never in an address (D-11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from app.storage.audit import (
    PAGE,
    AuditFilter,
    Entry,
    count_entries,
    find_head,
    list_actions,
    list_actors,
    list_entries,
    verify_log,
)
from app.storage.engine import begin_read, begin_snapshot, begin_write
from app.storage.people import Role
from app.vault.reference import REFERENCE_LENGTH, ReferenceCodeError, format_reference, parse_reference
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.acts import name_act
from app.web.clinic.address import begin_day, read_day, read_number, read_word
from app.web.clinic.audit_file import AuditFile
from app.web.clinic.audit_words import name_page, say_value
from app.web.clinic.closing import close_after
from app.web.clinic.gate import allow
from app.web.clinic.kept import NOTICE_KEPT, find_kept, forget_kept, keep_typed
from app.web.clinic.session import get_session
from app.web.clinic.settings_form import ControlProblem
from app.web.clinic.words import name_people, write_moment
from app.web.i18n import translate
from app.web.services import get_services

_READERS: Final = (Role.AUDITOR, Role.ADMINISTRATOR)
_FIELDS: Final = ("person", "action", "reference", "since", "until")
_WRITE_DAY: Final = "Enter a day as year, month and day, such as 2026-05-31"
_VERDICT: Final = "audit-verdict"
_UNREADABLE: Final = 422
_COUNTED: Final = 1_000  # how far a page counts what fits: a log grows for years

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as it is read."""

    number: int
    at: str
    utc: str
    who: str
    what: str
    action: str
    subject: str
    outcome: str
    origin: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the log is asked for: what was typed, what that means, and what to enter instead."""

    typed: dict[str, str]
    wanted: AuditFilter
    problems: tuple[ControlProblem, ...]

    @property
    def count(self) -> int:
        """Return how many filters are set."""
        return sum(bool(value) for value in self.typed.values())

    def write_address(self, before: int | None = None) -> str:
        """Return the address of what is asked for, from before an entry on; what is not understood has none."""
        values: dict[str, Any] = {name: value for name, value in self.typed.items() if value}
        if self.wanted.subject:
            values["reference"] = format_reference(self.wanted.subject)
        return url_for("clinic.show_audit", **values, before=before)


@blueprint.get("/audit")
@allow(*_READERS)
def show_audit() -> ResponseReturnValue:
    """Show a page of the log, newest first."""
    asked = read_asked(request.args)
    if asked.problems:
        raise NotFound  # only our own links say what is asked for
    return _draw(asked, find_kept())


@blueprint.post("/audit")
@allow(*_READERS)
@keep_typed("clinic.show_audit")
def filter_audit() -> ResponseReturnValue:
    """Go to the entries that the form asks for, or show what has to be looked at again."""
    forget_kept()
    asked = read_asked(request.form)
    return (_draw(asked), _UNREADABLE) if asked.problems else redirect(asked.write_address(), 303)


def _draw(asked: Asked, kept: MultiDict[str, str] | None = None) -> str:
    """Return the page of what is asked for; in the form stands what was kept of an earlier one, where there is any."""
    services = get_services()
    with begin_read(services.engine) as connection:
        entries = [] if asked.problems else list_entries(connection, asked.wanted)
        context = {
            "count": 0 if asked.problems else count_entries(connection, asked.wanted, most=_COUNTED + 1),
            "counted": _COUNTED,
            "lines": _list_lines(connection, entries),
            "people": sorted(name_people(connection, list_actors(connection)).items(), key=lambda pair: pair[1]),
            "actions": [(code, name_act(code)) for code in list_actions(connection)],
            "head": find_head(connection),
        }
    with begin_write(services.engine) as connection:
        record(connection, "audit.viewed", entries=len(entries), filters=asked.count)
    return render_template(
        "clinic/audit.html",
        asked=asked,
        typed=asked.typed if kept is None else _read_typed(kept),
        notice=translate(NOTICE_KEPT) if kept else "",
        faults={problem.control: problem.sentence for problem in asked.problems},
        older=asked.write_address(entries[-1].number) if len(entries) == PAGE else "",
        newest=asked.write_address() if asked.wanted.before else "",
        verdict=get_session().pop(_VERDICT, None),
        **context,
    )


@blueprint.post("/audit/verify")
@allow(*_READERS)
def verify_audit() -> ResponseReturnValue:
    """Prove that the log is whole, and show the result."""
    services = get_services()
    with begin_snapshot(services.engine) as connection:
        breach = verify_log(connection, services.desk.chain_key)
        head = find_head(connection)
    with begin_write(services.engine) as connection:
        outcome, place = ("done", 0) if breach is None else ("broken", breach.number)
        record(connection, "audit.verified", outcome=outcome, entries=head.number, first_bad=place)
    get_session()[_VERDICT] = {"fault": breach.fault if breach else "", "entries": head.number}
    return redirect(url_for("clinic.show_audit"), 303)


@blueprint.post("/audit/export")
@allow(*_READERS)
def export_audit() -> ResponseReturnValue:
    """Give out the entries that fit, as CSV or JSON lines, oldest first, with the end of the log."""
    services = get_services()
    asked = read_asked(request.form)
    if asked.problems:
        return _draw(asked), _UNREADABLE
    name, kind = ("jsonl", "application/x-ndjson") if request.form.get("format") == "jsonl" else ("csv", "text/csv")
    with begin_read(services.engine) as connection:
        count = count_entries(connection, asked.wanted)
        names = name_people(connection, list_actors(connection))
    with begin_write(services.engine) as connection:
        begun = record(connection, "audit.exported", outcome="begun", format=name, entries=count, filters=asked.count)
    file = AuditFile(services=services, wanted=asked.wanted, names=names, form=name, begun=begun)
    response = Response(file.write(), mimetype=kind)
    close_after(response, file.end)
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{services.today():%Y-%m-%d}.{name}"'
    return response


def read_asked(typed: MultiDict[str, str]) -> Asked:
    """Return what the log is asked for by an address or a form."""
    kept = _read_typed(typed)
    problems: list[ControlProblem] = []

    def read(name: str, parse: Callable[[str], T], sentence: str) -> T | None:
        try:
            return parse(kept[name]) if kept[name] else None
        except (ValueError, ReferenceCodeError):
            problems.append(ControlProblem(name, translate(sentence)))
            return None

    since, until = read("since", read_day, _WRITE_DAY), read("until", read_day, _WRITE_DAY)
    wanted = AuditFilter(
        actor=read("person", read_word, "Choose somebody from the list") or "",
        action=read("action", read_word, "Choose from the list what was done") or "",
        subject=read("reference", parse_reference, "Check the reference: it has ten letters and numbers") or "",
        since=begin_day(since) if since else None,
        until=begin_day(until + timedelta(days=1)) if until else None,
        before=_read_place(typed.get("before", "")),
    )
    return Asked(typed=kept, wanted=wanted, problems=tuple(problems))


def _read_typed(typed: MultiDict[str, str]) -> dict[str, str]:
    return {name: typed.get(name, "").strip() for name in _FIELDS}


def _read_place(word: str) -> int | None:
    try:
        return read_number(word) if word else None
    except ValueError:
        raise NotFound from None  # only our own links say where to go on


def _list_lines(connection: Connection, entries: list[Entry]) -> list[Line]:
    ids = {entry.event.actor for entry in entries} | {entry.event.subject for entry in entries if _is_person(entry)}
    names = name_people(connection, ids)
    return [
        Line(
            number=entry.number,
            at=write_moment(entry.at),
            # As the command and the file that is given out write it, so that a line is found in all of them.
            utc=f"{entry.at:%Y-%m-%d %H:%M:%S}",
            who=names[entry.event.actor],
            what=name_act(entry.event.action),
            action=entry.event.action,
            subject=names[entry.event.subject] if _is_person(entry) else _write_subject(entry),
            outcome=entry.event.outcome,
            origin=entry.event.origin,
            about=_write_about(entry),
        )
        for entry in entries
    ]


def _is_person(entry: Entry) -> bool:
    return entry.event.action.partition(".")[0] in {"person", "password", "factor"} and bool(entry.event.subject)


def _write_subject(entry: Entry) -> str:
    subject = entry.event.subject
    if entry.event.action == "page.refused":
        return name_page(subject)
    return format_reference(subject) if len(subject) == REFERENCE_LENGTH else subject


def _write_about(entry: Entry) -> str:
    about = sorted(entry.event.about.items())
    return ", ".join(f"{name.replace('_', ' ')}: {say_value(name, value)}" for name, value in about if value != "")
