"""The audit log's lists: what was done and by whom, and how many entries fit, at a cost that does not grow with it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from app.storage.audit import (
    AuditFilter,
    Event,
    append_event,
    count_entries,
    list_actions,
    list_actors,
    list_entries,
)
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate

ACTIONS = ("response.opened", "list.viewed", "audit.viewed")
ACTORS = ("nobody", "program", "command line", "a" * 32)
STEP = 100


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine_for(f"sqlite:///{tmp_path}/log.sqlite3")
    migrate(engine)
    yield engine
    engine.dispose()


def fill(engine: Engine, now: datetime, count: int) -> None:
    with begin_write(engine) as connection:
        for number in range(count):
            event = Event(action=ACTIONS[number % len(ACTIONS)], actor=ACTORS[number % len(ACTORS)])
            append_event(connection, b"k" * 32, event, now)


def test_each_actor_and_each_action_is_listed_once(engine: Engine, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert (list_actions(connection), list_actors(connection)) == ([], [])
    fill(engine, now, 24)
    with begin_read(engine) as connection:
        assert list_actions(connection) == sorted(ACTIONS)
        assert list_actors(connection) == sorted(ACTORS)


def test_entries_are_counted_no_further_than_asked(engine: Engine, now: datetime) -> None:
    fill(engine, now, 24)
    with begin_read(engine) as connection:
        assert count_entries(connection, AuditFilter()) == 24
        assert count_entries(connection, AuditFilter(), most=10) == 10
        assert count_entries(connection, AuditFilter(action="list.viewed"), most=10) == 8


def measure(connection: Connection) -> int:
    """Return how much work SQLite has with a page of the log."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver = connection.connection.driver_connection
    assert driver is not None
    driver.set_progress_handler(count, STEP)
    list_entries(connection, AuditFilter())
    count_entries(connection, AuditFilter(), most=100)
    list_actions(connection)
    list_actors(connection)
    driver.set_progress_handler(None, STEP)
    return steps


def test_a_page_costs_as_much_however_long_the_log_is(on_sqlite: Engine, now: datetime) -> None:
    fill(on_sqlite, now, 200)
    with begin_read(on_sqlite) as connection:
        short = measure(connection)
    fill(on_sqlite, now, 4_000)
    with begin_read(on_sqlite) as connection:
        assert measure(connection) < short * 1.2
