"""`foreword demo`: a demonstration is filled, and nothing else is."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Run


def count(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "instance" / "foreword.sqlite3")) as database:
        (found,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a table of the program's
    return int(found)


def test_a_demonstration_is_filled_and_those_that_are_there_stay(run: Run, tmp_path: Path) -> None:
    first = run("demo", "--responses", "30", FOREWORD_DEMO="1")
    assert (first.code, first.out) == (0, "30 made-up responses came in; 0 were there already\n")
    again = run("demo", "--responses", "35", FOREWORD_DEMO="1")
    assert again.out == "5 made-up responses came in; 30 were there already\n"
    assert count(tmp_path, "responses") == 35


def test_what_is_there_already_is_left_alone(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--if-empty", FOREWORD_DEMO="1").out == ""
    assert count(tmp_path, "responses") == 24
    assert run("demo", "--if-empty", "--seed", "other", FOREWORD_DEMO="1").code == 0
    assert count(tmp_path, "responses") == 24


def test_no_real_clinic_is_filled(run: Run, tmp_path: Path) -> None:
    refused = run("demo")
    assert refused.code == 2
    assert refused.err == (
        "FOREWORD_DEMO: made-up responses belong in no real clinic; set it to 1 for a demonstration\n"
    )
    assert not (tmp_path / "instance").exists()


def test_where_only_patients_are_served_there_is_nothing_to_fill(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--if-empty", FOREWORD_DEMO="1", FOREWORD_ROLE="patient").code == 0
    refused = run("demo", FOREWORD_DEMO="1", FOREWORD_ROLE="patient")
    assert (refused.code, refused.err[:14]) == (2, "FOREWORD_ROLE:")
    assert not (tmp_path / "instance").exists()


def test_faults_of_the_questionnaire_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text("resourceType: Questionnaire\n")
    refused = run("demo", FOREWORD_DEMO="1", FOREWORD_QUESTIONS="q.yaml")
    assert refused.code == 2
    assert "q.yaml:1" in refused.err
