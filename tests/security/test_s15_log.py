"""S15: whoever has the whole database and not the key changes nothing in the log without being found out."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select, text

from app.storage.audit import (
    AuditFilter,
    Breach,
    Event,
    Head,
    append_event,
    find_head,
    is_foreign,
    list_actions,
    list_actors,
    list_entries,
    verify_log,
)
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from app.storage.tables import AUDIT_ENTRIES
from app.vault.chain import FIRST
from tests.support.database import copy_model

KEY = b"k" * 32
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ENTRIES = 12

Attack = Callable[[Connection], object]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give a database with a dozen entries, whose triggers the attacker has dropped."""
    with open_log(database_url) as engine:
        yield engine


@contextmanager
def open_log(database_url: str) -> Iterator[Engine]:
    """Open such a database."""
    engine = create_engine_for(database_url)
    copy_model(engine)
    with begin_write(engine) as connection:
        for number in range(ENTRIES):
            append_event(connection, KEY, Event(action="response.opened", actor=f"{number:032}", subject="R"), NOW)
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_entries_keep_0"))
            connection.execute(text("DROP TRIGGER audit_entries_keep_1"))
        else:
            connection.execute(text("DROP TRIGGER audit_entries_keep ON audit_entries"))
    yield engine
    engine.dispose()


def verify(engine: Engine, seen: Head | None = None) -> Breach | None:
    with begin_read(engine) as connection:
        return verify_log(connection, KEY, seen)


def read_head(engine: Engine) -> Head:
    with begin_read(engine) as connection:
        return find_head(connection)


def run(statement: str) -> Attack:
    return lambda connection: connection.execute(text(statement))


def swap(connection: Connection) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        connection.execute(text("UPDATE audit_entries SET number = :new WHERE number = :old"), {"new": new, "old": old})


def insert_one(connection: Connection) -> None:
    for number in range(ENTRIES, 6, -1):
        connection.execute(text("UPDATE audit_entries SET number = number + 1 WHERE number = :one"), {"one": number})
    connection.execute(
        text(
            "INSERT INTO audit_entries (number, at, actor, action, subject, outcome, origin, about, link) "
            "SELECT 7, at, actor, action, subject, outcome, origin, about, link FROM audit_entries WHERE number = 6"
        )
    )
    connection.execute(text("UPDATE audit_head SET number = number + 1"))


def rewrite_without_the_key(connection: Connection) -> None:
    link = FIRST
    for row in connection.execute(select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.number)).all():
        parts = (link, f"{row.number}", row.at.isoformat(), "nobody", row.action, row.subject, row.outcome, row.about)
        link = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        values = {"link": link, "number": row.number}
        connection.execute(
            text("UPDATE audit_entries SET actor = 'nobody', link = :link WHERE number = :number"), values
        )
    connection.execute(text("UPDATE audit_head SET link = :link"), {"link": link})


CUT = """DELETE FROM audit_entries WHERE number = 12"""
CUT_HEAD = """UPDATE audit_head SET number = 11, link = (SELECT link FROM audit_entries WHERE number = 11)"""


@pytest.mark.parametrize(
    ("attacks", "first_bad"),
    [
        ((run("UPDATE audit_entries SET actor = 'x' WHERE number = 4"),), 4),
        ((run("UPDATE audit_entries SET at = '2026-03-01 09:31:00+00:00' WHERE number = 4"),), 4),
        ((run("UPDATE audit_entries SET about = '{} ' WHERE number = 4"),), 4),
        ((run("UPDATE audit_entries SET about = 'no JSON' WHERE number = 4"),), 4),
        ((run("DELETE FROM audit_entries WHERE number = 6"),), 6),
        ((run("DELETE FROM audit_entries WHERE number = 1"),), 1),
        ((run(CUT),), 12),
        ((swap,), 5),
        ((insert_one,), 7),
        ((rewrite_without_the_key,), 1),
        ((run("DELETE FROM audit_entries"),), 1),
        ((run("UPDATE audit_head SET number = 40"),), 13),
    ],
)
def test_every_change_is_found_and_the_first_bad_entry_named(
    engine: Engine, attacks: tuple[Attack, ...], first_bad: int
) -> None:
    assert verify(engine) is None
    with begin_write(engine) as connection:
        for attack in attacks:
            attack(connection)
    breach = verify(engine)
    assert breach is not None
    assert breach.number == first_bad


