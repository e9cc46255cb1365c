"""An old program and a new one on one database: while the new one migrates and afterwards, nobody notices.

The new one is a copy of this program with one more migration; the old one is this program.
"""

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.storage.engine import create_engine_for, find_revision
from app.storage.metadata import SCHEMA_REVISION
from tests.bench.walker import Walker
from tests.security.sending import WHO, open_files
from tests.support.server import COMMAND, Server, launch_server
from tests.support.source import ROOT

NEXT = f"{int(SCHEMA_REVISION) + 1:04}"
SENDERS = 3

MIGRATION = f'''
"""One more: a column of a table of old, and a table."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{SCHEMA_REVISION}"
oldest_program = "OLDEST"


def upgrade() -> None:
    """Add them."""
    op.add_column("responses", sa.Column("room", sa.String(20), nullable=False, server_default="none"))
    op.add_column("drafts", sa.Column("room", sa.String(20)))
    op.create_table("rooms", sa.Column("name", sa.String(20), primary_key=True))
'''


def make_next_program(folder: Path, oldest: str) -> Path:
    """Copy this program, add a migration to it, and return the command that runs it."""
    program = folder / "next"
    shutil.copytree(ROOT / "app", program / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("templates", "static", "questions.yaml", "crisis.yaml"):
        (program / name).symlink_to(ROOT / name)
    storage = program / "app/storage"
    (storage / f"migrations/versions/{NEXT}_rooms.py").write_text(MIGRATION.lstrip().replace("OLDEST", oldest))
    metadata = storage / "metadata.py"
    metadata.write_text(
        metadata.read_text().replace(
            f'SCHEMA_REVISION: Final = "{SCHEMA_REVISION}"', f'SCHEMA_REVISION: Final = "{NEXT}"'
        )
    )
    command = program / "foreword"
    run = "from app.cli import main; main()"
    command.write_text(f"#!/bin/sh\nexport PYTHONPATH='{program}'\nexec '{sys.executable}' -c '{run}' \"$@\"\n")
    command.chmod(0o755)
    return command


@dataclass(frozen=True, slots=True)
class House:
    """One database and one folder of keys, for programs of two versions."""

    folder: Path
    url: str

    @property
    def environ(self) -> dict[str, str]:
        """Return what both programs are told."""
        return {"FOREWORD_DATA": f"{self.folder}/data", "FOREWORD_DATABASE_URL": self.url, "FOREWORD_DEMO": "1"}

    def launch(self, name: str, command: Path = COMMAND) -> Server:
        """Start a server."""
        (self.folder / name).mkdir(exist_ok=True)
        return launch_server(
            self.folder / name, {"data": self.folder / "data", "database_url": self.url}, command=command
        )

    def run(self, command: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        environment = {"PATH": os.environ["PATH"], **self.environ}
        return subprocess.run(
            [command, *words], env=environment, cwd=self.folder, capture_output=True, check=False, text=True
        )

    def find_revision(self) -> str | None:
        """Return where the schema is."""
        engine = create_engine_for(self.url)
        found = find_revision(engine)
        engine.dispose()
        return found

    def list_names(self) -> list[str]:
        """Return the name in every response, opened."""
        with open_files(self.folder / "data", self.url) as opened:
            return sorted(opened.open(version).sent.patient.name for version in opened.list_stored())


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path, database_url)


def write_name(who: str, number: int) -> str:
    return f"{who} {chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}"


def send_one(walker: Walker, name: str) -> None:
    walker.walk({})
    walker.ask("GET", "/share/send")
    walker.send(walker.document.forms[0], {**WHO, "patient-name": [name]})
    assert (walker.status, walker.path) == (200, "/done"), walker.body.decode()
    walker.connection.close()


def send_until(ended: threading.Event, url: str, who: str) -> list[str]:
    """Send one form after the other, and return the names of those that were acknowledged."""
    names: list[str] = []
    while not ended.is_set():
        walker = Walker(url)
        walker.start()
        send_one(walker, write_name(who, len(names)))
        names.append(write_name(who, len(names)))
    return names


def begin_draft(url: str) -> Walker:
    """Answer the first page of a form."""
    walker = Walker(url)
    walker.start()
    walker.send(walker.document.forms[0])
    assert walker.status == 200
    return walker


def go_on(walker: Walker, url: str, name: str) -> str:
    """Fill in the rest of a form at another program, and send it there."""
    walker.connection.close()
    there = Walker(url, walker.cookies)
    there.ask("GET", walker.path)
    assert (there.status, there.path) == (200, walker.path)
    send_one(there, name)
    return name


def test_patients_are_served_by_both_while_the_new_one_migrates_and_afterwards(house: House) -> None:
    command = make_next_program(house.folder, SCHEMA_REVISION)
    ended = threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(2 * SENDERS) as threads:
        stack.callback(ended.set)
        old = house.launch("old")
        stack.callback(old.process.kill)
        senders: list[Future[list[str]]] = [
            threads.submit(send_until, ended, old.url, f"Old {who}") for who in "ABC"[:SENDERS]
        ]
        begun_there = begin_draft(old.url)
        assert house.find_revision() == SCHEMA_REVISION
        new = house.launch("new", command)
        stack.callback(new.process.kill)
        assert house.find_revision() == NEXT
        senders += [threads.submit(send_until, ended, new.url, f"New {who}") for who in "ABC"[:SENDERS]]
        begun_here = begin_draft(new.url)
        names = [go_on(begun_there, new.url, "Old To New"), go_on(begun_here, old.url, "New To Old")]
        ended.set()
        names += [name for sender in senders for name in sender.result(timeout=60)]
        assert house.list_names() == sorted(names)
        old.stop()
        again = house.launch("old")
        stack.callback(again.process.kill)
        last = Walker(again.url)
        last.start()
        send_one(last, "Old Again")
        refused = house.run(COMMAND, "backup", "old.backup")
        made = house.run(command, "backup", "new.backup")
        for server in (again, new):
            server.stop()
    assert house.list_names() == sorted([*names, "Old Again"])
    assert refused.returncode == 2
    assert "a newer program brought the database up to date; make the backup with that one" in refused.stderr
    assert made.returncode == 0, made.stderr
    told = house.run(COMMAND, "doctor", "--offline").stdout
    assert f"database: its schema is {NEXT}, and this program’s {SCHEMA_REVISION}: a newer program brought it" in told
    assert house.run(COMMAND, "keys", "rotate").returncode == 2
    assert house.find_revision() == NEXT


def test_where_a_release_took_something_away_an_older_program_refuses_to_start(house: House) -> None:
    assert house.run(COMMAND, "demo", "--responses", "1").returncode == 0
    command = make_next_program(house.folder, NEXT)
    assert house.run(command, "keys", "list").returncode == 0
    refused = house.run(COMMAND, "serve")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"FOREWORD_DATABASE_URL: the database is at schema revision {NEXT}, this program knows {SCHEMA_REVISION}; "
        "start the newer program, or restore the backup made before it\n"
    )
    assert house.run(command, "keys", "list").returncode == 0
