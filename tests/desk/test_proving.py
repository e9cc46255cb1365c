"""Where a backup is proved: what a killed one left is found and removed, and never what somebody works in."""

from pathlib import Path

from app.desk.proving import clear_leftovers, list_leftovers, open_place
from tests.desk.conftest import Clinic
from tests.desk.test_doctor import find


def leave(folder: Path) -> Path:
    place = folder / "proof-killed"
    place.mkdir()
    (place / "proof.sqlite3").write_bytes(b"sealed")
    return place


def test_nothing_stays_of_a_proof(tmp_path: Path) -> None:
    with open_place(tmp_path) as place:
        (place / "proof.sqlite3").write_bytes(b"sealed")
        assert place.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_is_found_and_removed_once_nobody_works_there(tmp_path: Path) -> None:
    left = leave(tmp_path)
    (tmp_path / "foreword.sqlite3").write_bytes(b"")
    with open_place(tmp_path) as place:
        assert list_leftovers(tmp_path) == []
        assert clear_leftovers(tmp_path) == 0
        assert left.exists()
        assert place.exists()
    assert list_leftovers(tmp_path) == [left]
    assert clear_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["foreword.sqlite3"]
    assert clear_leftovers(tmp_path / "nowhere") == 0


def test_the_doctor_names_it(clinic: Clinic) -> None:
    left = leave(clinic.settings.data)
    [line] = find(clinic, "Files")
    assert (
        line == f"{left}: a backup that was broken off left a copy of the database; restart the program: it removes it"
    )
