"""The database: connections made safe, transactions with a known start, the schema brought up to date.

Nothing here may put a URL (it can hold a password), a parameter or a row into a log or an error.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, cast
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from app.storage.metadata import SCHEMA_REVISION
from app.storage.postgres import SNAPSHOT_IDLE_SECONDS, WAIT_SECONDS, create_postgres_engine

_IS_QUICK: Final = "foreword_is_quick"
_BUSY_SECONDS: Final = 5
_CHECKPOINT_SECONDS: Final = 1
_MIGRATION_SECONDS: Final = 120
_TURN_SECONDS: Final = 0.1
# How long a change to a table that is in use waits for it: whoever asks for that table meanwhile waits behind it.
_LOCK_SECONDS: Final = 2
_LOCK_NOT_AVAILABLE: Final = "55P03"
_MIGRATION_LOCK: Final = 0x464F5245574F5244  # "FOREWORD" in ASCII: PostgreSQL names its advisory locks by number

_SQLITE_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}",  # first, so that the next ones wait for another process too
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # per connection: set once, the next connection would leave answers behind (S18)
    "PRAGMA temp_store = MEMORY",  # a sorter's temporary file would be a copy nobody erases
)


_HELD_UP: Final[WeakSet[Engine]] = WeakSet()
"""Databases whose journal still has what was erased, because somebody was reading."""


class DatabaseUrlError(Exception):
    """A database URL names something other than SQLite or PostgreSQL with psycopg; says nothing of the URL itself."""

    def __init__(self) -> None:
        super().__init__(
            "the database URL is not one that can be used; write sqlite:////folder/file.db or "
            "postgresql+psycopg://user:password@host/name"
        )


class SchemaRevisionError(Exception):
    """A newer program made a database into what this one cannot work with; `found` and `known` are their revisions."""

    def __init__(self, found: str, known: str) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"the database is at schema revision {found}, this program knows {known}; "
            "start the newer program, or restore the backup made before it"
        )


class MigratingError(SQLAlchemyError):
    """Somebody else has been bringing the schema up to date for as long as anybody waits for that."""

    SENTENCE: ClassVar = "another program is bringing the database up to date; wait, and start again"

    def __init__(self) -> None:
        super().__init__(self.SENTENCE)


class ReadOnlyTransactionError(Exception):
    """Something was written in `begin_read`, and undone: under load SQLite would refuse it at random."""

    def __init__(self) -> None:
        super().__init__("a write in a transaction opened for reading; open it with begin_write")


def create_engine_for(url: str) -> Engine:
    """Return an engine for a SQLite or PostgreSQL database, or raise `DatabaseUrlError`; connects to nothing yet."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUrlError from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {None, "", ":memory:"}:
        return _create_sqlite_engine(parsed)
    if parsed.drivername == "postgresql+psycopg":
        return create_postgres_engine(parsed)
    raise DatabaseUrlError


