"""S14: a rotation is killed at every tenth of its way, everything opens, and the old key can go at its end."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.clinic.editions import EditionShelf
from app.desk.keyring import Desk, open_desk
from app.desk.opening import open_newest, open_notes
from app.desk.rotation import Resealed, count_older, make_newest_key, reseal
from app.settings import load_settings
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read, create_engine_for
from app.storage.letters import count_letters
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.keys import PrivateKey, PublicKey, dump_private_key, make_private_key
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Outcome, Run
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
    assert lived.run("audit", "verify").code == 0
    assert lived.ask("SELECT count(*) FROM audit_entries WHERE action = 'key.rotated'") == [(1,)]


class DeadlyKeys(Mapping[str, PrivateKey]):
    """The keys of a process that is killed when it opens so manieth a letter: in the middle of a transaction."""

    def __init__(self, keys: Mapping[str, PrivateKey], left: int) -> None:
        self._keys = keys
        self._left = left

    def __getitem__(self, key_id: str) -> PrivateKey:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._keys[key_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def open_own_desk(lived: Lived) -> tuple[str, Desk]:
    settings = load_settings(lived.environ)
    engine = create_engine_for(settings.database_url)
    desk = open_desk(engine, settings, datetime.now(UTC))
    engine.dispose()
    return settings.database_url, desk


def rotate_and_die(lived: Lived, newest: PublicKey, letters: int) -> None:
    """Go on with a rotation in a process of its own, which is killed after so many letters."""
    url, desk = open_own_desk(lived)
    engine = create_engine_for(url)
    for _ in reseal(engine, replace(desk, keys=DeadlyKeys(desk.keys, letters)), newest, Resealed(), batch=5):
        pass


def read_all(lived: Lived) -> list[str]:
    """Return everything that is sealed, opened with the keys that are there: what does not open fails the test."""
    url, desk = open_own_desk(lived)
    engine = create_engine_for(url)
    with begin_read(engine) as connection:
        shelf = EditionShelf(engine)
        responses = list_responses(connection, ResponseFilter(has_restricted=True), 1000)
        opened = [open_newest(connection, desk, shelf.find, response) for response in responses]
        notes = [open_notes(connection, desk, response.reference) for response in responses]
    engine.dispose()
    assert opened
    assert any(notes)
    assert all(note is not None for some in notes for note in some)
    return [repr((version, some)) for version, some in zip(opened, notes, strict=True)]


def test_killed_at_every_tenth_everything_opens_and_the_next_run_finishes_it(
    run: Run, tmp_path: Path, database_url: str
) -> None:
    lived = make_clinic(run, tmp_path, 40, database_url)
    [old] = (lived.folder / "keys").glob("response-*.pem")
    before = read_all(lived)
    settings = load_settings(lived.environ)
    engine = create_engine_for(settings.database_url)
    with begin_read(engine) as connection:
        total = sum(count_letters(connection).values())
    _, desk = open_own_desk(lived)
    newest = make_newest_key(engine, settings, desk, datetime.now(UTC), actor="command line")
    for tenth in range(1, 10):
        left = count_older(engine)
        # A batch that was begun is undone: each process starts from the whole batch before.
        letters = left - total * (10 - tenth) // 10
        process = multiprocessing.get_context("fork").Process(target=rotate_and_die, args=(lived, newest, letters))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        assert total * (10 - tenth) // 10 <= count_older(engine) < total * (11 - tenth) // 10 + 5
        assert read_all(lived) == before
    with begin_read(engine) as connection:
        assert find_newest_key(connection) == newest
    engine.dispose()
    finished = lived.run("keys", "rotate")
    assert finished.code == 0, finished.err
    assert "Finishing the rotation that was interrupted" in finished.err
    old.unlink()
    assert read_all(lived) == before
    assert lived.run("audit", "verify").code == 0


def serve_once(lived: Lived) -> Outcome:
    """Start the server, which must not come to serve anybody."""
    return lived.run("serve", PORT="1")


@pytest.mark.parametrize("name", ["desk.pem", "response"])
def test_with_another_clinic_s_key_the_server_does_not_start_and_changes_nothing(
    run: Run, tmp_path: Path, database_url: str, name: str
) -> None:
    lived = make_clinic(run, tmp_path, 3, database_url)
    [mine] = (lived.folder / "keys").glob(f"{name}*")
    before = lived.ask("SELECT count(*), max(number) FROM audit_entries"), lived.ask(KEYS)
    mine.write_bytes(dump_private_key(make_private_key(), ""))
    refused = serve_once(lived)
    assert (refused.code, refused.out) == (2, "")
    sentence = {
        "desk.pem": "this key did not write this database’s audit log: it belongs to another database",
        "response": f"the key {mine.stem.removeprefix('response-')}, to which answers are sealed, is missing",
    }[name]
    assert sentence in refused.err
    assert refused.err.count("\n") == 1
    assert (lived.ask("SELECT count(*), max(number) FROM audit_entries"), lived.ask(KEYS)) == before


def test_a_key_that_is_missing_is_told(run: Run, tmp_path: Path) -> None:
    lived = make_clinic(run, tmp_path, 1)
    [path] = (lived.folder / "keys").glob("response-*.pem")
    path.unlink()
    refused = lived.run("keys", "list")
    assert refused.code == 2
    assert "to which answers are sealed, is missing; put it back" in refused.err
