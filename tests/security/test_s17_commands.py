"""`foreword backup` and `foreword restore`: wiped and brought back, or refused before anything changes (S17)."""

import os
import re
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.clinic.keeper import ClinicKeeper
from app.desk.backup import read_backup_key
from app.desk.erased import ErasedList, name_list
from app.desk.nightly import PURGE, Night, run_due_chores
from app.settings import load_settings
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write
from app.storage.responses import erase_response
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run
from tests.security.sending import open_files
from tests.support.server import COMMAND

TRIES = 10
FIRST_PURGE = re.compile(r"The first purge is at (\d{4}-\d\d-\d\d \d\d:\d\d) \((.+)\): start the server")


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path)


def wipe(lived: Lived) -> None:
    for path in lived.folder.glob("foreword.sqlite3*"):
        path.unlink()


def test_wiped_and_restored_every_response_opens_and_the_log_is_whole(lived: Lived, tmp_path: Path) -> None:
    out = tmp_path / "monday.backup"
    made = lived.run("backup", str(out))
    assert made.code == 0, made.err
    assert "backup.key: a new backup key. Copy it now" in made.out
    assert "8 responses" in made.out
    assert out.stat().st_mode & 0o777 == 0o600
    references = lived.list_references()
    head = made.out.splitlines()[-1].rpartition(" ")[2]
    assert not [line for line in lived.run("doctor", "--offline").out.splitlines() if line.startswith("backup:")]
    wipe(lived)
    restored = lived.run("restore", str(out))
    assert restored.code == 0, restored.err
    assert "What was erased after that is here again" in restored.out
    assert "accounts that were disabled since are open, older passwords hold" in restored.out
    assert lived.list_references() == references
    assert lived.run("audit", "verify", "--head", head).code == 0
    for reference in references:
        assert lived.run("response", "show", reference, "--reason", "drill").code == 0
    assert lived.ask("SELECT count(*) FROM audit_entries WHERE action = 'backup.restored'") == [(1,)]


def test_nothing_is_purged_after_a_restore_before_the_moment_that_it_names(lived: Lived, tmp_path: Path) -> None:
    # Given a backup whose last purge was long ago, of responses that are due since
    lived.ask("UPDATE responses SET delete_at = '2021-01-01 00:00:00.000000'")
    lived.ask("INSERT INTO chores VALUES ('purge', '2021-01-01', '2021-01-01 03:00:00.000000')")
    assert lived.run("backup", str(tmp_path / "a")).code == 0
    wipe(lived)
    # When it is restored
    restored = lived.run("restore", str(tmp_path / "a"))
    assert restored.code == 0, restored.err
    told = FIRST_PURGE.search(restored.out)
    assert told is not None, restored.out
    first = datetime.fromisoformat(told[1]).replace(tzinfo=ZoneInfo(told[2]))
    # Then people have a day at least to set legal holds again, and the server that runs meanwhile erases nothing
    now = datetime.now(UTC)
    assert timedelta(hours=23) < first - now <= timedelta(hours=49)  # clocks are changed by an hour
    settings = load_settings(lived.environ)
    with open_files(lived.folder, settings.database_url) as opened:
        keeper = ClinicKeeper(opened.engine, is_demonstration=True)
        night = Night(settings=settings, engine=opened.engine, keeper=keeper, desk=opened.desk)
        for moment in (now, now + timedelta(hours=12), first - timedelta(hours=3)):
            assert PURGE not in run_due_chores(night, moment)
        assert len(lived.list_references()) == 8
        assert PURGE in run_due_chores(night, first)
    assert lived.list_references() == []


def test_a_second_backup_needs_another_name(lived: Lived, tmp_path: Path) -> None:
    assert lived.run("backup", str(tmp_path / "a")).code == 0
    again = lived.run("backup", str(tmp_path / "a"))
    assert again.code == 2
    assert "there is a file of this name; name a new one" in again.err
    assert not list(tmp_path.glob("*.partial"))


