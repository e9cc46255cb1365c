"""Every act of staff becomes one entry of the audit log, in the transaction of what it tells about (D-10, S16)."""

from __future__ import annotations

from flask import request
from sqlalchemy import Connection

from app.counters import COUNTERS, SIGN_INS_FAILED
from app.storage.audit import Entry, Event, append_event
from app.web.clinic.identity.current import find_person
from app.web.services import get_services

NOBODY = "nobody"
"""Who acts before anybody is signed in."""

_FAILED = "person.sign-in-failed"


def record(
    connection: Connection,
    action: str,
    *,
    subject: str = "",
    outcome: str = "done",
    actor: str | None = None,
    **about: str | int,
) -> Entry:
    """Write what is being done: `actor` is a person's id, the one who is signed in unless it is given.

    `about` holds numbers and words of this program: never an answer, a name or anything that was typed.
    """
    if action == _FAILED:
        COUNTERS.count(SIGN_INS_FAILED, str(about.get("step", "password")))
    services = get_services()
    person = find_person()
    event = Event(
        action=action,
        actor=actor or (person.id if person else NOBODY),
        subject=subject,
        outcome=outcome,
        origin=request.remote_addr or "",
        about=about,
    )
    return append_event(connection, services.desk.chain_key, event, services.now())
