"""What machines ask: ready means that the database, the keys and the questionnaire work, and says which does not."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.bounded import Bounded, SlowError
from app.server import prepare
from app.settings import load_settings
from app.storage.engine import migrate
from app.web.health import begin_stop
from app.web.services import get_services
from tests.support.postgres import PostgresServer
from tests.support.server import Server, StartServer
from tests.web.raw import build_request, send_raw

HOST = "http://127.0.0.1:8000"


def ask(app: Flask, path: str = "/readyz") -> tuple[int, str]:
    answer = app.test_client().get(path, base_url=HOST)
    return answer.status_code, answer.text


def make_app(data: Path, role: str) -> Iterator[Flask]:
    app = create_app(load_settings({"FOREWORD_DATA": str(data), "FOREWORD_ROLE": role, "FOREWORD_DEMO": "1"}))
    services = prepare(app)
    yield app
    services.engine.dispose()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Make a program that serves both halves."""
    yield from make_app(tmp_path / "data", "all")


@pytest.fixture
def patients_app(tmp_path: Path) -> Iterator[Flask]:
    """Make a program that serves patients."""
    yield from make_app(tmp_path / "data", "patient")


def test_ready_names_all_that_is_not(tmp_path: Path) -> None:
    app = create_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    assert ask(app) == (503, "database keys edition\n")
    with app.app_context():
        engine = get_services().engine
    migrate(engine)
    assert ask(app) == (503, "keys\n")
    assert ask(app, "/healthz") == (200, "alive\n")
    engine.dispose()


def test_keys_that_the_next_start_would_miss_are_missed_now(app: Flask, tmp_path: Path) -> None:
    keys, cookie = tmp_path / "data" / "keys", tmp_path / "data" / "cookie.key"
    assert ask(app) == (200, "ready\n")
    cookie.chmod(0o644)
    assert ask(app) == (503, "keys\n")
    cookie.chmod(0o600)
    keys.rename(keys.with_suffix(".away"))
    assert ask(app) == (503, "keys\n")
    keys.with_suffix(".away").rename(keys)
    assert ask(app) == (200, "ready\n")
    [response_key] = keys.glob("response-*.pem")
    response_key.unlink()
    assert ask(app) == (503, "keys\n")


def test_a_missing_key_is_not_made_by_looking_for_it(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "data" / "cookie.key").unlink()
    assert ask(app) == (503, "keys\n")
    assert not (tmp_path / "data" / "cookie.key").exists()


def test_where_patients_are_served_no_private_key_is_missed(patients_app: Flask, tmp_path: Path) -> None:
    assert not (tmp_path / "data" / "keys").exists()
    assert ask(patients_app) == (200, "ready\n")


def test_where_patients_are_served_a_database_without_a_clinic_is_named_until_there_is_one(tmp_path: Path) -> None:
    # Given a patients' program that was started first, or names another database than the clinic's
    data = str(tmp_path / "data")
    patients = create_app(load_settings({"FOREWORD_DATA": data, "FOREWORD_ROLE": "patient"}))
    services = prepare(patients)
    assert ask(patients, "/healthz") == (200, "alive\n")
    assert ask(patients, "/")[0] == 503
    assert ask(patients) == (503, "clinic\n")
    # When the clinic's program starts on it, which need not be set up yet
    clinic = create_app(load_settings({"FOREWORD_DATA": data, "FOREWORD_ROLE": "clinic"}))
    prepare(clinic).engine.dispose()
    services.keeper.forget()
    assert ask(patients) == (200, "ready\n")
    services.engine.dispose()


def test_whoever_stops_is_alive_and_not_ready(app: Flask) -> None:
    begin_stop(app)
    assert ask(app) == (503, "stopping\n")
    assert ask(app, "/healthz") == (200, "alive\n")


def read(server: Server, path: str) -> tuple[int, str]:
    host = server.url.removeprefix("http://")
    reply = send_raw(int(host.rpartition(":")[2]), build_request(host, path))
    return reply.status, reply.text


def test_a_database_that_stands_still_makes_nobody_wait_for_it(tmp_path: Path) -> None:
    # Nobody accepts here: to connect takes as long as the driver waits, which is longer than a balancer does.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, closing(socket.socket()) as filler:
        filler.connect(deaf.getsockname())
        url = f"postgresql+psycopg://nobody@127.0.0.1:{deaf.getsockname()[1]}/none"
        settings = {"FOREWORD_DATA": str(tmp_path / "data"), "FOREWORD_DATABASE_URL": url, "FOREWORD_ROLE": "patient"}
        app = create_app(load_settings(settings))
        assert ask(app, "/healthz") == (200, "alive\n")
        status, text = ask(app)
        assert (status, text.split()[0]) == (503, "database")
        with app.app_context():
            get_services().engine.dispose()


def test_a_stopped_database_is_named_and_its_return_is_noticed(
    start_server: StartServer, postgres_server: PostgresServer, postgres_url: str
) -> None:
    server = start_server(database_url=postgres_url)
    assert read(server, "/readyz") == (200, "ready\n")
    number = int((postgres_server.folder / "data/postmaster.pid").read_text().split()[0])
    family = [number]
    try:
        send(family, signal.SIGSTOP)
        # Only now: it starts nobody any more, who would not be stopped
        family += list_children(number)
        send(family, signal.SIGSTOP)
        assert read(server, "/healthz") == (200, "alive\n")
        status, text = read(server, "/readyz")
        assert status == 503
        assert "database" in text.split()
    finally:
        send(family, signal.SIGCONT)
    deadline = time.monotonic() + 60
    while read(server, "/readyz") != (200, "ready\n") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert read(server, "/readyz") == (200, "ready\n")
    server.stop(may_have_failed=True)


def send(family: Iterable[int], number: signal.Signals) -> None:
    for one in family:
        with suppress(ProcessLookupError):  # a server's helpers come and go
            os.kill(one, number)


def list_children(number: int) -> list[int]:
    done = subprocess.run(["/usr/bin/pgrep", "-P", str(number)], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def test_a_call_that_hangs_is_begun_once_and_its_end_is_noticed() -> None:
    begun, go_on = [], threading.Event()

    def hang() -> int:
        begun.append(1)
        assert go_on.wait(20)
        return 7

    bounded = Bounded(hang)
    for _ in range(5):
        with pytest.raises(SlowError):
            bounded.begin().wait(time.monotonic() + 0.01)
    assert begun == [1]
    last = bounded.begin()
    go_on.set()
    assert last.wait(time.monotonic() + 60) == 7
    assert bounded.begin().wait(time.monotonic() + 60) == 7
    assert len(begun) == 2


def test_what_a_call_raises_reaches_whoever_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        Bounded(lambda: 1 // 0).begin().wait(time.monotonic() + 60)


def test_search_engines_are_asked_to_stay_away(tmp_path: Path) -> None:
    app = create_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    answer = app.test_client().get("/robots.txt", base_url=HOST)
    assert answer.text == "User-agent: *\nDisallow: /\n"
    assert answer.mimetype == "text/plain"
