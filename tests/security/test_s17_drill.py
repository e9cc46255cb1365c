"""S17: the drill of docs/backups.md as it stands there, after twenty patients sent at once and the machine was lost."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.desk.backup import find_backup_key
from app.questionnaire.answer import Answer
from tests.cli.clinic import Lived
from tests.cli.conftest import Run
from tests.security.sending import OpenDesk, open_files, walk_and_send
from tests.support.postgres import PostgresServer
from tests.support.server import COMMAND, Server, StartServer
from tests.support.source import ROOT

PATIENTS = 20
AFTERWARDS = 4
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MOMENT = re.compile(r"(\d+) responses, \d+ rows as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC")


def read_commands(heading: str) -> list[str]:
    """Return the commands of docs/backups.md under a heading, each as it stands there."""
    text = (ROOT / "docs/backups.md").read_text()
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    [block] = _BLOCK.findall(section)
    return [line.removeprefix("$ ") for line in block.splitlines()]


def run_as_written(commands: list[str], place: Path, **environ: str) -> str:
    """Run commands in one shell, with `/srv` being a folder of the test's, and return what they said."""
    script = "\n".join(["set -eu", *commands]).replace("/srv/", f"{place}/srv/")
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"PATH": path, "FOREWORD_DEMO": "1", **environ},
        cwd=place,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def name_patient(number: int) -> str:
    return f"Drill {chr(ord('A') + number)}"


def send_many(url: str, numbers: range) -> None:
    """Have that many patients send at once; each is told that it was received, or the test fails."""

    def send(number: int) -> None:
        answers: dict[str, Answer] = {}
        walker = walk_and_send(url, answers, {"patient-name": [name_patient(number)]})
        walker.connection.close()

    with ThreadPoolExecutor(len(numbers)) as threads:
        list(threads.map(send, numbers))


def list_names(opened: OpenDesk) -> list[str]:
    return sorted(opened.open(version).sent.patient.name for version in opened.list_stored())


def test_what_is_missing_after_the_drill_is_what_came_after_the_backup(
    start_server: StartServer, run: Run, tmp_path: Path, request: pytest.FixtureRequest, database_url: str
) -> None:
    is_postgres = database_url.startswith("postgresql")
    here = {"FOREWORD_DATABASE_URL": database_url} if is_postgres else {}
    server = start_server(**({"database_url": database_url} if is_postgres else {}))
    lived = Lived(run, server.data, database_url if is_postgres else "")
    made = work_and_back_up(server, lived, tmp_path, here)
    reference = lived.list_references()[0]
    assert len(lived.list_references()) == PATIENTS + AFTERWARDS

    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    shutil.rmtree(server.data)

    other = request.getfixturevalue("other_url") if is_postgres else ""
    there = {"FOREWORD_DATABASE_URL": other} if is_postgres else {}
    said = run_as_written(read_commands("The drill"), tmp_path, REFERENCE=reference, **there)
    assert _MOMENT.search(said)
    assert "backup.restored" in said
    new = tmp_path / "srv" / "new"
    with open_files(new, other or f"sqlite:///{new}/foreword.sqlite3") as opened:
        assert list_names(opened) == sorted(map(name_patient, range(PATIENTS)))
    [line] = [line for line in made.splitlines() if line.startswith("The audit log ends with ")]
    verify = f"foreword audit verify --head {line.rpartition(' ')[2]}"
    run_as_written([verify], tmp_path, FOREWORD_DATA=str(new), **there)


def work_and_back_up(server: Server, lived: Lived, place: Path, here: dict[str, str]) -> str:
    """Have twenty send at once during a backup, make another, then have more send; return what the other one said."""
    backups = place / "srv" / "backups"
    for folder in (backups, place / "srv" / "safe"):
        folder.mkdir(parents=True)
    own = {"FOREWORD_DATA": str(server.data), "FOREWORD_BACKUP_FOLDER": str(backups), **here}
    with ThreadPoolExecutor(1) as thread:
        backup = thread.submit(run_as_written, ["foreword backup"], place, **own)
        send_many(server.url, range(PATIENTS))
        during = backup.result()
    made = run_as_written(["foreword backup"], place, **own)
    run_as_written(read_commands("Every night"), place, **own)
    assert count_responses(during) <= count_responses(made) == PATIENTS == len(lived.list_references())
    send_many(server.url, range(PATIENTS, PATIENTS + AFTERWARDS))
    return made


def count_responses(said: str) -> int:
    found = re.search(r"backup: (\d+) responses", said)
    assert found is not None, said
    return int(found[1])


@pytest.fixture
def other_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make a second database on the PostgreSQL server."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def test_the_server_makes_one_by_itself_and_the_doctor_knows_it(
    start_server: StartServer, run: Run, tmp_path: Path
) -> None:
    backups, data = tmp_path / "backups", tmp_path / "data"
    backups.mkdir()
    data.mkdir(mode=0o700)
    find_backup_key(data / "backup.key", may_make=True)
    server = start_server(data=data, backup_folder=backups, backup_hour=0)
    lived = Lived(run, data)
    # It is entered after it has its name
    while "backup.made" not in lived.run("audit", "list", "--action", "backup.made").out:
        assert server.process.poll() is None
        time.sleep(0.1)
    assert len(list(backups.glob("foreword-*.backup"))) == 1
    told = lived.run("doctor", "--offline", FOREWORD_BACKUP_FOLDER=str(backups))
    assert "Last good backup: 20" in told.err
    assert "(0 h ago)" in told.err
    assert not [line for line in told.out.splitlines() if "backup" in line]
