"""`foreword audit`: listed, proved, and the end of the log to write down."""

import re
from pathlib import Path

import pytest

from app.storage.engine import begin_read, create_engine_for
from app.storage.trouble import is_new
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path)


def test_a_whole_log_is_proved_and_its_end_is_printed(lived: Lived) -> None:
    head = lived.run("audit", "head")
    assert re.fullmatch(r"[0-9]+:[0-9a-f]{64}\n", head.out)
    proved = lived.run("audit", "verify", "--head", head.out.strip())
    assert (proved.code, proved.err) == (0, "")
    assert "none changed, missing or out of place" in proved.out
    assert head.out.strip() in proved.out


@pytest.mark.parametrize(
    ("attack", "number"),
    [
        ("UPDATE audit_entries SET actor = 'x' WHERE number = 3", 3),
        ("DELETE FROM audit_entries WHERE number = 4", 4),
        ("UPDATE audit_entries SET link = substr(link || link, 2, 64)", 1),
    ],
)
def test_the_first_bad_entry_is_named(lived: Lived, attack: str, number: int) -> None:
    lived.ask("DROP TRIGGER audit_entries_keep_0")
    lived.ask("DROP TRIGGER audit_entries_keep_1")
    lived.ask(attack)
    proved = lived.run("audit", "verify")
    assert proved.code == 1
    assert proved.out.startswith(f"entry {number}: ")


def test_an_end_cut_off_is_found_by_the_head_that_was_written_down(lived: Lived) -> None:
    head = lived.run("audit", "head").out.strip()
    lived.ask("DROP TRIGGER audit_entries_keep_1")
    lived.ask("DELETE FROM audit_entries WHERE number = (SELECT number FROM audit_head)")
    lived.ask("UPDATE audit_head SET number = number - 1")
    lived.ask("UPDATE audit_head SET link = (SELECT link FROM audit_entries e WHERE e.number = audit_head.number)")
    assert lived.run("audit", "verify").code == 0
    assert "entries once" in lived.run("audit", "verify", "--head", head).out


def test_a_head_that_is_none_is_refused(lived: Lived) -> None:
    refused = lived.run("audit", "verify", "--head", "yesterday")
    assert refused.code == 2
    assert "write it as it was printed: NUMBER:LINK" in refused.err


def test_entries_are_listed_with_people_and_narrowed(lived: Lived) -> None:
    listed = lived.run("audit", "list", "--limit", "5")
    assert len(listed.out.splitlines()) == 5
    assert "@demonstration.invalid" in lived.run("audit", "list", "--limit", "500").out
    reference = lived.list_references()[0]
    about = lived.run("audit", "list", "--reference", reference.lower(), "--limit", "500").out
    assert about
    assert all(reference in line for line in about.splitlines())
    opened = lived.run("audit", "list", "--action", "response.opened", "--person", "reviewer@demonstration.invalid")
    assert {line.split("  ")[3] for line in opened.out.splitlines()} == {"response.opened"}
    assert lived.run("audit", "list", "--until", "2020-01-01").out == ""
    assert lived.ask("SELECT count(*) FROM audit_entries WHERE action = 'audit.viewed'") == [(5,)]


def test_a_folder_without_a_clinic_is_told_and_stays_empty(run: Run, tmp_path: Path) -> None:
    refused = run("audit", "verify", FOREWORD_DATA=str(tmp_path / "nowhere"))
    assert refused.code == 2
    assert "there is no database; name its folder in FOREWORD_DATA" in refused.err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("words", [("audit", "head"), ("staff", "list"), ("doctor",)])
def test_no_command_begins_a_clinic_in_a_database_that_is_empty(
    run: Run, tmp_path: Path, database_url: str, words: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    engine = create_engine_for(database_url)
    with begin_read(engine):
        pass  # on SQLite, this makes the file
    refused = run(*words, FOREWORD_DATABASE_URL=database_url, FOREWORD_DATA=str(data))
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("FOREWORD_DATABASE_URL: nothing is in this database; name the clinic's")
    assert is_new(engine)
    assert not data.exists()
    engine.dispose()
