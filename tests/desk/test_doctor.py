"""The doctor: each thing that can be wrong is made wrong, and told with its place and its remedy."""

import os
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from app.clinic.profile import DEMONSTRATION, dump_settings
from app.desk.backup import KEY_FILE, find_backup_key
from app.desk.doctor import PARTS, examine
from app.desk.doctor_record import list_used_keys
from app.desk.erased import name_list
from app.desk.keyring import FOLDER
from app.settings import ProgramRole, Settings
from app.storage.chores import note_time
from app.storage.clinic_settings import save_settings
from app.storage.engine import begin_read, begin_write
from app.storage.kind import settle_kind
from app.storage.letters import count_letters
from app.storage.responses import list_due
from app.storage.tables import RESPONSES
from tests.desk.conftest import NOW, Clinic


def find(clinic: Clinic, part: str, settings: Settings | None = None, days: float = 0) -> list[str]:
    parts = examine(settings or clinic.settings, clinic.engine, NOW + timedelta(days=days))
    return [str(finding) for one in parts for finding in one.findings if one.name == part]


def test_a_look_changes_nothing_and_no_look_fails(any_clinic: Clinic) -> None:
    any_clinic.fill(5)
    parts = examine(any_clinic.settings, any_clinic.engine, NOW, is_online=True)
    assert [part.name for part in parts] == [name for name, _ in PARTS]
    found = [str(finding) for part in parts for finding in part.findings]
    assert not [line for line in found if "could not be looked at" in line]
    assert not [line for line in found if "None" in line]


@pytest.mark.parametrize("part", ["Keys", "Audit log", "Database schema", "Files", "Disk", "Intake", "Retention"])
def test_a_clinic_in_order_has_nothing_to_tell(any_clinic: Clinic, part: str) -> None:
    any_clinic.fill(5)
    assert find(any_clinic, part) == []


def test_the_address_has_to_be_encrypted_and_the_proxy_counted(clinic: Clinic) -> None:
    assert "only this machine can open the pages" in find(clinic, "Address and encryption")[0]
    public = replace(clinic.settings, public_url="https://forms.example.test", trusted_hops=0)
    assert "set it to the number of proxies" in find(clinic, "Address and encryption", public)[0]
    assert find(clinic, "Address and encryption", replace(public, trusted_hops=1)) == []


def test_a_website_that_does_not_answer_is_told_when_others_may_be_asked(clinic: Clinic) -> None:
    public = replace(
        clinic.settings, public_url="https://127.0.0.1:1", clinic_url="https://127.0.0.1:1", trusted_hops=1
    )
    [part] = [one for one in examine(public, clinic.engine, NOW, is_online=True) if one.name.startswith("Address")]
    assert [finding.fault for finding in part.findings] == ["it does not answer (ConnectionRefusedError)"]


def test_a_clinic_that_is_not_set_up_and_old_help_lines_are_told(clinic: Clinic) -> None:
    real = replace(clinic.settings, is_demo=False)
    assert "open /clinic/setup" in find(clinic, "The clinic’s settings and help lines", real)[0]
    with begin_write(clinic.engine) as connection:
        save_settings(connection, dump_settings(DEMONSTRATION), seen=0, changed_by="x", now=NOW)
    assert find(clinic, "The clinic’s settings and help lines", real) == []
    old = find(clinic, "The clinic’s settings and help lines", real, days=400)
    assert old[0].startswith("United States: 988 Suicide & Crisis Lifeline")
    gone = replace(DEMONSTRATION, countries=("ATLANTIS", "LEMURIA"))
    with begin_write(clinic.engine) as connection:
        save_settings(connection, dump_settings(gone), seen=1, changed_by="x", now=NOW)
    own, further = find(clinic, "The clinic’s settings and help lines", real)
    assert "patients see “not open yet”; put them back, or choose again: open /clinic/settings" in own
    assert "a further country" in further


def test_a_clinic_that_receives_nothing_at_the_moment_is_reminded(any_clinic: Clinic) -> None:
    paused = dump_settings(replace(DEMONSTRATION, is_receiving=False))
    with begin_write(any_clinic.engine) as connection:
        save_settings(connection, paused, seen=0, changed_by="x", now=NOW)
    for role in (ProgramRole.ALL, ProgramRole.PATIENT):
        settings = replace(any_clinic.settings, role=role)
        [line] = find(any_clinic, "The clinic’s settings and help lines", settings)
        assert line == (
            "answers from patients: they are not received at the moment: patients can print, and not send; "
            "when the clinic takes them again: open /clinic/settings"
        )
    with begin_write(any_clinic.engine) as connection:
        save_settings(connection, dump_settings(DEMONSTRATION), seen=1, changed_by="x", now=NOW)
    assert find(any_clinic, "The clinic’s settings and help lines") == []


