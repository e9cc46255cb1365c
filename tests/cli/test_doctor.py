"""`foreword doctor`: everything at once, one line each, and the exit code says whether there was something."""

import os
from pathlib import Path

from tests.cli.clinic import make_clinic
from tests.cli.conftest import Run


def test_each_finding_is_a_line_with_place_fault_and_remedy(run: Run, tmp_path: Path) -> None:
    lived = make_clinic(run, tmp_path)
    (lived.folder / "keys" / "desk.pem").chmod(0o644)
    told = lived.run("doctor", "--offline")
    assert told.code == 1
    lines = told.out.splitlines()
    assert [line.partition(":")[0] for line in lines][:2] == ["FOREWORD_PUBLIC_URL", "FOREWORD_DEMO"]
    assert any(line.startswith("backup: none was made yet") for line in lines)
    assert any(f"run: chmod 600 '{lived.folder}/keys/desk.pem'" in line for line in lines)
    assert told.err.startswith("Keys in use, with how many responses and notes: ")
    assert all(": " in line and "; " in line for line in lines)


def test_commands_read_a_demonstration_without_its_setting(run: Run, tmp_path: Path) -> None:
    lived = make_clinic(run, tmp_path)
    [reference, *_] = lived.list_references()
    real = {"FOREWORD_DEMO": ""}
    told = lived.run("doctor", "--offline", **real)
    assert told.code == 1
    assert "FOREWORD_DEMO: this database is a demonstration's" in told.out
    assert "set it to 1" in told.out
    for untrue in ("is not set up", "no active person", "demonstration staff are still there"):
        assert untrue not in told.out
    listed = lived.run("audit", "list", "--action", "response.received", **real)
    assert (listed.code, listed.err) == (0, "")
    assert "response.received" in listed.out
    for words in (
        ("audit", "verify"),
        ("audit", "head"),
        ("staff", "list"),
        ("keys", "list"),
        ("purge", "--dry-run"),
        ("response", "show", reference, "--reason", "drill"),
        ("backup", str(tmp_path / "a")),
    ):
        done = lived.run(*words, **real)
        assert (words, done.code) == (words, 0), done.err


def test_where_it_cannot_look_it_says_so(run: Run, tmp_path: Path) -> None:
    refused = run("doctor", FOREWORD_DATA=str(tmp_path / "nowhere"))
    assert (refused.code, refused.out) == (2, "")
    gone = run("doctor", FOREWORD_DATABASE_URL="postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    assert gone.code == 2
    assert "the database server cannot be reached; look whether it runs" in gone.err
    assert "secret" not in gone.err


def test_of_a_database_that_was_emptied_it_says_what_to_do(run: Run, tmp_path: Path, database_url: str) -> None:
    lived = make_clinic(run, tmp_path, responses=1, url=database_url)
    if database_url.startswith("sqlite"):
        os.truncate(database_url.removeprefix("sqlite:///"), 0)
    else:
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            lived.ask(statement)
    emptied = lived.run("doctor", "--offline")
    assert (emptied.code, emptied.out) == (2, "")
    assert emptied.err.startswith("FOREWORD_DATABASE_URL: the database is empty, and ")
    assert "foreword restore" in emptied.err
    (lived.folder / "keys").rename(lived.folder / "away")
    without = lived.run("doctor", "--offline")
    assert without.code == 2
    assert without.err.startswith("FOREWORD_DATABASE_URL: ")
    for told in (emptied, without):
        assert "SELECT" not in told.err
        assert "Traceback" not in told.err
