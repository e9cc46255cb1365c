"""Chores: what is done once a day, however many processes run on however many machines.

Whoever begins one has it for a while; only what succeeded counts as done, so that a failure or a crash costs no day.
"""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from app.storage.metadata import UtcDateTime
from app.storage.tables import CHORES

LEASE: Final = timedelta(minutes=30)
"""How long somebody has a chore that they began: until then they are believed to be at it."""

# A day that stands nowhere in a calendar: somebody began, and has not said that it is done. It sorts before all days.
_UNDONE: Final = ""
# One statement that both databases know: of processes that try at once, one changes the row.
_BEGIN: Final = text(
    "INSERT INTO chores (name, done_on, done_at) VALUES (:name, :undone, :now) "
    "ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on, done_at = excluded.done_at "
    "WHERE chores.done_on < :today AND (chores.done_on <> :undone OR chores.done_at <= :lapsed)"
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("lapsed", type_=UtcDateTime))
# Whatever day stands there: what succeeded is noted each time.
_NOTE: Final = text(
    "INSERT INTO chores (name, done_on, done_at) VALUES (:name, :today, :now) "
    "ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on, done_at = excluded.done_at"
).bindparams(bindparam("now", type_=UtcDateTime))
_EXTEND: Final = text("UPDATE chores SET done_at = :now WHERE name = :name AND done_on = :undone").bindparams(
    bindparam("now", type_=UtcDateTime)
)
_FIND: Final = select(CHORES.c.done_on, CHORES.c.done_at).where(CHORES.c.name == bindparam("name"))


def begin_chore(connection: Connection, name: str, today: date, now: datetime) -> bool:
    """Tell whether the chore is this process's to do; whoever hears True has it, and nobody else until `LEASE` is over.

    Whoever did it says so with `note_time`.
    """
    values = {"name": name, "undone": _UNDONE, "today": today.isoformat(), "now": now, "lapsed": now - LEASE}
    return connection.execute(_BEGIN, values).rowcount == 1


def extend_chore(connection: Connection, name: str, now: datetime) -> None:
    """Keep a chore that takes long: whoever has it says from time to time that they are at it."""
    connection.execute(_EXTEND, {"name": name, "undone": _UNDONE, "now": now})


def is_settled(connection: Connection, name: str, today: date, now: datetime) -> bool:
    """Tell whether the chore is done for today or somebody is at it, for whoever only wants to look."""
    row = connection.execute(_FIND, {"name": name}).one_or_none()
    if row is None:
        return False
    is_held = row.done_on == _UNDONE and row.done_at > now - LEASE
    return bool(is_held or row.done_on >= today.isoformat())


def note_time(connection: Connection, name: str, today: date, now: datetime) -> None:
    """Note that something succeeded now: a chore, or a backup."""
    connection.execute(_NOTE, {"name": name, "today": today.isoformat(), "now": now})


def find_last_time(connection: Connection, name: str) -> datetime | None:
    """Return when something last succeeded, or was begun where it is a chore; None if it never was."""
    row = connection.execute(_FIND, {"name": name}).one_or_none()
    return row.done_at if row else None
