"""Chores: what is done once a day, however many processes run on however many machines."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from app.storage.tables import CHORES, UtcDateTime

# One statement that both databases know: of processes that try at once, one changes the row.
_BEGIN: Final = text(
    "INSERT INTO chores (name, done_on, done_at) VALUES (:name, :today, :now) "
    "ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on, done_at = excluded.done_at "
    "WHERE chores.done_on < excluded.done_on"
).bindparams(bindparam("now", type_=UtcDateTime))
# Whatever day stands there: what succeeded is noted each time.
_NOTE: Final = text(
    "INSERT INTO chores (name, done_on, done_at) VALUES (:name, :today, :now) "
    "ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on, done_at = excluded.done_at"
).bindparams(bindparam("now", type_=UtcDateTime))
_FIND_DAY: Final = select(CHORES.c.done_on).where(CHORES.c.name == bindparam("name"))
_FIND: Final = select(CHORES.c.done_at).where(CHORES.c.name == bindparam("name"))


def begin_chore(connection: Connection, name: str, today: date, now: datetime) -> bool:
    """Tell whether the chore is this process's to do today; whoever hears True has it, and nobody else does."""
    return connection.execute(_BEGIN, {"name": name, "today": today.isoformat(), "now": now}).rowcount == 1


def has_begun(connection: Connection, name: str, today: date) -> bool:
    """Tell whether somebody began the chore today, for whoever only wants to look."""
    done_on = connection.execute(_FIND_DAY, {"name": name}).scalar()
    return done_on is not None and done_on >= today.isoformat()


def note_time(connection: Connection, name: str, today: date, now: datetime) -> None:
    """Note that something succeeded now: a backup, say."""
    connection.execute(_NOTE, {"name": name, "today": today.isoformat(), "now": now})


def find_last_time(connection: Connection, name: str) -> datetime | None:
    """Return when a chore was last begun; None if it never was."""
    found: datetime | None = connection.execute(_FIND, {"name": name}).scalar()
    return found
