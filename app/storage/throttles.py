"""How often something was tried in vain: counts that survive a restart and that all processes share (S9).

Keys are hashes, because what is typed as a name may be a password. Nothing here decides how long anybody waits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, text, update

from app.storage.metadata import UtcDateTime
from app.storage.staff_tables import THROTTLES

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something was tried, when last, and until when it is not to be tried again."""

    tries: int
    last_at: datetime
    until: datetime


class TalliesGoneError(Exception):
    """Nobody can be asked how often something was tried: the Redis that counts does not answer."""

    def __init__(self) -> None:
        super().__init__("tries cannot be counted: Redis does not answer")


Decide = Callable[[Sequence[Tally]], tuple[Sequence[Tally], T]]
"""Says what tallies become, and what the caller is told. It may be asked more than once, and must change nothing."""


class Tallies(Protocol):
    """Where tallies are kept: in the database, or in Redis (`redis_tallies.py`)."""

    def find(self, key: str) -> Tally | None:
        """Return a tally, or None when nothing was counted."""
        ...

    def change(self, keys: Sequence[str], now: datetime, decide: Decide[T]) -> T:
        """Put what `decide` says in the place of these tallies, with nobody else in between; new ones begin at none."""
        ...

    def forget(self, key: str) -> None:
        """Delete a tally: what was tried has succeeded."""
        ...


class DatabaseTallies:
    """Tallies in a transaction: what is changed is held until it ends."""

    def __init__(self, connection: Connection) -> None:
        """Work in a transaction; one for reading will do for `find`."""
        self.connection = connection

    def find(self, key: str) -> Tally | None:
        """Return a tally, or None when nothing was counted."""
        return find_tally(self.connection, key)

    def change(self, keys: Sequence[str], now: datetime, decide: Decide[T]) -> T:
        """Put what `decide` says in the place of these tallies; whoever holds several must always ask in one order."""
        held = [hold_tally(self.connection, key, now) for key in keys]
        wanted, told = decide(held)
        for key, before, after in zip(keys, held, wanted, strict=True):
            if after != before:
                save_tally(self.connection, key, after)
        return told

    def forget(self, key: str) -> None:
        """Delete a tally."""
        forget_tally(self.connection, key)


# One statement that both databases know, so that of two who begin a tally at once neither fails. It changes nothing in
# a row that is there, and holds it: between doing nothing and a SELECT somebody else could delete it.
_BEGIN: Final = text(
    "INSERT INTO throttles (slot, tries, last_at, until) VALUES (:slot, 0, :now, :now) "
    "ON CONFLICT (slot) DO UPDATE SET slot = throttles.slot"
).bindparams(bindparam("now", type_=UtcDateTime))
_FIND: Final = select(THROTTLES.c.tries, THROTTLES.c.last_at, THROTTLES.c.until).where(
    THROTTLES.c.slot == bindparam("key")
)
_HOLD: Final = _FIND.with_for_update()


def find_tally(connection: Connection, key: str) -> Tally | None:
    """Return a tally, or None when nothing was counted."""
    row = connection.execute(_FIND, {"key": key}).mappings().one_or_none()
    return None if row is None else Tally(**row)


def hold_tally(connection: Connection, key: str, now: datetime) -> Tally:
    """Return a tally, begun when there is none, and let nobody else count until this transaction ends."""
    connection.execute(_BEGIN, {"slot": key, "now": now})
    return Tally(**connection.execute(_HOLD, {"key": key}).mappings().one())


def save_tally(connection: Connection, key: str, tally: Tally) -> None:
    """Store a tally that is held."""
    values = {"tries": tally.tries, "last_at": tally.last_at, "until": tally.until}
    connection.execute(update(THROTTLES).where(THROTTLES.c.slot == key).values(values))


def forget_tally(connection: Connection, key: str) -> None:
    """Delete a tally: what was tried has succeeded."""
    connection.execute(delete(THROTTLES).where(THROTTLES.c.slot == key))


def purge_tallies(connection: Connection, before: datetime) -> int:
    """Delete the tallies in which nothing was counted since and that held until then, and return how many."""
    is_over = (THROTTLES.c.last_at <= before) & (THROTTLES.c.until <= before)
    return connection.execute(delete(THROTTLES).where(is_over)).rowcount
