"""The backup of the night: once however many programs run, proved before it has its name, older ones kept till then."""

import io
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.clinic.keeper import ClinicKeeper
from app.desk.backup import KEY_FILE, BackupError, find_backup_key, hurry, load_backup, prove_backup
from app.desk.backup_folder import clear_folder, find_newest, list_backups
from app.desk.doctor import examine
from app.desk.doctor_backup import describe_last
from app.desk.erased import ErasedList, erase_again, name_list, read_list
from app.desk.nightly import Night
from app.desk.nightly_backup import back_up, run_due_backup
from app.storage.audit import AuditFilter, Event, append_event, list_entries, verify_log
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from app.storage.responses import erase_response, find_response
from app.vault.box import name_key
from tests.desk.conftest import NOW, Clinic, open_clinic

NIGHT = NOW.replace(hour=9)  # four o'clock in Chicago, where the demonstration is
LATER = NIGHT + timedelta(days=99)


class Kept:
    """A clinic with a folder for its backups."""

    def __init__(self, clinic: Clinic, folder: Path) -> None:
        self.clinic = clinic
        self.folder = folder
        self.settings = replace(clinic.settings, backup_folder=folder, backup_days=30)
        self.key, _ = find_backup_key(clinic.settings.data / KEY_FILE, may_make=True)

    @property
    def night(self) -> Night:
        """Return what the chores of the night work with."""
        keeper = ClinicKeeper(self.clinic.engine, is_demonstration=True)
        return Night(settings=self.settings, engine=self.clinic.engine, keeper=keeper, desk=self.clinic.desk)

    def back_up(self, now: datetime) -> Path:
        """Make a backup, whatever the hour."""
        return back_up(self.settings, self.clinic.engine, self.clinic.desk, now, actor="program", pace=hurry)[0]

    def list_moments(self) -> list[datetime]:
        """Return of when the backups in the folder are."""
        return [moment for moment, _ in list_backups(self.folder, self.key)]

    def list_files(self) -> list[str]:
        """Return the name of everything in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def list_findings(self, now: datetime) -> list[str]:
        """Return what the doctor says of backups, once the folder's disk had the time that it needs."""
        until = time.monotonic() + 60
        while "it does not answer" in "".join(findings := self._look(now)):
            assert time.monotonic() < until, findings
        return findings

    def _look(self, now: datetime) -> list[str]:
        parts = {part.name: part.findings for part in examine(self.settings, self.clinic.engine, now)}
        return [str(finding) for finding in parts["Backup"]]

    def list_outcomes(self) -> list[tuple[str, str]]:
        """Return how each try ended that the log has, and why, the newest first."""
        with begin_read(self.clinic.engine) as connection:
            entries = list_entries(connection, AuditFilter(action="backup.made"))
        return [(entry.event.outcome, str(entry.event.about.get("reason", ""))) for entry in entries]


