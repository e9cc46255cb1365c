"""Retention: responses that are past their time are erased, unless a legal hold keeps them (L-16, S18).

Each batch leaves its count in the audit log, in its own transaction: whatever stops this, the counts are true. Of those
that nobody took up it tells how many they were: the day that a patient was told holds for them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from app.storage.audit import AuditFilter, Event, append_event, list_entries
from app.storage.chores import find_last_time
from app.storage.engine import begin_read, begin_write, checkpoint
from app.storage.responses import count_due, count_new, count_new_due, erase_response, list_due

BATCH: Final = 100
"""How many responses are erased at once: few enough that a patient who saves a page does not wait."""


CHORE: Final = "purge"
"""The chore under which the last purge is noted."""

_LEAP: Final = timedelta(days=30)
"""How long nobody purges and nothing happens before a clock has to be looked at."""

_WATCHED: Final = timedelta(days=3)
"""How long a clock that leapt is not believed by itself: whoever is away over a weekend hears of it first."""


@dataclass(frozen=True, slots=True)
class Due:
    """How many responses are past their time: those to erase, and those that a legal hold keeps."""

    to_erase: int
    kept: int


def find_due(engine: Engine, now: datetime) -> Due:
    """Return how many responses are past their time."""
    with begin_read(engine) as connection:
        return Due(*count_due(connection, now))


def count_unread(engine: Engine, until: datetime) -> int:
    """Return how many responses are erased until a moment that nobody took up."""
    with begin_read(engine) as connection:
        return count_new_due(connection, until)


def is_clock_believed(engine: Engine, now: datetime) -> bool:
    """Tell whether responses may be erased by this clock without anybody's word.

    One that is a month past the last purge, and past all that the audit log tells of until three days ago, may be years
    ahead: a night by it would erase everything.
    """
    with begin_read(engine) as connection:
        last = find_last_time(connection, CHORE)
        if last is not None and now - last <= _LEAP:
            return True
        # What was written since the clock leapt tells nothing of it.
        before = list_entries(connection, AuditFilter(until=now - _WATCHED), 1)
    return not before or now - before[0].at <= _LEAP


def purge_due(engine: Engine, chain_key: bytes, now: datetime, *, actor: str, batch: int = BATCH) -> Iterator[int]:
    """Erase what is past its time, and give the number of each batch; then SQLite’s journal has nothing of it."""
    while True:
        with begin_write(engine) as connection:
            due = list_due(connection, now, batch)
            unread = count_new(connection, due)
            erased = sum(erase_response(connection, reference) for reference in due)
            if erased:
                event = Event(action="responses.purged", actor=actor, about={"count": erased, "unread": unread})
                append_event(connection, chain_key, event, now)
        if erased:
            yield erased
        if len(due) < batch:
            break
    checkpoint(engine)


def purge_all(
    engine: Engine, chain_key: bytes, now: datetime, *, actor: str, report: Callable[[int], object] | None = None
) -> int:
    """Erase what is past its time and return how many responses that were."""
    total = 0
    for erased in purge_due(engine, chain_key, now, actor=actor):
        total += erased
        if report is not None:
            report(erased)
    return total
