"""A database that was damaged: the start says so in one sentence, changes nothing, and never begins an empty one."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import find_free_port
from tests.torture.client import Traffic
from tests.torture.clinic import open_clinic
from tests.torture.ledger import Ledger
from tests.torture.patients import Patient
from tests.torture.person import begin, check_kept
from tests.torture.program import Program

SENTENCE = "the database is damaged; copy its files away as they are, and restore the newest backup"
EMPTY = "the database is empty, and "


@dataclass(frozen=True, slots=True)
class Lived:
    """A clinic that has received something, as it stands after its server was killed; and its newest backup."""

    program: Program
    backup: Path
    head: str


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("lived")
    folder.chmod(0o700)
    program = Program(folder / "clinic", find_free_port())
    program.folder.mkdir(mode=0o700)
    ledger = Ledger(folder / "ledger")
    try:
        program.start_well()
        open_clinic(program, Traffic()).client.close()
        for number in range(3):
            patient = Patient(number, "5", program.url, Traffic(), ledger)
            patient.fill_in()
            patient.send()
            patient.client.close()
        backup = folder / "backup"
        assert program.run("backup", str(backup)).code == 0
        head = program.run("audit", "head").out.strip()
    finally:
        program.kill()
        ledger.close()
    return Lived(program, backup, head)


@pytest.fixture
def damaged(lived: Lived, tmp_path: Path) -> Program:
    """Give a copy of it, for a test to damage."""
    shutil.copytree(lived.program.data, tmp_path / "clinic" / "data")
    (tmp_path / "clinic" / "data").chmod(0o700)
    return Program(tmp_path / "clinic", find_free_port())


def settle(database: Path) -> None:
    """Have everything stand in the database's own file, as after an end without a kill."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def cut(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2)


def cut_in_a_page(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size - 1000)


def empty(database: Path) -> None:
    database.write_bytes(b"")


def overwrite(database: Path, place: int) -> None:
    with database.open("r+b") as file:
        file.seek(place)
        file.write(b"\xa5" * 4096)


def overwrite_a_page(database: Path) -> None:
    overwrite(database, 8 * 4096)


def overwrite_the_head(database: Path) -> None:
    overwrite(database, 0)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut, SENTENCE),
        (cut_in_a_page, SENTENCE),
        (overwrite_a_page, SENTENCE),
        (overwrite_the_head, SENTENCE),
        (empty, EMPTY),
        (Path.unlink, EMPTY),
    ],
)
def test_a_damaged_database_is_told_and_left_alone(
    damage: Callable[[Path], None], sentence: str, damaged: Program
) -> None:
    settle(damaged.database)
    damage(damaged.database)
    before = damaged.database.read_bytes() if damaged.database.exists() else b""
    refused = damaged.refuse()
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1), refused.err
    assert sentence in refused.err
    assert "foreword restore" in refused.err
    if before:
        assert damaged.database.read_bytes() == before
    if damage is empty:
        assert damaged.run("purge").code == 2  # and a command is no way around


def test_damage_while_people_write_costs_nothing_typed(damaged: Program) -> None:
    settle(damaged.database)
    try:
        damaged.start_well()
        person = begin(damaged)
        person.open("/questions/60")
        settle(damaged.database)
        for place in range(4096, damaged.database.stat().st_size, 4096):
            overwrite(damaged.database, place)
        with closing(sqlite3.connect(damaged.database)) as connection:
            connection.execute("PRAGMA user_version = 1")  # another's write: what others remember of the file is old
        check_kept(person.type(other_conditions="typed in vain"), "typed in vain")
    finally:
        damaged.kill()
    assert SENTENCE in damaged.refuse().err


def test_what_the_sentence_says_brings_everything_back(lived: Lived, damaged: Program) -> None:
    settle(damaged.database)
    overwrite_the_head(damaged.database)
    assert damaged.refuse().code == 2
    away = damaged.folder / "away"
    away.mkdir()
    for path in damaged.data.glob("foreword.sqlite3*"):
        path.rename(away / path.name)
    restored = damaged.run("restore", str(lived.backup))
    assert restored.code == 0, restored.err
    try:
        damaged.start_well()
    finally:
        damaged.kill()
    assert '{"rows":3}' in damaged.run("export", "-", "--format", "json-lines").out
    assert damaged.run("audit", "verify", "--head", lived.head).code == 1  # the backup itself stands after its end


def test_a_journal_that_was_cut_off_costs_its_end_and_a_written_down_head_shows_it(
    lived: Lived, damaged: Program
) -> None:
    journal = damaged.database.with_name(f"{damaged.database.name}-wal")
    assert journal.stat().st_size > 0
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size // 2 + 100)
    try:
        damaged.start_well()
    finally:
        damaged.kill()
    assert damaged.run("audit", "verify").code == 0
    found = damaged.run("audit", "verify", "--head", lived.head)
    assert (found.code, found.out.startswith("entry ")) == (1, True), found.out + found.err
