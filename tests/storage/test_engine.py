"""Connections and transactions: what every one of them is set to, and what two of them do to each other."""

import stat
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.storage.engine import (
    DatabaseUrlError,
    ReadOnlyTransactionError,
    begin_read,
    begin_snapshot,
    begin_write,
    checkpoint,
    create_engine_for,
)
from app.storage.letters import count_letters

COUNT = text("SELECT count(*) FROM scraps")
ADD = text("INSERT INTO scraps SELECT count(*) FROM scraps")


@pytest.fixture
def scraps(engine: Engine) -> Engine:
    """Give a database with one more table, of numbers."""
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE scraps (number INTEGER UNIQUE)"))
    return engine


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Engine:
    """Give an engine for a SQLite file that is not there yet."""
    return create_engine_for(f"sqlite:///{tmp_path}/new.db")


def read_settings(connection: Connection, names: list[str], command: str) -> list[object]:
    return [connection.exec_driver_sql(f"{command} {name}").scalar() for name in names]


def add_then_fail(engine: Engine) -> None:
    with begin_write(engine) as connection:
        connection.execute(ADD)
        connection.execute(text("INSERT INTO scraps VALUES (7), (7)"))


def test_every_sqlite_connection_has_every_setting(sqlite_engine: Engine) -> None:
    names = ["journal_mode", "busy_timeout", "foreign_keys", "secure_delete", "synchronous", "temp_store"]
    with ExitStack() as stack:
        connections = [stack.enter_context(begin_read(sqlite_engine)) for _ in range(12)]
        settings = [read_settings(connection, names, "PRAGMA") for connection in connections]
    sqlite_engine.dispose()
    assert settings == [["wal", 5000, 1, 1, 2, 2]] * 12


def test_only_a_quick_write_does_not_wait_for_the_disk(sqlite_engine: Engine) -> None:
    levels = []
    for is_quick in (False, True, True, False, True):
        with begin_write(sqlite_engine, is_quick=is_quick) as connection:
            levels += read_settings(connection, ["synchronous"], "PRAGMA")
    sqlite_engine.dispose()
    assert levels == [2, 1, 1, 2, 1]


