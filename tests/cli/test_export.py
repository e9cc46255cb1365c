"""`foreword export`: a file that is whole or says that it is not, and never one that others can read."""

import csv
import io
import json
import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.clinic import make_clinic
from tests.cli.conftest import Run
from tests.support.server import COMMAND

DEMO = {"FOREWORD_DEMO": "1"}


@pytest.fixture
def filled(run: Run) -> Run:
    assert run("demo", "--responses", "12", **DEMO).code == 0
    return run


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_file_is_written_once_for_its_owner_alone(filled: Run, tmp_path: Path) -> None:
    done = filled("export", "out.csv", **DEMO)
    assert (done.code, done.out) == (0, "out.csv: 12 responses\n")
    assert done.err.splitlines() == ["Responses: 12 of 12"]  # no line for each step where nobody watches
    file = tmp_path / "out.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read(file.read_text())[-1][:2] == ["#rows", "12"]
    again = filled("export", "out.csv", **DEMO)
    assert (again.code, again.err) == (2, "out.csv: there is a file already; name another\n")


def test_standard_output_has_the_file_and_nothing_else(filled: Run) -> None:
    done = filled("export", "-", "--format", "json-lines", "--include", "identity", **DEMO)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines[-1] == {"rows": 12}
    assert all(line["response"]["name"].startswith("Test ") for line in lines[:-1])


def test_what_is_not_asked_for_stays_out(filled: Run) -> None:
    least = read(filled("export", "-", **DEMO).out)[0]
    assert not {"response.name", "response.birth", "alcohol-use", "pregnancy"} & set(least)
    asked = ("--include", "identity", "--include", "substance-use", "--include", "pregnancy")
    most = read(filled("export", "-", "--bom", *asked, **DEMO).out)[0]
    assert most[0] == "\ufeffresponse.reference"
    assert {"response.name", "response.birth", "alcohol-use", "pregnancy"} <= set(most)
    assert "other-conditions" in most
    assert "other-conditions" not in read(filled("export", "-", "--leave-out", "own-words", **DEMO).out)[0]


def test_it_can_be_narrowed(filled: Run, tmp_path: Path) -> None:
    def count(*words: str) -> int:
        return int(read(filled("export", "-", *words, **DEMO).out)[-1][1])

    assert 0 < count("--state", "new") < 12
    assert count("--since", "1990-01-01", "--until", "1990-12-31") == 0
    [(edition,)] = ask(tmp_path, "SELECT hash FROM editions")
    assert count("--edition", edition[:8]) == 12
    unknown = filled("export", "-", "--edition", "zz", **DEMO)
    assert (unknown.code, unknown.out) == (2, "")
    assert "--edition zz: 0 editions begin so" in unknown.err


def test_the_dictionary_has_nobodys_answers(filled: Run) -> None:
    done = filled("export", "-", "--format", "dictionary", **DEMO)
    assert read(done.out)[0] == ["key", "question", "type", "value", "meaning", "left out by default"]
    assert "Test " not in done.out


def test_what_does_not_open_is_told_and_the_rest_is_there(filled: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "instance" / "foreword.sqlite3")) as database, database:
        database.execute("UPDATE response_versions SET sealed = x'00' WHERE rowid = 1")
    done = filled("export", "-", **DEMO)
    assert done.code == 1
    assert "1 response did not open and stands in the file by its reference" in done.err
    lines = read(done.out)
    assert [line[-1] for line in lines].count("unreadable") == 1
    assert lines[-1][:2] == ["#rows", "12"]


def test_there_is_nothing_to_export_where_there_is_no_clinic(run: Run, tmp_path: Path) -> None:
    refused = run("export", "out.csv")
    assert refused.code == 2
    assert "there is no database" in refused.err
    assert list(tmp_path.iterdir()) == []


def test_who_exported_what_stands_in_the_log(filled: Run, tmp_path: Path) -> None:
    filled("export", "out.csv", "--include", "identity", **DEMO)
    asked = "SELECT actor, outcome, about FROM audit_entries WHERE action = 'export.made' ORDER BY number"
    entries = ask(tmp_path, asked)
    assert [entry[:2] for entry in entries] == [("command line", "begun"), ("command line", "done")]
    assert all(json.loads(entry[2])["identity"] == "yes" for entry in entries)


def ask(folder: Path, statement: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "instance" / "foreword.sqlite3")) as database:
        return database.execute(statement).fetchall()


def test_a_day_at_the_end_of_all_calendars_is_told_in_a_sentence(filled: Run, tmp_path: Path) -> None:
    refused = filled("export", "out.csv", "--until", "9999-12-31", **DEMO)
    assert (refused.code, refused.out) == (2, "")
    assert "Invalid value for --until: there is no such day in every time zone; name another" in refused.err
    assert not (tmp_path / "out.csv").exists()


def test_a_reader_who_goes_away_is_told_of_and_accounted_for(filled: Run, tmp_path: Path) -> None:
    assert filled("demo", "--responses", "150", **DEMO).code == 0
    words = [str(COMMAND), "export", "-"]
    settings = {"FOREWORD_DATA": str(tmp_path / "instance"), "PATH": os.environ["PATH"], **DEMO}
    with subprocess.Popen(words, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 2
    assert "standard output: it cannot be written: Broken pipe; what is there is not whole" in said
    asked = "SELECT outcome FROM audit_entries WHERE action = 'export.made' ORDER BY number"
    assert ask(tmp_path, asked) == [("begun",), ("cut-off",)]


@pytest.mark.parametrize("is_end_kept", [True, False], ids=["noted", "not even noted"])
def test_a_file_that_the_database_cut_off_is_told_not_to_be_whole(
    run: Run, tmp_path: Path, database_url: str, *, is_end_kept: bool
) -> None:
    lived = make_clinic(run, tmp_path, responses=3, url=database_url)
    lived.ask("ALTER TABLE response_versions RENAME TO away")
    if not is_end_kept:
        lived.ask(
            "ALTER TABLE audit_entries ADD CONSTRAINT x CHECK (strpos(about, 'unreadable') = 0) NOT VALID"
            if database_url.startswith("postgresql")
            else "CREATE TRIGGER x BEFORE INSERT ON audit_entries WHEN NEW.about LIKE '%unreadable%' "
            "BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    done = lived.run("export", "out.csv")
    assert (done.code, done.out) == (2, "")
    assert "out.csv: what is there is not whole: the database " in done.err
    assert "Traceback" not in done.err
    outcomes = lived.ask("SELECT outcome FROM audit_entries WHERE action = 'export.made' ORDER BY number")
    assert outcomes == [("begun",), ("cut-off",)][: 2 if is_end_kept else 1]