def change(columns: str, number: int) -> Attack:
    return run(f"UPDATE audit_entries SET {columns} WHERE number = {number}")  # noqa: S608  words of this file


@pytest.mark.parametrize("number", [1, ENTRIES])
@pytest.mark.parametrize(
    "columns",
    [
        "link = 'é'",
        "link = ''",
        "about = '[[[['",
        f"about = '{'[' * 50_000}'",
        """about = '{"version":{"a":[1]}}'""",
        "at = '1970-01-01 00:00:00+00:00'",
    ],
)
def test_what_is_ill_formed_is_named_and_keeps_nobody_from_going_on(engine: Engine, columns: str, number: int) -> None:
    check_named(engine, change(columns, number), number)


@pytest.mark.parametrize("number", [1, ENTRIES])
@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "outcome", "origin", "about", "link"])
@pytest.mark.parametrize("value", ["x'00ff'", "'yesterday'"])
def test_what_only_sqlite_takes_is_named_as_well(tmp_path: Path, value: str, column: str, number: int) -> None:
    with open_log(f"sqlite:///{tmp_path}/foreword.db") as engine:
        check_named(engine, change(f"{column} = {value}", number), number)


@pytest.mark.parametrize(
    ("attack", "later"),
    [("UPDATE audit_head SET link = 'é'", ENTRIES + 1), ("DELETE FROM audit_head", ENTRIES + 2)],
)
def test_a_head_that_is_none_is_named_and_keeps_nobody_from_going_on(engine: Engine, attack: str, later: int) -> None:
    check_named(engine, run(attack), ENTRIES + 1, later)


def check_named(engine: Engine, attack: Attack, *numbers: int) -> None:
    """Check that an attack is found at an entry of this number, and that everybody can read the log and write on.

    Where a second number is named, it is found there once somebody has written on.
    """
    with begin_write(engine) as connection:
        attack(connection)
    for number in (numbers[0], numbers[-1]):
        breach = verify(engine)
        assert breach is not None
        assert breach.number == number
        with begin_read(engine) as connection:
            assert not is_foreign(connection, KEY)
            entries = list_entries(connection, AuditFilter())
            assert len(entries) >= ENTRIES
            assert all(f"{entry.event} {entry.at:%Y}" for entry in entries)
            assert list_actors(connection)
            assert list_actions(connection)
        with begin_write(engine) as connection:
            append_event(connection, KEY, Event(action="response.opened", actor="program"), NOW)


def test_an_end_cut_off_head_and_all_is_found_by_the_head_that_was_written_down(engine: Engine) -> None:
    written_down = read_head(engine)
    with begin_write(engine) as connection:
        run(CUT)(connection)
        run(CUT_HEAD)(connection)
    assert verify(engine) is None  # the database alone cannot tell: that is what the head is written down for
    breach = verify(engine, written_down)
    assert breach is not None
    assert breach.number == ENTRIES
    with begin_write(engine) as connection:
        append_event(connection, KEY, Event(action="response.opened", actor="other"), NOW)
    breach = verify(engine, written_down)
    assert breach is not None
    assert breach.fault == "entry 12 is not the one whose head was written down"


def test_the_newest_entries_can_be_looked_at_alone(engine: Engine) -> None:
    with begin_write(engine) as connection:
        run("UPDATE audit_entries SET actor = 'x' WHERE number = 4")(connection)
    with begin_read(engine) as connection:
        assert verify_log(connection, KEY, newest=8) is None
        breach = verify_log(connection, KEY, newest=9)
        assert breach is not None
        assert breach.number == 4
        assert verify_log(connection, KEY, newest=99) == breach


def test_twenty_writers_at_once_leave_one_unbroken_chain(engine: Engine) -> None:
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for _ in range(5):
                with begin_write(engine) as connection:
                    append_event(connection, KEY, Event(action="response.opened", actor=f"{writer}"), NOW)
        except BaseException as error:  # noqa: BLE001  told by the test below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert read_head(engine).number == ENTRIES + 100
    assert verify(engine) is None


def test_the_database_itself_refuses_to_change_an_entry(database_url: str) -> None:
    engine = create_engine_for(database_url)
    migrate(engine)
    with begin_write(engine) as connection:
        append_event(connection, KEY, Event(action="response.opened", actor="x"), NOW)
    for statement in ("UPDATE audit_entries SET actor = 'y'", "DELETE FROM audit_entries"):
        with pytest.raises(Exception, match="never change"), begin_write(engine) as connection:
            connection.execute(text(statement))
    engine.dispose()