def test_nobody_to_run_it_and_people_of_a_demonstration_are_told(clinic: Clinic) -> None:
    clinic.fill(5)
    found = find(clinic, "People", replace(clinic.settings, is_demo=False))
    assert [line.partition(";")[0] for line in found] == [
        "people: demonstration staff are still there",
        "people: no active person is administrator",
        "people: no active person is reviewer",
    ]
    assert "open the link that the first start printed, or run `foreword staff invite" in found[1]


def test_the_questionnaire_has_to_be_reviewed_and_without_faults(clinic: Clinic) -> None:
    [line] = find(clinic, "Questionnaire")
    assert "questions are not yet reviewed by a clinician" in line
    broken = clinic.settings.data / "mine.yaml"
    broken.write_text("item: [")
    assert "see them: foreword check" in find(clinic, "Questionnaire", replace(clinic.settings, questions=broken))[0]
    gone = replace(clinic.settings, questions=clinic.settings.data / "gone.yaml")
    assert "put the file back" in find(clinic, "Questionnaire", gone)[0]


def test_a_questionnaire_that_changes_is_looked_at_anew(clinic: Clinic) -> None:
    mine = clinic.settings.data / "mine.yaml"
    given = replace(clinic.settings, questions=mine)
    good, broken = clinic.settings.questions.read_bytes(), b"item: ["
    for content, words in ((good, "not yet reviewed"), (broken, "it has 1 faults"), (good, "not yet reviewed")):
        mine.write_bytes(content)
        for _ in range(2):
            assert words in find(clinic, "Questionnaire", given)[0]


def test_who_waits_is_told_of_as_many_letters_as_can_be_looked_at(any_clinic: Clinic) -> None:
    any_clinic.fill(5)
    with begin_read(any_clinic.engine) as connection:
        [(key, everything)] = count_letters(connection).items()
        assert count_letters(connection, 2) == {key: 2}
    assert list_used_keys(any_clinic.engine, is_quick=True) == [f"{key} ({everything})"]


def test_what_only_another_machine_can_tell_is_left_out_where_none_is_asked(clinic: Clinic) -> None:
    dead = replace(clinic.settings, redis_url="redis://127.0.0.1:1")
    for is_quick in (False, True):
        assert "Redis" not in {part.name for part in examine(dead, clinic.engine, NOW, is_quick=is_quick)}


def test_a_folder_of_backups_that_hangs_is_told_and_hangs_one_look(clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "far"
    folder.mkdir()
    key, _ = find_backup_key(clinic.settings.data / KEY_FILE, may_make=True)
    os.mkfifo(name_list(folder, key))  # whoever opens it waits for ever, as for a machine that is gone
    far = replace(clinic.settings, backup_folder=folder)
    before = threading.active_count()
    for _ in range(3):
        assert find(clinic, "Backup", far)[0].startswith(f"{folder}: it does not answer; look at its disk")
    assert threading.active_count() <= before + 1
    name_list(folder, key).open("wb").close()  # it answers again
    name_list(folder, key).unlink()
    while threading.active_count() > before:
        time.sleep(0.05)
    # However slow the disk is besides
    while "it does not answer" in "".join(find(clinic, "Backup", far)):
        assert threading.active_count() <= before + 1


def test_the_setting_and_the_database_have_to_agree_on_a_demonstration(any_clinic: Clinic) -> None:
    real = replace(any_clinic.settings, is_demo=False)
    assert find(any_clinic, "Demonstration", real) == []
    assert "this is a demonstration: anybody can sign in" in find(any_clinic, "Demonstration")[0]
    with begin_write(any_clinic.engine) as connection:
        settle_kind(connection, is_demonstration=True)
    assert "this is a demonstration: anybody can sign in" in find(any_clinic, "Demonstration")[0]
    assert "does not start on it as a real clinic" in find(any_clinic, "Demonstration", real)[0]
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("UPDATE clinic_kind SET is_demonstration = false"))
    assert "does not start on it as a demonstration" in find(any_clinic, "Demonstration")[0]
    assert find(any_clinic, "Demonstration", real) == []


def test_a_backup_is_missed_and_then_old(clinic: Clinic) -> None:
    assert find(clinic, "Backup")[0].startswith("backup: none was made yet")
    with begin_write(clinic.engine) as connection:
        note_time(connection, "backup", NOW.date(), NOW)
    assert find(clinic, "Backup") == []
    assert "the last good one is of 2026-06-10 18:30 UTC" in find(clinic, "Backup", days=3)[0]


