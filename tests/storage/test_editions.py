"""Editions: stored once, found for ever, changed by nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, StatementError

from app.storage.editions import (
    EditionConflictError,
    StoredEdition,
    find_edition,
    find_latest_edition,
    record_edition,
)
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate

OLD, NEW = "0" * 64, "f" * 64
MINUTE = timedelta(minutes=1)


def record(engine: Engine, edition_hash: str, now: datetime, canonical: str = "{}") -> None:
    with begin_write(engine) as connection:
        record_edition(connection, edition_hash, canonical, language="en", title="Title", now=now)


def test_an_edition_is_found_as_it_was_recorded(engine: Engine, now: datetime) -> None:
    canonical = "'\"; -- % _ \\ :now 🩺\r\n\t\u2028é" * 1000
    with begin_write(engine) as connection:
        record_edition(connection, OLD, canonical, language="zh-Hant-TW", title="¿'\"; --%_🩺?", now=now)
    with begin_read(engine) as connection:
        assert find_edition(connection, OLD) == StoredEdition(
            hash=OLD,
            canonical=canonical,
            language="zh-Hant-TW",
            title="¿'\"; --%_🩺?",
            first_used_at=now,
            accepted_at=now,
        )


def test_no_edition_is_found_where_none_is(engine: Engine) -> None:
    with begin_read(engine) as connection:
        assert find_edition(connection, OLD) is None
        assert find_latest_edition(connection) is None


def test_the_latest_edition_is_the_one_accepted_last_even_if_it_is_an_old_one(engine: Engine, now: datetime) -> None:
    for minutes, edition_hash in enumerate([OLD, NEW, OLD]):
        record(engine, edition_hash, now + minutes * MINUTE)
        with begin_read(engine) as connection:
            latest = find_latest_edition(connection)
        assert latest is not None
        assert latest.hash == edition_hash
        assert latest.accepted_at == now + minutes * MINUTE
        assert latest.first_used_at == (now + MINUTE if edition_hash == NEW else now)


def test_another_content_under_the_same_hash_is_refused(engine: Engine, now: datetime) -> None:
    record(engine, OLD, now)
    with pytest.raises(EditionConflictError):
        record(engine, OLD, now + MINUTE, canonical="{ }")
    with begin_read(engine) as connection:
        stored = find_edition(connection, OLD)
    assert stored is not None
    assert (stored.canonical, stored.accepted_at) == ("{}", now)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE editions SET canonical = 'x'",
        "UPDATE editions SET hash = 'x'",
        "UPDATE editions SET language = 'x'",
        "UPDATE editions SET title = 'x'",
        "UPDATE editions SET first_used_at = accepted_at",
        "DELETE FROM editions",
    ],
)
def test_no_statement_changes_or_deletes_an_edition(engine: Engine, now: datetime, statement: str) -> None:
    record(engine, OLD, now)
    with (
        pytest.raises(DBAPIError, match=r"an edition (never changes|is never deleted)"),
        begin_write(engine) as connection,
    ):
        connection.execute(text(statement))
    with begin_read(engine) as connection:
        assert find_edition(connection, OLD) is not None


def test_postgresql_empties_the_table_for_nobody(postgres_url: str, now: datetime) -> None:
    engine = create_engine_for(postgres_url)
    migrate(engine)
    record(engine, OLD, now)
    with pytest.raises(DBAPIError, match="an edition never changes"), begin_write(engine) as connection:
        connection.execute(text("TRUNCATE editions CASCADE"))
    engine.dispose()


def test_ten_threads_may_record_the_same_edition_at_once(engine: Engine, now: datetime) -> None:
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda _: record(engine, OLD, now), range(10)))
    with begin_read(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM editions")).scalar() == 1


def test_a_time_in_another_zone_is_stored_as_utc_and_a_naive_one_refused(engine: Engine, now: datetime) -> None:
    record(engine, OLD, now.astimezone(timezone(timedelta(hours=-9, minutes=-30))))
    with begin_read(engine) as connection:
        stored = find_edition(connection, OLD)
    assert stored is not None
    assert stored.first_used_at.isoformat() == now.isoformat()
    with pytest.raises(StatementError, match="a stored time needs its time zone"):
        record(engine, NEW, now.replace(tzinfo=None))


def test_an_edition_in_a_log_does_not_repeat_its_whole_text(engine: Engine, now: datetime) -> None:
    record(engine, OLD, now, canonical="every question")
    with begin_read(engine) as connection:
        assert "every question" not in repr(find_edition(connection, OLD))