@pytest.fixture
def kept(any_clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Give a clinic with three responses and an empty folder for its backups."""
    any_clinic.fill(3)
    return Kept(any_clinic, tmp_path_factory.mktemp("backups"))


def test_of_many_programs_that_wake_at_once_one_makes_it_and_it_restores(kept: Kept, tmp_path: Path) -> None:
    tried: list[bool] = []
    threads = [threading.Thread(target=lambda: tried.append(run_due_backup(kept.night, NIGHT))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tried) == [False] * 5 + [True]
    assert kept.list_moments() == [NIGHT]
    with find_newest(kept.folder, kept.key, LATER).open("rb") as file:
        assert prove_backup(file, kept.key, kept.clinic.desk, tmp_path).counts["responses"] == 3
    assert find_newest(kept.folder, kept.key, LATER).stat().st_mode & 0o077 == 0
    assert not run_due_backup(kept.night, NIGHT + timedelta(hours=1))
    assert not run_due_backup(kept.night, NIGHT + timedelta(hours=22))  # two o'clock is too early for the next night's
    assert run_due_backup(kept.night, NIGHT + timedelta(days=1))
    assert len(kept.list_files()) == 2
    assert kept.list_findings(NIGHT + timedelta(days=1)) == []
    assert describe_last(kept.clinic.engine, NIGHT + timedelta(days=1, hours=5)).endswith("(5 h ago)")


def test_old_ones_go_after_a_newer_good_one_and_only_this_clinic_s(kept: Kept) -> None:
    other = f"foreword-{name_key(b'o' * 32)}-20200101T000000Z.backup"
    notes = f"foreword-{name_key(kept.key)}-notes.backup"
    for name in (other, notes):
        (kept.folder / name).write_bytes(b"somebody else's")
    for days in (0, 1, 2, 23, 24, 25, 26, 27, 28):
        kept.back_up(NIGHT + timedelta(days=days))
    assert len(kept.list_moments()) == 9
    kept.back_up(NIGHT + timedelta(days=31, hours=1))
    assert kept.list_moments() == [NIGHT + timedelta(days=days) for days in (2, 23, 24, 25, 26, 27, 28)] + [
        NIGHT + timedelta(days=31, hours=1)
    ]
    assert {other, notes} <= set(kept.list_files())


def test_a_night_with_the_clock_ahead_costs_no_good_backup_and_is_never_taken_for_the_newest(kept: Kept) -> None:
    # Given a week of backups, and a night on which the clock is ten years ahead
    week = [NIGHT + timedelta(days=days) for days in range(7)]
    for night in week:
        kept.back_up(night)
    ahead = kept.back_up(NIGHT + timedelta(days=3650))
    assert kept.list_moments()[:-1] == week
    # When it is right again, what a restore takes is the newest of those that the clock had right
    right = NIGHT + timedelta(days=7)
    assert find_newest(kept.folder, kept.key, right).name == f"foreword-{name_key(kept.key)}-20260616T093000Z.backup"
    # Then the doctor says so, and says that the last good one is still to come
    findings = kept.list_findings(right)
    assert any(f"{ahead}: this backup is dated ahead of the clock" in finding for finding in findings)
    assert any("the last good one is dated 2036-06-07 09:30 UTC, which is still to come" in one for one in findings)
    assert describe_last(kept.clinic.engine, right) == "2036-06-07 09:30 UTC (ahead of the clock)"
    # And the nights after it are as they ever were, for months
    nights = [NIGHT + timedelta(days=days) for days in range(8, 50, 5)]
    made = [kept.back_up(night) for night in nights]
    assert kept.list_moments()[:-1] == nights[1:]
    assert find_newest(kept.folder, kept.key, nights[-1]) == made[-1]
    assert [finding for finding in kept.list_findings(nights[-1]) if "ahead of" not in finding] == []
    assert ahead.exists()


def test_a_failure_after_a_night_with_the_clock_ahead_is_told(kept: Kept) -> None:
    kept.back_up(NIGHT + timedelta(days=3650))
    kept.folder.rename(kept.folder.with_name(f"{kept.folder.name}-away"))
    assert run_due_backup(kept.night, NIGHT)
    assert any("failed: the folder was not there" in finding for finding in kept.list_findings(NIGHT))


def test_where_dates_and_logs_disagree_nobody_guesses_which_is_the_newest(kept: Kept) -> None:
    early = kept.back_up(NIGHT + timedelta(days=10))  # the clock was ten days ahead
    late = kept.back_up(NIGHT)
    now = NIGHT + timedelta(days=9)
    with pytest.raises(BackupError, match=f"{early.name} has the later date, and {late.name} the longer audit log"):
        find_newest(kept.folder, kept.key, now)
    assert find_newest(kept.folder, kept.key, NIGHT) == late
    late.unlink()
    with pytest.raises(BackupError, match="every backup there is dated ahead of this machine’s clock"):
        find_newest(kept.folder, kept.key, NIGHT)
    assert find_newest(kept.folder, kept.key, now) == early


def test_a_database_that_fails_is_told_as_a_backup_that_was_not_made(kept: Kept) -> None:
    kept.back_up(NIGHT)
    tomorrow = NIGHT + timedelta(days=1)
    with begin_write(kept.clinic.engine) as connection:
        connection.execute(text("ALTER TABLE notes RENAME TO away"))
    assert run_due_backup(kept.night, tomorrow)
    with begin_write(kept.clinic.engine) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO notes"))
    assert kept.list_outcomes()[0] == ("failed", "no-database")
    assert any("failed: the database failed" in finding for finding in kept.list_findings(tomorrow))
    assert kept.list_moments() == [NIGHT]
    assert len(kept.list_files()) == 1


@pytest.fixture
def kept_in_postgres(tmp_path: Path, postgres_url: str) -> Iterator[Kept]:
    """Give a clinic on PostgreSQL with enough in it for a backup of some steps."""
    (folder := tmp_path / "backups").mkdir()
    for clinic in open_clinic(tmp_path, FOREWORD_DATABASE_URL=postgres_url):
        clinic.fill(60)
        yield Kept(clinic, folder)


def test_a_snapshot_that_is_lost_on_the_way_is_told(kept_in_postgres: Kept) -> None:
    kept = kept_in_postgres

    def lose(steps: Iterator[int]) -> Iterator[int]:
        yield next(steps)
        with begin_write(kept.clinic.engine) as connection:
            lost = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
        assert lost
        yield from steps

    with pytest.raises(SQLAlchemyError):
        back_up(kept.settings, kept.clinic.engine, kept.clinic.desk, NIGHT, actor="program", show=lose, pace=hurry)
    assert kept.list_outcomes() == [("failed", "no-database")]
    assert kept.list_files() == []


def test_one_that_is_not_good_leaves_the_older_ones_and_is_told(kept: Kept) -> None:
    kept.back_up(NIGHT)
    files = kept.list_files()
    later = NIGHT + timedelta(days=40)
    # With another clinic's key its log is none
    assert run_due_backup(replace(kept.night, desk=replace(kept.clinic.desk, chain_key=b"o" * 32)), later)
    assert kept.list_files() == files
    assert not list(kept.clinic.settings.data.glob("proof-*"))
    with begin_write(kept.clinic.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_entries WHERE outcome = 'failed'")).scalar() == 1
    findings = kept.list_findings(later)
    assert any("failed: it did not restore" in finding for finding in findings)
    assert any(f"the last good one is of {NIGHT:%Y-%m-%d %H:%M} UTC" in finding for finding in findings)


def test_one_of_a_database_whose_log_was_changed_is_kept_beside_every_older_one(kept: Kept) -> None:
    kept.settings = replace(kept.settings, backup_days=1)
    nights = [NIGHT + timedelta(days=day) for day in range(4)]
    for night in nights[:2]:
        kept.back_up(night)
    assert kept.list_findings(nights[1]) == []
    with begin_write(kept.clinic.engine) as connection:
        connection.execute(text("UPDATE audit_head SET number = number + 1"))
    for night in nights[2:]:
        assert run_due_backup(kept.night, night)
    assert len(kept.list_files()) == len(nights)
    assert kept.list_outcomes() == [("done", "")] * len(nights)
    [told] = kept.list_findings(nights[-1])
    assert told.startswith(f"{kept.folder}: no older backup is removed, because the newest one has the faults")


@pytest.mark.parametrize(("hour", "begun"), [(3, NIGHT), (23, NIGHT + timedelta(hours=19, minutes=5))])
def test_a_folder_that_is_away_is_told_and_tried_again_after_a_rest(kept: Kept, hour: int, begun: datetime) -> None:
    night = replace(kept.night, settings=replace(kept.settings, backup_hour=hour))  # the second is tried after midnight
    away = kept.folder.rename(kept.folder.with_name(f"{kept.folder.name}-away"))
    assert run_due_backup(night, begun)
    assert kept.list_outcomes() == [("failed", "no-folder")]
    assert any("this program cannot write there" in finding for finding in kept.list_findings(begun))
    away.rename(kept.folder)
    assert not run_due_backup(night, begun + timedelta(minutes=20))
    assert any("failed: the folder was not there" in finding for finding in kept.list_findings(begun))
    assert run_due_backup(night, begun + timedelta(minutes=40))
    assert kept.list_outcomes() == [("done", ""), ("failed", "no-folder")]
    assert kept.list_findings(begun + timedelta(hours=1)) == []
    assert not run_due_backup(night, begun + timedelta(hours=22))


def test_what_broke_off_never_looks_like_a_backup_and_the_next_one_removes_it(kept: Kept) -> None:
    def break_off(steps: Iterator[int]) -> Iterator[int]:
        yield next(steps)
        files.extend(kept.list_files())
        [half] = [path for path in kept.folder.iterdir() if path.suffix == ".partial"]
        shutil.copy(half, kept.folder / f"{half.name}.kept")
        assert clear_folder(kept.folder, kept.key) == 0  # somebody is at it
        raise BackupError("killed")

    files: list[str] = []
    with pytest.raises(BackupError):
        back_up(kept.settings, kept.clinic.engine, kept.clinic.desk, NIGHT, actor="program", show=break_off, pace=hurry)
    assert [name for name in files if name.endswith(".backup")] == []
    assert kept.list_moments() == []
    [left] = kept.folder.iterdir()
    left.rename(left.with_name(left.name.removesuffix(".kept")))  # as a kill would have left it
    kept.back_up(NIGHT + timedelta(seconds=1))
    assert kept.list_files() == [find_newest(kept.folder, kept.key, LATER).name]


def test_it_is_off_without_a_folder_or_a_key_and_the_doctor_says_so(kept: Kept) -> None:
    off = replace(kept.settings, backup_folder=None)
    assert not run_due_backup(replace(kept.night, settings=off), NIGHT)
    kept.settings = off
    assert any("none was made yet, and none is made by itself" in one for one in kept.list_findings(NIGHT))
    kept.settings = replace(off, backup_folder=kept.folder)
    (off.data / KEY_FILE).unlink()
    assert not run_due_backup(kept.night, NIGHT)
    assert any("there is no backup key, and no backup is made by itself" in one for one in kept.list_findings(NIGHT))


def test_a_folder_that_was_emptied_is_told(kept: Kept) -> None:
    kept.back_up(NIGHT).unlink()
    assert any("no backup is in it any more" in finding for finding in kept.list_findings(NIGHT))


def test_an_older_program_leaves_it_to_the_newer_one(kept: Kept) -> None:
    with begin_write(kept.clinic.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999', oldest_program = '0006'"))
    assert not run_due_backup(kept.night, NIGHT)
    with pytest.raises(BackupError, match="a newer program brought the database up to date"):
        kept.back_up(NIGHT)
    assert kept.list_files() == []


def erase_one(clinic: Clinic) -> str:
    """Erase a response as staff do, and return its reference."""
    with begin_write(clinic.engine) as connection:
        reference: str = connection.execute(text("SELECT min(reference) FROM responses")).scalar_one()
        erase_response(connection, reference)
        append_event(
            connection,
            clinic.desk.chain_key,
            Event(action="response.erased", actor="program", subject=reference),
            NIGHT,
        )
    return reference


def test_what_staff_erased_after_a_backup_is_erased_again_by_a_restore(kept: Kept, tmp_path: Path) -> None:
    listing = ErasedList(kept.folder, kept.key)
    assert listing.update(kept.clinic.engine) == 0
    backup = kept.back_up(NIGHT)
    gone = erase_one(kept.clinic)
    assert listing.update(kept.clinic.engine) == 1
    assert listing.update(kept.clinic.engine) == 0
    path = name_list(kept.folder, kept.key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert gone.encode() not in path.read_bytes()
    engine = create_engine_for(f"sqlite:///{tmp_path}/other.sqlite3")
    migrate(engine)
    with begin_write(engine) as connection:
        load_backup(connection, io.BytesIO(backup.read_bytes()), kept.key, kept.clinic.desk)
        assert find_response(connection, gone) is not None
        erased = read_list(path, kept.key)
        key = kept.clinic.desk.chain_key
        assert erase_again(connection, key, erased, NIGHT, actor="command line") == 1
        assert find_response(connection, gone) is None
        assert verify_log(connection, key) is None
        [entry] = list_entries(connection, AuditFilter(action="response.erased"))
        assert (entry.event.subject, entry.event.about) == (gone, {"reason": "restored-backup"})
        assert erase_again(connection, key, erased, NIGHT, actor="command line") == 0
    engine.dispose()


def test_the_list_keeps_what_a_restored_database_knows_nothing_of(kept: Kept) -> None:
    first = erase_one(kept.clinic)
    ErasedList(kept.folder, kept.key).update(kept.clinic.engine)
    path = name_list(kept.folder, kept.key)
    with begin_write(kept.clinic.engine) as connection:
        [entry] = list_entries(connection, AuditFilter(action="response.erased"))
        assert entry.event.subject == first
    other = create_engine_for(f"sqlite:///{kept.folder}/other.sqlite3")
    migrate(other)
    with begin_write(other) as connection:
        append_event(connection, b"k" * 32, Event(action="response.erased", actor="program", subject="ANOTHER"), NIGHT)
    assert ErasedList(kept.folder, kept.key).update(other) == 2
    assert read_list(path, kept.key).keys() == {first, "ANOTHER"}
    other.dispose()


def test_an_erasure_that_is_not_on_the_list_is_told(kept: Kept) -> None:
    listing = ErasedList(kept.folder, kept.key)
    kept.back_up(NIGHT)
    listing.update(kept.clinic.engine)
    assert read_list(name_list(kept.folder, kept.key), kept.key) == {}  # it is there: nothing was erased
    erase_one(kept.clinic)
    told = "1 responses that staff erased are not on the list"
    assert kept.list_findings(NIGHT + timedelta(minutes=5)) == []  # it may take its time
    assert any(told in finding for finding in kept.list_findings(NIGHT + timedelta(hours=1)))
    listing.update(kept.clinic.engine)
    assert kept.list_findings(NIGHT + timedelta(hours=1)) == []


def test_what_a_kill_left_of_the_list_is_removed_with_the_rest(kept: Kept) -> None:
    path = name_list(kept.folder, kept.key)
    for name in (path.name, f"foreword-{name_key(kept.key)}-20260101T000000Z.backup"):
        (kept.folder / f".{name}.abcdefgh.partial").write_bytes(b"half")
    other = kept.folder / f".foreword-{name_key(b'o' * 32)}.erased.abcdefgh.partial"
    other.write_bytes(b"half")
    assert clear_folder(kept.folder, kept.key) == 2
    assert list(kept.folder.iterdir()) == [other]


def test_a_list_that_does_not_open_is_left_as_it_is_and_told(kept: Kept) -> None:
    path = name_list(kept.folder, kept.key)
    path.write_bytes(b"hello")
    kept.back_up(NIGHT)
    erase_one(kept.clinic)
    with pytest.raises(BackupError, match="the list of what was erased"):
        ErasedList(kept.folder, kept.key).update(kept.clinic.engine)
    assert path.read_bytes() == b"hello"
    assert any("the list of what was erased" in finding for finding in kept.list_findings(NIGHT))


def test_a_backup_with_a_name_of_its_own_is_named_where_none_of_the_night_lies(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"none of the nightly backups of this key \(foreword-.*\) lies there$"):
        find_newest(tmp_path, kept.key, NIGHT)
    shutil.copy(kept.back_up(NIGHT), tmp_path / "monday.backup")
    with pytest.raises(BackupError, match=r"lies there; name the file you want, such as monday\.backup"):
        find_newest(tmp_path, kept.key, NIGHT)