def test_keys_that_are_gone_or_open_to_others_are_told(clinic: Clinic) -> None:
    clinic.fill(2, has_reviews=False)
    [path] = (clinic.settings.data / FOLDER).glob("response-*.pem")
    path.chmod(0o644)
    assert f"run: chmod 600 '{path}'" in find(clinic, "Files")[0]
    path.unlink()
    assert "2 sealed responses and notes do not open without it" in find(clinic, "Keys")[0]


def test_a_changed_log_is_told(any_clinic: Clinic) -> None:
    any_clinic.fill(1)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("UPDATE audit_head SET number = number - 1"))
    assert "the log ends at entry" in find(any_clinic, "Audit log")[0]


def test_what_nobody_takes_in_or_erases_is_told(any_clinic: Clinic) -> None:
    any_clinic.fill(3, has_reviews=False)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("UPDATE responses SET taken_in = 0"))
    assert "was not taken in yet" in find(any_clinic, "Intake", days=1)[0]
    assert "3 responses are more than two days past their time" in find(any_clinic, "Retention", days=400)[0]


def test_what_is_erased_within_a_week_and_nobody_took_up_is_told(any_clinic: Clinic) -> None:
    any_clinic.fill(3, has_reviews=False)
    with begin_write(any_clinic.engine) as connection:
        read, held, _ = list_due(connection, NOW + timedelta(days=400), 3)
        connection.execute(update(RESPONSES).values(delete_at=NOW + timedelta(days=20)))
        connection.execute(update(RESPONSES).values(is_kept=True).where(RESPONSES.c.reference == held))
    assert find(any_clinic, "Retention", days=12) == []
    told = "retention: 2 unread responses, in state New, will be erased within 7 days"
    assert find(any_clinic, "Retention", days=14)[0].startswith(told)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(update(RESPONSES).values(review_status="completed").where(RESPONSES.c.reference == read))
    assert find(any_clinic, "Retention", days=14)[0].startswith(told.replace("2", "1"))


def test_a_clock_that_went_back_is_told(any_clinic: Clinic) -> None:
    any_clinic.fill(1)
    [*_, line] = find(any_clinic, "Clock", days=-1000)
    assert line.startswith("clock: it is behind what was written before")


def test_a_notice_without_a_server_is_told(clinic: Clinic) -> None:
    wanted = dump_settings(replace(DEMONSTRATION, notice_to=("a@elm.example",)))
    with begin_write(clinic.engine) as connection:
        save_settings(connection, wanted, seen=0, changed_by="x", now=NOW)
    assert find(clinic, "E-mail notice")[0].startswith("FOREWORD_SMTP_URL: addresses want a daily notice")
    dead = replace(clinic.settings, smtp_url="smtp://127.0.0.1:1")
    [part] = [one for one in examine(dead, clinic.engine, NOW, is_online=True) if one.name == "E-mail notice"]
    assert part.findings[0].fault == "the e-mail server does not answer (ConnectionRefusedError)"


def test_a_machine_for_patients_only_has_no_private_key(clinic: Clinic) -> None:
    patients = replace(clinic.settings, role=ProgramRole.PATIENT)
    names = {part.name for part in examine(patients, clinic.engine, NOW)}
    assert not names & {"Keys", "Audit log", "Backup"}
    assert "private keys are on a machine that serves patients only" in find(clinic, "Private keys", patients)[0]
    for path in (clinic.settings.data / FOLDER).iterdir():
        path.unlink()
    assert find(clinic, "Private keys", patients) == []


def test_patients_on_a_database_of_no_clinic_are_told(clinic: Clinic) -> None:
    patients = replace(clinic.settings, role=ProgramRole.PATIENT)
    part = "The clinic’s settings and help lines"
    assert not any("no clinic" in line for line in find(clinic, part, patients))
    with begin_write(clinic.engine) as connection:
        connection.execute(text("DELETE FROM clinic_keys"))
    [line] = find(clinic, part, patients)
    assert line.startswith("FOREWORD_DATABASE_URL: this database has no clinic")


def test_a_part_that_cannot_be_looked_at_hides_no_other(clinic: Clinic) -> None:
    (clinic.settings.data / FOLDER).replace(clinic.settings.data / "elsewhere")
    with begin_write(clinic.engine) as connection:
        connection.execute(text("DROP TABLE chores"))
    assert "it could not be looked at (OperationalError)" in find(clinic, "Backup")[0]
    assert "it cannot be verified" in find(clinic, "Audit log")[0]
    assert "Demonstration" in [part.name for part in examine(clinic.settings, clinic.engine, NOW) if part.findings]
