"""A folder of backups whose machine is gone: it answers nobody, and what patients send goes on, and every page."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.bench.walker import Walker
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run, run
from tests.security.story import post, visit
from tests.support.server import Server, StartServer

__all__ = ["run"]

SECONDS = 60
DEAD = "it does not answer"


def wait_until(is_done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.2)
    return is_done()


@contextmanager
def hang(path: Path) -> Iterator[None]:
    """Have whoever opens a file wait for ever, as a mount does whose machine is gone, until the block ends."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    try:
        yield
    finally:
        path.unlink()


def make_kept_clinic(run: Run, folder: Path) -> tuple[Lived, Path]:
    """Return a clinic with a good backup in a folder, and where the list of what it erased is there."""
    lived = make_clinic(run, folder, responses=3)
    backups = folder / "backups"
    backups.mkdir()
    made = lived.run("backup", FOREWORD_BACKUP_FOLDER=str(backups))
    assert made.code == 0, made.err
    [name] = {path.name.rpartition("-")[0] for path in backups.glob("*.backup")}
    return lived, backups / f"{name}.erased"


def count_failures(server: Server, event: str) -> int:
    lines = [json.loads(line) for line in server.read_log().splitlines() if line.startswith("{")]
    return sum((line["event"], line.get("error")) == (event, "SlowError") for line in lines)


def read_health(server: Server) -> str:
    """Return what an administrator reads under *Health*."""
    with closing((walker := Walker(server.url)).connection):
        visit(walker, "/clinic/sign-in")
        post(walker, "/clinic/demonstration", {"as": ["administrator"]})
        visit(walker, "/clinic/health")
        return walker.document.text


def test_a_folder_that_hangs_stops_neither_intake_nor_a_page(
    run: Run, start_server: StartServer, tmp_path: Path
) -> None:
    lived, path = make_kept_clinic(run, tmp_path)

    def ask(statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(lived.folder / "foreword.sqlite3", timeout=60)) as connection:
            rows: list[tuple[object, ...]] = connection.execute(statement).fetchall()
            connection.commit()
        return rows

    with hang(path):
        server = start_server(data=lived.folder, backup_folder=path.parent)
        # Given a turn in which the folder did not answer
        assert wait_until(lambda: count_failures(server, "list of what was erased failed") > 0)
        # When more is sent, then it is taken in all the same
        ask("DELETE FROM response_tokens")
        ask("UPDATE responses SET taken_in = 0")
        assert wait_until(lambda: ask("SELECT count(*) FROM responses WHERE taken_in = 0") == [(0,)])
        # And more people than there are threads look at it at once, read that it does not answer, and go on
        with ThreadPoolExecutor(6) as people:
            assert all(DEAD in text for text in people.map(read_health, [server] * 6))
        with closing((walker := Walker(server.url)).connection):
            walker.start()
            visit(walker, "/healthz", "/readyz")
        told = lived.run("doctor", "--offline", FOREWORD_BACKUP_FOLDER=str(path.parent))
        assert f"{path.parent}: {DEAD}; look at its disk" in told.out
        assert_one_waits(server)
        server.stop(may_have_failed=True)


def assert_one_waits(server: Server) -> None:
    """Fail where not two threads at most wait for the folder: one that would write the list, and one that looks."""
    tasks = Path(f"/proc/{server.process.pid}/task")
    names = []
    for task in tasks.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            names.append((task / "wchan").read_text())
    assert names.count("wait_for_partner") <= 2