@contextmanager
def begin_read(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that sees one state of the database and on SQLite waits for nobody.

    A write in it is refused: at once by PostgreSQL, at the end and with `ReadOnlyTransactionError` on SQLite.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            # The driver says both within its BEGIN: no page waits longer for it. The pool takes them back.
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection
        return
    with engine.connect() as connection, connection.begin():
        driver = _begin_sqlite(connection, "BEGIN")
        # Its own guard, PRAGMA query_only, makes it prepare every cached statement anew: a quarter of a GET’s time.
        before = driver.total_changes
        yield connection
        if driver.total_changes != before:
            raise ReadOnlyTransactionError


@contextmanager
def begin_snapshot(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for reading that sees one state of the whole database, however long it takes."""
    with begin_read(engine) as connection:
        if engine.dialect.name == "postgresql":
            # Who sends a backup over a slow line keeps it waiting, and holds nothing that anybody else waits for.
            limit = {"limit": f"{SNAPSHOT_IDLE_SECONDS}s"}
            connection.execute(text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)"), limit)
        yield connection


@contextmanager
def begin_write(engine: Engine, *, is_quick: bool = False) -> Iterator[Connection]:
    """Open a transaction that may write, committed at the end and undone by any exception; one at a time on SQLite.

    What is committed survives a power cut. A quick one on SQLite survives a crash of the program only: a power cut can
    cost the last pages a patient saved, and waiting for the disk at every page would cost all of them more.
    """
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            # It takes the write lock at once and waits for it; a read that turns into a write fails without waiting.
            _begin_sqlite(connection, "BEGIN IMMEDIATE", is_quick=is_quick)
        yield connection


def _begin_sqlite(connection: Connection, statement: str, *, is_quick: bool | None = None) -> sqlite3.Connection:
    """Begin a transaction, for the driver begins none, and return the driver's connection; `is_quick` where it writes.

    Not in an event of SQLAlchemy's: where there is one, it looks for all others at each step of a statement.
    """
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    try:
        if is_quick is not None and connection.info.get(_IS_QUICK, False) is not is_quick:
            driver.execute(f"PRAGMA synchronous = {'NORMAL' if is_quick else 'FULL'}")
            connection.info[_IS_QUICK] = is_quick
        driver.execute(statement)  # said to the driver itself: through SQLAlchemy it costs as much as what it is for
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error
    return driver


def checkpoint(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log, which still holds what was erased (S18), and tell whether it is now empty.

    False means that somebody kept reading for a second: `checkpoint_again` tries it later. PostgreSQL offers nothing
    alike: what is erased there is sealed, and its operator sees to the rest (docs/threats.md).
    """
    if engine.dialect.name != "sqlite":
        return True
    _HELD_UP.discard(engine)  # before it is tried: of two at once, one that fails is remembered
    is_clean = False
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # Writers wait while this waits for readers: it has to give up long before they do.
        cursor.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_SECONDS * 1000}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        is_clean = row is not None and row[0] == 0
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    finally:
        connection.close()
        if not is_clean:
            _HELD_UP.add(engine)
    return is_clean


def checkpoint_again(engine: Engine) -> None:
    """Empty the write-ahead log where the last `checkpoint` of this process could not."""
    if engine in _HELD_UP:
        checkpoint(engine)


def migrate(engine: Engine, patience: float = _MIGRATION_SECONDS) -> None:
    """Bring the schema up to date; processes that start together wait for the first, so many seconds at most.

    A newer one is left as it is: raises `SchemaRevisionError` unless its last migration said that this program fits.
    On PostgreSQL whoever waited too long for another one's migration gets `MigratingError`.
    """
    with begin_read(engine) as connection:
        if _fits(connection):
            return
    with engine.connect() as connection:
        try:
            if engine.dialect.name == "postgresql":
                _migrate_postgres(connection, patience)
            else:
                connection.connection.cursor().execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
                with connection.begin():
                    _begin_sqlite(connection, "BEGIN IMMEDIATE", is_quick=False)
                    _upgrade(connection)
        finally:
            connection.invalidate()  # closed: its long time-outs and its lock must not come back through the pool


def is_current(connection: Connection) -> bool:
    """Tell whether the schema is this program's own, and not one of a newer program that it only fits."""
    return _read_revision(connection) == SCHEMA_REVISION


def find_revision(engine: Engine) -> str | None:
    """Return the schema's revision; None where there is no schema yet."""
    with begin_read(engine) as connection:
        return _read_revision(connection)


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _fits(connection: Connection) -> bool:
    """Tell whether this program works with the schema as it is; raises `SchemaRevisionError` where it never will."""
    found = _read_revision(connection)
    if found is None or found <= SCHEMA_REVISION:
        return found == SCHEMA_REVISION
    oldest = None
    if any(column["name"] == "oldest_program" for column in inspect(connection).get_columns("alembic_version")):
        oldest = connection.execute(text("SELECT oldest_program FROM alembic_version")).scalar()
    if oldest is None or oldest > SCHEMA_REVISION:
        raise SchemaRevisionError(found, SCHEMA_REVISION)
    return True


def _migrate_postgres(connection: Connection, patience: float) -> None:
    """Migrate at one go a database that is new, and in short steps one that others are working with."""
    for name, limit in (("lock_timeout", f"{_LOCK_SECONDS}s"), ("statement_timeout", "0")):
        connection.execute(text("SELECT set_config(:name, :limit, false)"), {"name": name, "limit": limit})
    connection.commit()
    deadline = time.monotonic() + patience
    # Not pg_advisory_lock: who waits in it has a transaction open, and an index that is made meanwhile waits for that.
    while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK}).scalar():
        connection.commit()
        if time.monotonic() > deadline:
            raise MigratingError
        time.sleep(_TURN_SECONDS)
    is_live = _read_revision(connection) is not None
    connection.commit()
    if not is_live:
        with connection.begin():
            _upgrade(connection)
        return
    while True:
        try:
            _upgrade(connection, is_live=True)
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(_TURN_SECONDS)  # whoever waited behind it goes first
        else:
            return


def _upgrade(connection: Connection, *, is_live: bool = False) -> None:
    # Importing Alembic takes a tenth of a second of a cold start (design.md 7), and few have anything to migrate.
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415  see above

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "app.storage:migrations")
    config.attributes.update(connection=connection, is_live=is_live)
    command.upgrade(config, "head")


def _create_sqlite_engine(url: URL) -> Engine:
    # isolation_level None: sqlite3 otherwise begins transactions by rules of its own, late and only before some
    # statements, so that a SELECT and the UPDATE after it need not be one transaction. _begin_sqlite says BEGIN.
    arguments = {"isolation_level": None, "timeout": _BUSY_SECONDS}
    engine = create_engine(
        url, hide_parameters=True, connect_args=arguments, pool_size=8, max_overflow=24, pool_timeout=WAIT_SECONDS
    )
    path = Path(url.database or "")

    @event.listens_for(engine, "do_connect")
    def _create_private_file(*_: object) -> None:
        # Before SQLite makes it with the umask's permissions; the WAL takes over the file's.
        try:
            if not path.exists():
                path.touch(mode=0o600)
        except OSError as error:
            raise sqlite3.OperationalError(error.strerror) from error  # as SQLite would: pages say to come back later

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    return engine
