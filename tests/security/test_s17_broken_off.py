"""S17: a restore that is killed leaves a database on which nothing begins, and is run again (both databases)."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.desk.backup import is_empty
from app.storage.engine import begin_read, begin_write, create_engine_for, find_revision
from app.storage.metadata import SCHEMA_REVISION
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run, run
from tests.support.ports import find_free_port
from tests.support.server import COMMAND

__all__ = ["run"]
REFUSED = "the database is empty, and "
TRIES = 40


@pytest.fixture
def lived(run: Run, tmp_path: Path, database_url: str) -> Lived:
    """Give a clinic on either database with so much in it that loading it takes a moment."""
    return make_clinic(run, tmp_path, 60, database_url)


def wipe(engine: Engine) -> None:
    """Lose a database."""
    if engine.dialect.name == "sqlite":
        engine.dispose()
        path = Path(engine.url.database or "")
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return
    with begin_write(engine) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def kill_between(lived: Lived, engine: Engine, backup: Path) -> bool:
    """Kill a restore once the tables are there, and tell whether that was before the rows were."""
    environ = {"PATH": os.environ["PATH"], **lived.environ}
    restore = subprocess.Popen([COMMAND, "restore", str(backup)], env=environ, stdout=subprocess.DEVNULL)
    path = Path(engine.url.database or "")
    is_file = engine.dialect.name == "sqlite"
    while restore.poll() is None:
        if (not is_file or path.exists()) and find_revision(engine) == SCHEMA_REVISION:
            break
        time.sleep(0.001)
    restore.kill()
    return restore.wait() == -signal.SIGKILL and is_empty(engine)


def test_after_a_kill_in_the_middle_nothing_begins_on_what_is_left_and_a_restore_can_be_run_again(
    lived: Lived, tmp_path: Path, database_url: str
) -> None:
    backup = tmp_path / "monday.backup"
    made = lived.run("backup", str(backup))
    assert made.code == 0, made.err
    references = lived.list_references()
    engine = create_engine_for(database_url)
    # When the database is lost, and the restore killed between its tables and its rows
    for _ in range(TRIES):
        wipe(engine)
        if kill_between(lived, engine, backup):
            break
    assert is_empty(engine)
    # Then neither a server nor a command begins a clinic there
    for words in (("serve",), ("backup", str(tmp_path / "empty")), ("audit", "verify")):
        refused = lived.run(*words, PORT=str(find_free_port()))
        assert refused.code == 2, (words, refused)
        assert REFUSED in refused.err
        assert "restore the newest backup: foreword restore" in refused.err
    assert is_empty(engine)
    # And the restore, run again, brings everything back
    again = lived.run("restore", str(backup))
    assert again.code == 0, again.err
    assert lived.list_references() == references
    assert lived.run("audit", "verify").code == 0
    with begin_read(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM clinic_keys")).scalar() == 1
    engine.dispose()