def kill_in_proof(lived: Lived, path: Path) -> bool:
    """Kill a backup while it is proved, and tell whether that was before the proof was cleared away."""
    environ = {"PATH": os.environ["PATH"], **lived.environ}
    process = subprocess.Popen([COMMAND, "backup", str(path)], env=environ, cwd=path.parent)
    while process.poll() is None and not list(lived.folder.glob("proof-*/*")):
        time.sleep(0.001)
    process.kill()
    return process.wait() == -signal.SIGKILL and bool(list(lived.folder.glob("proof-*")))


def test_a_killed_backup_leaves_nothing_for_long(lived: Lived, tmp_path: Path) -> None:
    assert any(kill_in_proof(lived, tmp_path / f"a{number}") for number in range(TRIES))
    assert "a backup that was broken off left a copy of the database" in lived.run("doctor", "--offline").out
    made = lived.run("backup", str(tmp_path / "b"))
    assert made.code == 0, made.err
    assert not list(lived.folder.glob("proof-*"))


def test_nothing_is_restored_over_a_clinic(lived: Lived, tmp_path: Path) -> None:
    lived.run("backup", str(tmp_path / "a"))
    before = lived.ask("SELECT count(*), max(number) FROM audit_entries")
    refused = lived.run("restore", str(tmp_path / "a"))
    assert refused.code == 2
    assert "this database holds a clinic already" in refused.err
    assert lived.ask("SELECT count(*), max(number) FROM audit_entries") == before


def test_what_is_not_good_is_refused_with_a_reason(lived: Lived, tmp_path: Path) -> None:
    out = tmp_path / "a"
    lived.run("backup", str(out))
    wipe(lived)
    cut = tmp_path / "cut"
    cut.write_bytes(out.read_bytes()[:-40])
    assert "it is cut off; nothing was changed" in lived.run("restore", str(cut)).err
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"hello" * 100)
    assert "it is no backup of this program; nothing was changed" in lived.run("restore", str(foreign)).err
    assert "look at its name" in lived.run("restore", str(tmp_path / "none")).err
    key = tmp_path / "other.key"
    shutil.copy(lived.folder / "backup.key", key)
    text = key.read_text()
    key.write_text(("A" if text[0] != "A" else "B") + text[1:])
    assert "sealed with another key" in lived.run("restore", str(out), "--key", str(key)).err
    assert not list(lived.folder.glob("foreword.sqlite3*"))


def test_on_another_machine_keys_and_backup_key_are_asked_for(run: Run, lived: Lived, tmp_path: Path) -> None:
    out = tmp_path / "a"
    lived.run("backup", str(out))
    other = Lived(run, tmp_path / "other")
    assert "put your copy of the folder keys/ there first" in other.run("restore", str(out)).err
    shutil.copytree(lived.folder / "keys", other.folder / "keys")
    assert "name your copy of the backup key with --key" in other.run("restore", str(out)).err
    done = other.run("restore", str(out), "--key", str(lived.folder / "backup.key"))
    assert done.code == 0, done.err
    assert other.list_references() == lived.list_references()


