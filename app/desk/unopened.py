"""Which of the responses that did not open when they came in are still there, and still do not open."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from app.clinic.editions import EditionShelf
from app.desk.finding import Look
from app.desk.keyring import Desk, read_desk
from app.desk.opening import FindEdition, open_newest
from app.settings import StartError
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read
from app.storage.responses import StoredResponse, find_response
from app.storage.trouble import PASSING

MOST: Final = 100
"""How many of them are tried at most, the newest first."""

_QUICK: Final = timedelta(days=30)
"""How far back the log is asked where somebody waits."""


def count_unopened(look: Look) -> str:
    """Return how many there are, as it is told: with a plus where there may be more, and empty where there is none."""
    try:
        desk = read_desk(look.settings)
    except StartError:
        return ""  # without that key nothing opens, and the look at the keys says so
    wanted = AuditFilter(
        action="response.received", outcome="unreadable", since=look.now - _QUICK if look.is_quick else None
    )
    find_edition = EditionShelf(look.engine).find
    with begin_read(look.engine) as connection:
        entries = list_entries(connection, wanted, MOST)
        found = [find_response(connection, subject) for subject in {entry.event.subject for entry in entries}]
        count = sum(one is not None and not _opens(connection, desk, find_edition, one) for one in found)
    more = "+" if len(entries) == MOST else ""
    return f"{count}{more}" if count else ""


def _opens(connection: Connection, desk: Desk, find_edition: FindEdition, response: StoredResponse) -> bool:
    try:
        open_newest(connection, desk, find_edition, response)
    except PASSING:
        raise  # the database or the machine failed, not this response: it is tried again
    except Exception:  # noqa: BLE001  whatever keeps it closed, it does not open
        return False
    return True
