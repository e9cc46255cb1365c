"""`foreword keys`: a rotation can be killed at any moment, and the next run finishes it (S14)."""

import os
import subprocess
from pathlib import Path

import pytest

from app.storage.engine import begin_read, create_engine_for
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run
from tests.support.server import COMMAND

KEYS = "SELECT substr(sealed, 2, 8), count(*) FROM response_versions GROUP BY 1"


@pytest.fixture
def lived(run: Run, tmp_path: Path, database_url: str) -> Lived:
    return make_clinic(run, tmp_path, 500, database_url)


def count_keys(lived: Lived) -> int:
    return len(lived.ask(KEYS))


def kill_half_way(lived: Lived, process: subprocess.Popen[bytes]) -> None:
    """Kill a rotation as soon as it has sealed some responses again; a reader waits for no writer and is never late."""
    engine = create_engine_for(lived.url)
    is_begun = False
    while not is_begun and process.poll() is None:
        with begin_read(engine) as connection:
            is_begun = len(connection.exec_driver_sql(KEYS).all()) > 1
    process.kill()
    process.wait()
    engine.dispose()


def test_killed_half_way_it_is_finished_by_the_next_run_and_the_old_key_can_go(lived: Lived) -> None:
    [old] = (lived.folder / "keys").glob("response-*.pem")
    environ = {"PATH": os.environ["PATH"], **lived.environ}
    process = subprocess.Popen(
        [COMMAND, "keys", "rotate"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    kill_half_way(lived, process)
    assert count_keys(lived) == 2, "it was killed too late: make the clinic larger"
    listed = lived.run("keys", "list")
    assert listed.code == 0
    assert "sealed to now" in listed.out
    again = lived.run("keys", "rotate")
    assert again.code == 0, again.err
    assert "Finishing the rotation that was interrupted" in again.err
    assert count_keys(lived) == 1
    assert f"{old.stem.removeprefix('response-')}  older  0 responses and notes; its file can be removed" in (
        lived.run("keys", "list").out
    )
    old.unlink()
    shown = lived.run("response", "show", lived.list_references()[-1], "--reason", "drill")
    assert shown.code == 0, shown.err
    assert "the audit log" not in lived.run("audit", "verify").out
    assert lived.ask("SELECT count(*) FROM audit_entries WHERE action = 'key.rotated'") == [(1,)]


def test_a_key_that_is_missing_is_told(lived: Lived) -> None:
    [path] = (lived.folder / "keys").glob("response-*.pem")
    path.unlink()
    refused = lived.run("keys", "list")
    assert refused.code == 2
    assert "to which answers are sealed, is missing; put it back" in refused.err