def test_what_staff_erased_since_does_not_come_back_where_the_list_of_it_lies_beside_the_backup(
    lived: Lived, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    made = lived.run("backup", FOREWORD_BACKUP_FOLDER=str(folder))
    assert made.code == 0, made.err
    gone, *rest = lived.list_references()
    url = f"sqlite:///{lived.folder}/foreword.sqlite3"
    with open_files(lived.folder, url) as opened:
        with begin_write(opened.engine) as connection:
            erase_response(connection, gone)
            event = Event(action="response.erased", actor="program", subject=gone)
            append_event(connection, opened.desk.chain_key, event, datetime.now(UTC))
        key = read_backup_key(lived.folder / "backup.key")
        assert ErasedList(folder, key).update(opened.engine) == 1
    wipe(lived)
    restored = lived.run("restore", str(folder))
    assert restored.code == 0, restored.err
    assert "1 responses that staff erased after that were erased again" in restored.out
    assert lived.list_references() == rest
    assert lived.run("audit", "verify").code == 0
    name_list(folder, key).write_bytes(b"damaged")
    wipe(lived)
    refused = lived.run("restore", str(folder))
    assert refused.code == 2
    assert "the list of what was erased" in refused.err
    assert not list(lived.folder.glob("foreword.sqlite3"))


def test_a_list_on_which_nothing_is_says_that_nothing_was_erased(lived: Lived, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    assert lived.run("backup", FOREWORD_BACKUP_FOLDER=str(folder)).code == 0
    with open_files(lived.folder, f"sqlite:///{lived.folder}/foreword.sqlite3") as opened:
        ErasedList(folder, read_backup_key(lived.folder / "backup.key")).update(opened.engine)
    wipe(lived)
    restored = lived.run("restore", str(folder))
    assert "0 responses that staff erased after that were erased again" in restored.out
    assert "your own record of erasures" not in restored.out


def test_without_a_file_and_without_a_folder_no_backup_is_made(lived: Lived) -> None:
    refused = lived.run("backup")
    assert (refused.code, refused.out) == (2, "")
    assert "no file is named and no FOREWORD_BACKUP_FOLDER is set" in refused.err
    assert not (lived.folder / "backup.key").exists()


def test_before_its_folder_is_there_no_key_is_made_that_somebody_would_have_to_keep(
    lived: Lived, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    for refused in (lived.run("backup", str(folder / "a")), lived.run("backup", FOREWORD_BACKUP_FOLDER=str(folder))):
        assert (refused.code, refused.out) == (2, "")
        assert "backups: nothing can be written there: No such file or directory; make the folder" in refused.err
        assert not (lived.folder / "backup.key").exists()
    folder.mkdir()
    made = lived.run("backup", FOREWORD_BACKUP_FOLDER=str(folder))
    assert "backup.key: a new backup key. Copy it now" in made.out


def test_a_changed_entry_and_a_lost_key_are_told_and_there_are_backups_and_restores_all_the_same(
    lived: Lived, tmp_path: Path
) -> None:
    # Given a clinic whose log was changed, and the old key of letters that somebody forged
    references = lived.list_references()
    lived.ask("DROP TRIGGER audit_entries_keep_0")
    lived.ask("UPDATE audit_entries SET actor = 'nobody' WHERE number = 4")
    lived.ask(
        "INSERT INTO response_versions SELECT 'forged', reference, 9, edition_hash, x'01eeeeeeeeeeeeeeee', sent_at "
        "FROM response_versions LIMIT 1"
    )
    folder = tmp_path / "backups"
    folder.mkdir()
    # Then a backup is made and kept, and says what it has
    made = lived.run("backup", FOREWORD_BACKUP_FOLDER=str(folder))
    assert made.code == 1
    assert "8 responses" in made.out
    assert "it was kept, and has what the database itself has: its audit log is not whole: entry 4" in made.err
    assert "what is sealed to the key eeeeeeeeeeeeeeee does not open" in made.err
    assert lived.ask("SELECT about FROM audit_entries WHERE action = 'backup.made' AND about LIKE '%flaws\":2%'")
    # And it is restored for whoever says so
    wipe(lived)
    refused = lived.run("restore", str(folder))
    assert refused.code == 2
    assert "entry 4 is not what was written" in refused.err
    assert "restore it with --as-it-is; nothing was changed" in refused.err
    assert not (lived.folder / "foreword.sqlite3").exists()
    restored = lived.run("restore", str(folder), "--as-it-is")
    assert restored.code == 0, restored.err
    assert "It is restored as it is, and its audit log is not whole: entry 4" in restored.err
    assert lived.list_references() == references
    assert lived.run("response", "show", references[-1], "--reason", "drill").code == 0
    assert "entry 4: entry 4 is not what was written" in lived.run("audit", "verify").out


def test_a_database_that_fails_is_explained_and_nothing_is_claimed_of_what_is_in_it(
    lived: Lived, tmp_path: Path
) -> None:
    assert lived.run("backup", str(tmp_path / "a")).code == 0
    (tmp_path / "no-database").write_bytes(b"no database" * 1000)
    failed = lived.run("restore", str(tmp_path / "a"), FOREWORD_DATABASE_URL=f"sqlite:///{tmp_path}/no-database")
    assert failed.code == 2
    assert "the database is damaged" in failed.err
    assert "then look whether it is there: foreword keys list" in failed.err
    assert "nothing was changed" not in failed.err
    assert "Traceback" not in failed.err
