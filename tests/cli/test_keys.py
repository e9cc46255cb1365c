"""`foreword keys lock`: a passphrase that is set or changed later locks what is there; until then everybody is told."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.desk.keyring import read_key
from app.settings import StartError
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run
from tests.support.source import ROOT

NOT_LOCKED = "a passphrase is set, and this key is not locked with it; lock it: foreword keys lock"
PASSPHRASE = {"FOREWORD_KEY_PASSPHRASE": "four plain words here"}
OTHER = {"FOREWORD_KEY_PASSPHRASE": "and four other ones"}
BACK = {**PASSPHRASE, "FOREWORD_KEY_PASSPHRASE_BEFORE": OTHER["FOREWORD_KEY_PASSPHRASE"]}
CHANGE = {**OTHER, "FOREWORD_KEY_PASSPHRASE_BEFORE": PASSPHRASE["FOREWORD_KEY_PASSPHRASE"]}


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path, 3)


def list_key_files(lived: Lived) -> list[Path]:
    return sorted((lived.folder / "keys").glob("*.pem"))


def name_subject(path: Path) -> str:
    """Return what a key is called in the audit log."""
    return "desk" if path.name == "desk.pem" else read_key(path, *PASSPHRASE.values(), *OTHER.values(), "").public.id


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
    assert "Start a server again that started without this passphrase" in locked.out
    assert [line for line in locked.out.splitlines() if line.endswith(": locked")] == [f"{p}: locked" for p in before]
    for path, public in before.items():
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert path.stat().st_mode & 0o777 == 0o600
        assert read_key(path, PASSPHRASE["FOREWORD_KEY_PASSPHRASE"]).public == public
        with pytest.raises(StartError):
            read_key(path, "")
    assert sorted(path.name for path in (lived.folder / "keys").iterdir()) == [path.name for path in before]
    assert sorted(list_entries(lived)) == sorted(map(name_subject, before))
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
    assert list_entries(lived).count(name_subject(response)) == 2
    assert lived.run("keys", "lock", **PASSPHRASE).out == "Every key is locked already.\n"
    assert len(list_entries(lived)) == 3


def test_whatever_else_lies_beside_the_keys_is_named_and_left_and_keeps_no_key_open(lived: Lived) -> None:
    # Given copies and other files beside the keys, with names of all kinds
    keys = list_key_files(lived)
    folder = keys[0].parent
    names = (f"{keys[1].stem} (copy).pem", "desk é.pem", "response-.pem", "copy.tar")
    strangers = [folder / name for name in names]
    for path in strangers:
        shutil.copy2(keys[1], path)
    before = {path: path.read_bytes() for path in strangers}
    # When the keys are locked
    locked = lived.run("keys", "lock", **PASSPHRASE)
    # Then all of them are, and each other file is named and as it was
    assert locked.code == 1
    assert [path for path in keys if f"{path}: locked" not in locked.out] == []
    assert [path for path in keys if not path.read_bytes().startswith(b"-----BEGIN ENCRYPTED")] == []
    told = [line.partition(": no key is called so, and it was left as it is")[0] for line in locked.err.splitlines()]
    assert told == sorted(map(str, strangers))
    assert {path: path.read_bytes() for path in strangers} == before
    assert sorted(list_entries(lived)) == sorted(map(name_subject, keys))
    # And what they are locked with later, and whether they open, is nobody's business
    assert lived.run("keys", "lock", **CHANGE).code == 1
    strangers[0].write_bytes(b"no key")
    assert lived.run("response", "show", lived.list_references()[0], "--reason", "drill", **OTHER).code == 0
    assert lived.run("keys", "list", **OTHER).code == 0


def test_without_a_passphrase_nothing_is_locked(lived: Lived) -> None:
    refused = lived.run("keys", "lock")
    assert refused.code == 2
    assert "FOREWORD_KEY_PASSPHRASE: none is set" in refused.err
    assert list_entries(lived) == []


def test_a_passphrase_is_changed_and_what_was_there_opens_with_the_new_one_only(lived: Lived) -> None:
    assert lived.run("keys", "lock", **PASSPHRASE).code == 0
    before = {path: read_key(path, *PASSPHRASE.values()).public for path in list_key_files(lived)}
    told = lived.run("doctor", "--offline", **CHANGE).out
    assert [path for path in before if f"{path}: {NOT_LOCKED}" not in told] == []
    changed = lived.run("keys", "lock", **CHANGE)
    assert changed.code == 0, changed.err
    assert changed.out.splitlines()[: len(before)] == [f"{path}: locked" for path in before]
    assert "FOREWORD_KEY_PASSPHRASE_BEFORE opens no key any more" in changed.out
    for path, public in before.items():
        assert (read_key(path, *OTHER.values()).public, path.stat().st_mode & 0o777) == (public, 0o600)
        with pytest.raises(StartError):
            read_key(path, *PASSPHRASE.values())
    assert sorted(list_entries(lived)) == sorted([*map(name_subject, before)] * 2)
    assert "not locked" not in lived.run("doctor", "--offline", **OTHER).out
    assert "set FOREWORD_KEY_PASSPHRASE" in lived.run("keys", "list", **PASSPHRASE).err


def test_with_the_wrong_passphrase_before_nothing_is_changed(lived: Lived) -> None:
    assert lived.run("keys", "lock", **PASSPHRASE).code == 0
    before = {path: path.read_bytes() for path in list_key_files(lived)}
    wrong = {**OTHER, "FOREWORD_KEY_PASSPHRASE_BEFORE": "none of these"}
    for refused, said in (
        (lived.run("keys", "lock", **wrong), "desk.pem: this is no private key of this program, or its passphrase is"),
        (
            lived.run("keys", "lock", FOREWORD_KEY_PASSPHRASE_BEFORE="four plain words here"),
            "FOREWORD_KEY_PASSPHRASE_BEFORE: FOREWORD_KEY_PASSPHRASE is none; set that to the new one, too",
        ),
    ):
        assert refused.code == 2
        assert said in refused.err
        assert not {"none of these", "four plain words here"} & {refused.err, refused.out}
    assert {path: path.read_bytes() for path in before} == before
    assert len(list_entries(lived)) == len(before)


def test_whenever_a_change_is_killed_every_key_opens_and_the_next_run_ends_it(lived: Lived) -> None:
    assert lived.run("keys", "lock", **PASSPHRASE).code == 0
    files = list_key_files(lived)
    environ = {**os.environ, **lived.environ, **CHANGE}
    told = subprocess.run(
        [sys.executable, "-m", "tests.cli.killed_lock"], cwd=ROOT, env=environ, capture_output=True, check=True
    ).stdout
    *killed, whole = [json.loads(line) for line in told.splitlines()]
    assert (whole["code"], whole["opened"]) == (0, ["new"] * len(files))
    assert {one["code"] for one in killed} == {-signal.SIGKILL}
    assert {tuple(one["opened"]) for one in killed} == {("old", "old"), ("new", "old"), ("new", "new")}
    assert {mode for one in killed for mode in one["modes"]} == {"0o600"}
    # No file was locked anew without its entry, whenever the kill came.
    assert len(list_entries(lived)) >= len(files) + sum(one["opened"].count("new") for one in [*killed, whole])
    # And where each is locked with another one, all goes on, and the next run ends it.
    before = files[0].read_bytes()
    assert lived.run("keys", "lock", **BACK).code == 0
    files[0].write_bytes(before)
    assert lived.run("response", "show", lived.list_references()[0], "--reason", "drill", **CHANGE).code == 0
    again = lived.run("keys", "lock", **CHANGE)
    assert (again.code, again.out.splitlines()[0]) == (0, f"{files[1]}: locked")
    assert list_key_files(lived) == sorted(files[0].parent.iterdir())
    assert lived.run("audit", "verify", **OTHER).code == 0