def test_every_postgresql_connection_has_its_limits(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
    for begin in (begin_read, begin_write, begin_read):
        with begin(engine) as one, begin(engine) as other:
            for connection in (one, other):
                assert read_settings(connection, names, "SHOW") == ["15s", "5s", "30s"]
    engine.dispose()


def test_a_snapshot_may_wait_for_a_slow_line_and_nothing_else_may(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    for begin, expected in ((begin_snapshot, "2min"), (begin_read, "30s"), (begin_write, "30s")):
        with begin(engine) as connection:
            assert read_settings(connection, ["idle_in_transaction_session_timeout"], "SHOW") == [expected]
    engine.dispose()


def test_letters_may_be_counted_for_minutes_and_nothing_else_afterwards(engine: Engine) -> None:
    with begin_read(engine) as connection:
        assert count_letters(connection) == {}
        if engine.dialect.name == "postgresql":
            assert read_settings(connection, ["statement_timeout"], "SHOW") == ["5min"]
    with begin_read(engine) as connection:
        if engine.dialect.name == "postgresql":
            assert read_settings(connection, ["statement_timeout"], "SHOW") == ["15s"]


def test_a_new_sqlite_file_and_its_log_are_for_the_owner_alone(sqlite_engine: Engine, tmp_path: Path) -> None:
    with begin_write(sqlite_engine) as connection:
        connection.execute(text("CREATE TABLE scraps (number INTEGER)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    sqlite_engine.dispose()
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_a_write_is_kept_when_it_ends_well_and_undone_when_it_does_not(scraps: Engine) -> None:
    with begin_write(scraps) as connection:
        connection.execute(ADD)
    with pytest.raises(DBAPIError):
        add_then_fail(scraps)
    with begin_read(scraps) as connection:
        assert connection.execute(COUNT).scalar() == 1


def test_a_write_in_a_transaction_for_reading_is_refused(scraps: Engine) -> None:
    with pytest.raises((DBAPIError, ReadOnlyTransactionError)), begin_read(scraps) as connection:
        connection.execute(ADD)
    with begin_write(scraps) as connection:
        assert connection.execute(COUNT).scalar() == 0
        connection.execute(ADD)
    with begin_read(scraps) as connection:
        assert connection.execute(COUNT).scalar() == 1


def test_what_is_read_and_then_written_is_one_transaction_on_sqlite(tmp_path: Path) -> None:
    # With a transaction that begins at its first write, both read the same count and one of them fails.
    engine = create_engine_for(f"sqlite:///{tmp_path}/scraps.db")
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE scraps (number INTEGER UNIQUE)"))
    is_read = Event()

    def add_what_was_counted(patience: float) -> None:
        with begin_write(engine) as connection:
            count = connection.execute(COUNT).scalar()
            is_read.set()
            other_is_done.wait(patience)  # the chance for the other to come between
            connection.execute(text("INSERT INTO scraps VALUES (:count)"), {"count": count})

    other_is_done = Event()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(add_what_was_counted, 0.3)
        is_read.wait()
        second = threads.submit(add_what_was_counted, 0)
        second.add_done_callback(lambda _: other_is_done.set())
        first.result()
        second.result()
    with begin_read(engine) as connection:
        assert connection.execute(COUNT).scalar() == 2
    engine.dispose()


def test_a_reader_sees_one_state_and_waits_for_no_writer(scraps: Engine) -> None:
    with begin_read(scraps) as reader:
        assert reader.execute(COUNT).scalar() == 0
        with begin_write(scraps) as writer:
            writer.execute(ADD)
            with begin_read(scraps) as another:
                assert another.execute(COUNT).scalar() == 0
        assert reader.execute(COUNT).scalar() == 0
    with begin_read(scraps) as reader:
        assert reader.execute(COUNT).scalar() == 1


def test_who_writes_sees_what_others_wrote_meanwhile_on_a_connection_that_was_read_with(scraps: Engine) -> None:
    with begin_read(scraps) as reader:
        first = reader.connection.driver_connection
    with begin_write(scraps) as writer:
        assert writer.connection.driver_connection is first
        if scraps.dialect.name == "postgresql":
            names = ["transaction_isolation", "transaction_read_only"]
            assert read_settings(writer, names, "SHOW") == ["read committed", "off"]
        writer.execute(ADD)


def test_a_checkpoint_empties_the_log_and_says_so(scraps: Engine) -> None:
    with begin_write(scraps) as connection:
        connection.execute(ADD)
    assert checkpoint(scraps)
    for log in Path(str(scraps.url.database)).parent.glob("*-wal"):
        assert log.stat().st_size == 0


def test_a_checkpoint_that_a_reader_holds_up_says_so(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/scraps.db")
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE scraps (number INTEGER UNIQUE)"))
    with begin_read(engine) as reader:
        reader.execute(COUNT)
        with begin_write(engine) as connection:
            connection.execute(ADD)
        assert not checkpoint(engine)
    assert checkpoint(engine)
    with begin_read(engine) as one, begin_read(engine) as other:
        assert [read_settings(connection, ["busy_timeout"], "PRAGMA") for connection in (one, other)] == [[5000]] * 2
    engine.dispose()


def test_a_checkpoint_waits_for_a_reader_that_soon_ends(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path}/scraps.db")
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE scraps (number INTEGER UNIQUE)"))
    with ThreadPoolExecutor(1) as threads:
        with begin_read(engine) as reader:
            reader.execute(COUNT)
            with begin_write(engine) as connection:
                connection.execute(ADD)
            # It waits for a second, and this reader may be woken later on a busy machine: then once more
            is_empty = threads.submit(lambda: any(checkpoint(engine) for _ in range(60)))
            wait([is_empty], timeout=0.2)  # long enough for the checkpoint to meet this reader
        assert is_empty.result()
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://someone:secret@host/name",
        "postgresql://someone:secret@host/name",
        "postgresql+psycopg2://someone:secret@host/name",
    ],
)
def test_a_url_of_another_database_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        create_engine_for(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, begin_write(engine) as connection:
        connection.execute(text("INSERT INTO nowhere (number) VALUES (:number)"), {"number": "canary"})
    assert "nowhere" in str(caught.value)
    assert "canary" not in str(caught.value)
