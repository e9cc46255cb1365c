"""`foreword keys lock`: a passphrase that is set later locks what is there, and until then everybody is told."""

import shutil
from pathlib import Path

import pytest

from app.desk.keyring import read_key
from app.settings import StartError
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run

NOT_LOCKED = "a passphrase is set, and this key is not locked with it; lock it: foreword keys lock"
PASSPHRASE = {"FOREWORD_KEY_PASSPHRASE": "four plain words here"}


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path, 3)


def list_key_files(lived: Lived) -> list[Path]:
    return sorted((lived.folder / "keys").glob("*.pem"))


def list_entries(lived: Lived) -> list[str]:
    return [str(row[0]) for row in lived.ask("SELECT subject FROM audit_entries WHERE action = 'key.locked'")]


def test_keys_that_a_later_passphrase_does_not_lock_are_told(lived: Lived) -> None:
    assert NOT_LOCKED not in lived.run("doctor", "--offline").out
    told = lived.run("doctor", "--offline", **PASSPHRASE)
    listed = lived.run("keys", "list", **PASSPHRASE)
    for path in list_key_files(lived):
        assert f"{path}: {NOT_LOCKED}" in told.out
        assert f"{path}: {NOT_LOCKED}" in listed.err


def test_keys_are_locked_and_open_with_the_passphrase_only(lived: Lived) -> None:
    before = {path: read_key(path, "").public for path in list_key_files(lived)}
    locked = lived.run("keys", "lock", **PASSPHRASE)
    assert locked.code == 0, locked.err
    assert [line for line in locked.out.splitlines() if line.endswith(": locked")] == [f"{p}: locked" for p in before]
    for path, public in before.items():
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert path.stat().st_mode & 0o777 == 0o600
        assert read_key(path, PASSPHRASE["FOREWORD_KEY_PASSPHRASE"]).public == public
        with pytest.raises(StartError):
            read_key(path, "")
    assert sorted(path.name for path in (lived.folder / "keys").iterdir()) == [path.name for path in before]
    assert sorted(list_entries(lived)) == [path.name for path in before]
    assert "not locked" not in lived.run("doctor", "--offline", **PASSPHRASE).out
    assert lived.run("audit", "verify", **PASSPHRASE).code == 0
    assert lived.run("response", "show", lived.list_references()[0], "--reason", "drill", **PASSPHRASE).code == 0
    assert "set FOREWORD_KEY_PASSPHRASE" in lived.run("keys", "list").err


def test_what_was_interrupted_is_finished_by_the_next_run(lived: Lived, tmp_path: Path) -> None:
    desk, response = list_key_files(lived)
    shutil.copy2(response, tmp_path / "open.pem")
    assert lived.run("keys", "lock", **PASSPHRASE).code == 0
    whole = desk.read_bytes()
    shutil.copy2(tmp_path / "open.pem", response)  # as it is left when the run is killed after the first file
    (response.parent / f".{response.name}.x.partial").write_bytes(b"half")
    assert lived.run("keys", "list", **PASSPHRASE).code == 0
    again = lived.run("keys", "lock", **PASSPHRASE)
    assert (again.code, again.out.splitlines()[0]) == (0, f"{response}: locked")
    assert desk.read_bytes() == whole
    assert list_key_files(lived) == sorted(response.parent.iterdir())
    assert list_entries(lived).count(response.name) == 2
    assert lived.run("keys", "lock", **PASSPHRASE).out == "Every key is locked already.\n"
    assert len(list_entries(lived)) == 3


def test_without_a_passphrase_nothing_is_locked(lived: Lived) -> None:
    refused = lived.run("keys", "lock")
    assert refused.code == 2
    assert "FOREWORD_KEY_PASSPHRASE: none is set" in refused.err
    assert list_entries(lived) == []
