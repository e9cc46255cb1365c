"""The program as an operator meets it: one line when it is open, one sentence when it is not, no trace when it ends."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.storage.drafts import DRAFT_LIFE, create_draft, find_draft
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from tests.support.ports import find_free_port
from tests.support.server import COMMAND
from tests.web.raw import build_request, send_raw

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it said."""

    code: int
    said: str
    complained: str


def start(data: Path, port: int, **environ: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "FOREWORD_DATA": str(data), **environ}
    return subprocess.Popen(
        [COMMAND, "serve"], env=environment, cwd=data.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen[str]) -> Ended:
    said, complained = process.communicate(timeout=SECONDS)
    return Ended(process.returncode, said, complained)


def refuse(data: Path, **environ: str) -> Ended:
    """Return how a start ended that must fail."""
    return end(start(data, find_free_port(), **environ))


@dataclass(frozen=True, slots=True)
class Running:
    """A program that is open."""

    process: subprocess.Popen[str]
    port: int
    data: Path

    def get(self, path: str) -> str:
        """Return the text at an address."""
        return send_raw(self.port, build_request(f"127.0.0.1:{self.port}", path)).text


def open_program(data: Path) -> Iterator[Running]:
    port = find_free_port()
    process = start(data, port)
    assert process.stdout is not None
    assert process.stdout.readline() == f"Foreword is open at http://127.0.0.1:{port}\n"
    link = f"To join as its first administrator, open http://127.0.0.1:{port}/clinic/join/"
    assert process.stdout.readline().startswith(link)
    yield Running(process, port, data)
    process.kill()
    process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """Open a program for a test that ends it."""
    yield from open_program(tmp_path / "data")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Open a program that the tests of this file share."""
    yield from open_program(tmp_path_factory.mktemp("shared") / "data")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_open_and_ends_without_a_word(running: Running, number: signal.Signals) -> None:
    assert running.get("/healthz") == "alive\n"
    running.process.send_signal(number)
    assert end(running.process) == Ended(0, "", "")


def test_what_a_killed_backup_and_a_killed_writer_of_a_key_left_is_gone(tmp_path: Path) -> None:
    left = tmp_path / "data" / "proof-killed"
    keys = tmp_path / "data" / "keys"
    for folder in (left, keys):
        folder.mkdir(mode=0o700, parents=True)
    left.parent.chmod(0o700)
    (left / "proof.sqlite3").write_bytes(b"sealed")
    (keys / ".response-0.pem.killed.partial").touch(mode=0o600)
    for _ in open_program(left.parent):
        assert not left.exists()
        assert all(path.suffix == ".pem" for path in keys.iterdir())


def test_a_port_in_use_is_one_sentence(shared: Running, tmp_path: Path) -> None:
    refused = end(start(tmp_path / "other", shared.port))
    sentence = f"Port {shared.port} is already in use; choose another: PORT={shared.port + 1} foreword serve\n"
    assert refused == Ended(2, "", sentence)
    assert not (tmp_path / "other").exists()
    demonstration = end(start(tmp_path / "other", shared.port, FOREWORD_DEMO="1"))
    assert demonstration == Ended(2, "", sentence.replace("foreword serve", "make run"))


def test_what_is_written_is_for_its_owner_only(shared: Running) -> None:
    assert shared.get("/readyz") == "ready\n"
    modes = {path.name: path.stat().st_mode & 0o777 for path in [shared.data, *shared.data.iterdir()]}
    assert modes.items() >= {("data", 0o700), ("cookie.key", 0o600), ("foreword.sqlite3", 0o600)}
    assert not [name for name, mode in modes.items() if mode & 0o077]


def test_every_wrong_setting_is_one_sentence_each(tmp_path: Path) -> None:
    refused = refuse(tmp_path / "data", FOREWORD_DEM="1", FOREWORD_TRUSTED_HOPS="many")
    assert refused == Ended(
        2,
        "",
        "FOREWORD_DEM: there is no such setting; did you mean FOREWORD_DEMO?\n"
        "FOREWORD_TRUSTED_HOPS: 'many' is not a number from 0 to 9; write one\n",
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "HOST",
            "192.0.2.1",
            "HOST: this machine has no address 192.0.2.1; choose one it has: HOST=127.0.0.1 foreword serve",
        ),
        ("FOREWORD_DATA", "/proc/none", "FOREWORD_DATA: /proc/none cannot be used: No such file or directory; name"),
        ("FOREWORD_DATABASE_URL", "sqlite:////proc/none.db", "FOREWORD_DATABASE_URL: the database cannot be used"),
        (
            "FOREWORD_DATABASE_URL",
            "postgresql+psycopg://user:secret@127.0.0.1:1/x",
            "FOREWORD_DATABASE_URL: the database server cannot be reached; look whether it runs",
        ),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    environ = {"FOREWORD_PUBLIC_URL": "https://clinic.example", name: value}
    refused = refuse(tmp_path / "data", **environ)
    assert (refused.code, refused.said) == (2, "")
    assert refused.complained.startswith(sentence)
    assert refused.complained.count("\n") == 1
    assert "secret" not in refused.complained


def test_a_questionnaire_with_faults_is_not_served(tmp_path: Path) -> None:
    questions = tmp_path / "mine.yaml"
    questions.write_text("item: [")
    refused = refuse(tmp_path / "data", FOREWORD_QUESTIONS=str(questions))
    assert refused.code == 2
    assert refused.said == ""
    assert refused.complained.splitlines()[-1].startswith("mine.yaml:2:1: file: this is not YAML")
    assert "Traceback" not in refused.complained


def test_a_database_from_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    refused = refuse(tmp_path / "data", FOREWORD_DATABASE_URL=f"sqlite:///{file}")
    assert refused.code == 2
    assert "schema revision 9999" in refused.complained
    with sqlite3.connect(file) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
        revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    connection.close()
    assert (tables, revisions) == ([("alembic_version",)], [("9999",)])


def test_what_is_past_its_time_is_erased_at_the_start(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path / 'drafts.db'}")
    migrate(engine)
    now = datetime.now(UTC)
    old, young = b"o" * 15, b"y" * 15
    with begin_write(engine) as connection:
        record_edition(connection, "f" * 64, "{}", language="en", title="x", now=now)
        for secret, saved in ((old, now - DRAFT_LIFE - timedelta(seconds=1)), (young, now)):
            create_draft(connection, secret=secret, edition_hash="f" * 64, content=b"x", now=saved)
    process = start(tmp_path / "data", find_free_port(), FOREWORD_DATABASE_URL=f"sqlite:///{tmp_path / 'drafts.db'}")
    try:
        deadline = time.monotonic() + SECONDS
        while _has_draft(tmp_path, old, now) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _has_draft(tmp_path, old, now)
        assert _has_draft(tmp_path, young, now)
    finally:
        process.kill()
        process.communicate()
    engine.dispose()


def _has_draft(folder: Path, secret: bytes, now: datetime) -> bool:
    engine = create_engine_for(f"sqlite:///{folder / 'drafts.db'}")
    with begin_read(engine) as connection:
        found = find_draft(connection, secret, now - DRAFT_LIFE)
    engine.dispose()
    return found is not None
