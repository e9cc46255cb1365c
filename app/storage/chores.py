"""Chores: what is done once a day, however many processes run on however many machines.

Whoever does one holds its lock, which ends with them; only what succeeded counts as done, so that neither a failure nor
a crash costs a day. One that fails, or whose process dies, rests before the next try.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, select, text

from app.storage.engine import begin_read, begin_write
from app.storage.locks import hold_lock
from app.storage.metadata import UtcDateTime
from app.storage.tables import CHORES

REST: Final = timedelta(minutes=30)
"""How long a chore is left alone that failed, or whose process died."""

_BELIEVED: Final = timedelta(days=2)
"""How far ahead a note may be of the clock: two processes may disagree about the day, and not about the month."""

# A day that stands nowhere in a calendar: somebody began, and it is not done. It sorts before all days.
_UNDONE: Final = ""
# One statement that both databases know. Whatever day stands there: what succeeded is noted each time.
_NOTE: Final = text(
    "INSERT INTO chores (name, done_on, done_at) VALUES (:name, :day, :now) "
    "ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on, done_at = excluded.done_at"
).bindparams(bindparam("now", type_=UtcDateTime))
_FIND: Final = select(CHORES.c.done_on, CHORES.c.done_at).where(CHORES.c.name == bindparam("name"))


@contextmanager
def hold_chore(engine: Engine, name: str, today: date, now: datetime) -> Iterator[bool]:
    """Give whether the chore is this process's to do, and until the block ends nobody else's.

    Whoever did it says so with `note_time` inside the block; else it counts as failed.
    """
    if _is_settled(engine, name, today, now):
        yield False  # nobody is asked for a lock where there is nothing to do
        return
    with hold_lock(engine, f"chore {name}") as is_held:
        if not is_held or _is_settled(engine, name, today, now):  # done in the moment before the lock was ours
            yield False
            return
        # Before the work: one that takes its process with it would else be begun anew at each start, without an end.
        with begin_write(engine) as connection:
            connection.execute(_NOTE, {"name": name, "day": _UNDONE, "now": now})
        yield True


def _is_settled(engine: Engine, name: str, today: date, now: datetime) -> bool:
    """Tell whether the chore is done for today, or was begun so shortly ago, and is not done, that it rests."""
    with begin_read(engine) as connection:
        row = connection.execute(_FIND, {"name": name}).one_or_none()
    if row is None or row.done_at > now + _BELIEVED:
        return False  # noted by a clock that was wrong: to believe it could mean never to do it again
    is_resting = row.done_on == _UNDONE and row.done_at > now - REST
    return bool(is_resting or row.done_on >= today.isoformat())


def note_time(connection: Connection, name: str, today: date, now: datetime) -> None:
    """Note that something succeeded now: a chore, or a backup."""
    connection.execute(_NOTE, {"name": name, "day": today.isoformat(), "now": now})


def find_last_time(connection: Connection, name: str) -> datetime | None:
    """Return when something last succeeded, or was last begun where it is a chore; None if it never was."""
    row = connection.execute(_FIND, {"name": name}).one_or_none()
    return row.done_at if row else None
