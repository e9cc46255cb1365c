"""S17: a backup made while patients send restores whole, on either database, or is refused before anything changes."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from app.desk.backup import (
    BackupError,
    accept_those_of,
    find_backup_key,
    is_empty,
    load_backup,
    prove_backup,
    write_backup,
)
from app.desk.keyring import FOLDER, open_desk, read_desk
from app.desk.opening import open_newest
from app.settings import StartError
from app.storage.audit import Event, append_event, verify_log
from app.storage.dump import count_rows, dump_rows, load_rows
from app.storage.editions import find_edition, record_edition
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from app.storage.tables import RESPONSE_VERSIONS
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.box import open_stream, seal_stream
from tests.desk.conftest import NOW, Clinic

KEY = b"b" * 32
LONG = "é\n" * 1_000_000


def back_up(clinic: Clinic) -> io.BytesIO:
    file = io.BytesIO()
    for _ in write_backup(clinic.engine, KEY, file, NOW):
        pass
    return file


@contextmanager
def open_empty(url: str) -> Iterator[Engine]:
    engine = create_engine_for(url)
    migrate(engine)
    yield engine
    engine.dispose()


def check_restored(clinic: Clinic, engine: Engine, count: int) -> None:
    with begin_read(engine) as connection:
        responses = list_responses(connection, ResponseFilter(has_restricted=True), 1000)
        assert len(responses) == count
        for response in responses:
            assert open_newest(connection, clinic.desk, clinic.find_edition, response).sent.patient.name
        assert verify_log(connection, clinic.desk.chain_key) is None


def test_it_restores_whole_on_the_same_database_and_on_the_other(any_clinic: Clinic, tmp_path: Path) -> None:
    any_clinic.fill(25)
    with begin_write(any_clinic.engine) as connection:  # a line of it is longer than what is sealed at once may be
        record_edition(connection, "long", LONG, language="en", title="Long", now=NOW)
    file = back_up(any_clinic)
    assert prove_backup(file, KEY, any_clinic.desk, tmp_path).counts["responses"] == 25
    with open_empty(f"sqlite:///{tmp_path}/other.sqlite3") as engine:
        assert is_empty(engine)
        with begin_write(engine) as connection:
            load_backup(connection, file, KEY, any_clinic.desk)
        with begin_read(engine) as connection, begin_read(any_clinic.engine) as there:
            assert count_rows(connection) == count_rows(there)
            stored = find_edition(connection, "long")
            assert stored is not None
            assert stored.canonical == LONG
        check_restored(any_clinic, engine, 25)
        assert not is_empty(engine)


def test_from_sqlite_to_postgresql(clinic: Clinic, postgres_url: str) -> None:
    clinic.fill(25)
    file = back_up(clinic)
    with open_empty(postgres_url) as engine:
        with begin_write(engine) as connection:
            load_backup(connection, file, KEY, clinic.desk)
            # Accounted for in the same transaction, which was read through before.
            append_event(connection, clinic.desk.chain_key, Event(action="backup.restored", actor="program"), NOW)
        check_restored(clinic, engine, 25)


def test_what_looks_at_all_there_is_may_take_minutes_on_postgresql(postgres_url: str) -> None:
    steps = (
        count_rows,
        lambda connection: list(dump_rows(connection, RESPONSE_VERSIONS)),
        lambda connection: load_rows(connection, RESPONSE_VERSIONS, ["id"], []),
    )
    with open_empty(postgres_url) as engine:
        for step in steps:
            with begin_read(engine) as connection:
                assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "15s"
                step(connection)
                assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "5min"


def test_while_patients_send_it_is_of_one_moment(any_clinic: Clinic, tmp_path: Path) -> None:
    any_clinic.fill(10, has_reviews=False)
    senders = [
        threading.Thread(target=any_clinic.fill, args=(5, f"{number}"), kwargs={"has_reviews": False})
        for number in range(2, 22)
    ]
    for sender in senders:
        sender.start()
    files = [back_up(any_clinic) for _ in range(3)]
    for sender in senders:
        sender.join()
    counts = [prove_backup(file, KEY, any_clinic.desk, tmp_path).counts["responses"] for file in files]
    assert counts == sorted(counts)
    assert prove_backup(back_up(any_clinic), KEY, any_clinic.desk, tmp_path).counts["responses"] == 110


def test_no_key_draft_or_session_is_in_it(clinic: Clinic) -> None:
    clinic.fill(5)
    with begin_write(clinic.engine) as connection:
        connection.execute(
            text("INSERT INTO throttles (slot, tries, last_at, until) VALUES ('left-out', 1, :now, :now)"), {"now": NOW}
        )
    file = back_up(clinic)
    file.seek(0)
    content = b"".join(open_stream(KEY, file.read))
    assert b"response_versions" in content
    for absent in (b"PRIVATE KEY", b"left-out", b'"drafts"', b'"staff_sessions"', *_read_keys(clinic)):
        assert absent not in content
    assert b"response_versions" not in file.getvalue()


def _read_keys(clinic: Clinic) -> list[bytes]:
    return [path.read_bytes().splitlines()[1] for path in (clinic.settings.data / FOLDER).glob("*.pem")]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_is_cut_off_is_refused_and_changes_nothing(clinic: Clinic, database_url: str, share: float) -> None:
    clinic.fill(25)
    whole = back_up(clinic).getvalue()
    refuse(clinic, database_url, io.BytesIO(whole[: int(len(whole) * share)]))


def refuse(clinic: Clinic, url: str, file: io.BytesIO, key: bytes = KEY) -> None:
    """Restore what is not good into an empty database, which is empty afterwards."""
    with open_empty(url) as engine:
        with pytest.raises(BackupError), begin_write(engine) as connection:
            load_backup(connection, file, key, clinic.desk)
        assert is_empty(engine)


def test_what_is_not_this_clinic_s_changes_nothing_on_either_database(clinic: Clinic, database_url: str) -> None:
    clinic.fill(3)
    file = back_up(clinic)
    refuse(clinic, database_url, file, key=b"x" * 32)
    line = b'{"foreword":1,"schema":"9999"}'
    refuse(clinic, database_url, io.BytesIO(b"".join(seal_stream(KEY, [line + b"\n"], bytes(7)))))
    refuse(Clinic(clinic.engine, replace(clinic.desk, keys={}), clinic.edition, clinic.settings), database_url, file)
    other = replace(clinic.desk, chain_key=b"o" * 32)
    refuse(Clinic(clinic.engine, other, clinic.edition, clinic.settings), database_url, file)


def test_another_key_a_foreign_file_and_another_clinic_s_keys_are_told_apart(clinic: Clinic, tmp_path: Path) -> None:
    clinic.fill(3)
    file = back_up(clinic)
    with pytest.raises(BackupError, match="sealed with another key"):
        prove_backup(file, b"x" * 32, clinic.desk, tmp_path)
    with pytest.raises(BackupError, match="no backup of this program"):
        prove_backup(io.BytesIO(b"PK\x03\x04 a zip of somebody's"), KEY, clinic.desk, tmp_path)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    with open_empty(f"sqlite:///{other}/db.sqlite3") as engine:
        foreign = open_desk(engine, replace(clinic.settings, data=other), NOW)
    with pytest.raises(BackupError, match="is not its own"):
        prove_backup(file, KEY, foreign, tmp_path)
    with pytest.raises(BackupError, match="its file is not in keys/"):
        prove_backup(file, KEY, replace(clinic.desk, keys={}), tmp_path)
    assert not list(tmp_path.glob("proof-*"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"foreword":1,"schema":"9999"}', "a newer program made it"),
        (b'{"foreword":2,"schema":"0003"}', "a newer program made it"),
        (b'{"foreword":1,"schema":"0001"}', r"an older program made it \(schema 0001\)"),
        (b'{"hello":1}', "not what this program writes"),
        (b"[]", "not what this program writes"),
    ],
)
def test_another_schema_and_another_content_are_refused(
    clinic: Clinic, tmp_path: Path, line: bytes, sentence: str
) -> None:
    file = io.BytesIO(b"".join(seal_stream(KEY, [line + b"\n"], bytes(7))))
    with pytest.raises(BackupError, match=sentence):
        prove_backup(file, KEY, clinic.desk, tmp_path)


def alter_entry(engine: Engine, number: int) -> None:
    """Change an entry of the audit log, as whoever owns the database can."""
    with begin_write(engine) as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER IF EXISTS audit_entries_keep_0"))
        else:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_entries_keep ON audit_entries"))
        statement = text("UPDATE audit_entries SET actor = 'nobody' WHERE number = :number")
        connection.execute(statement, {"number": number})


def alter_line(file: io.BytesIO, number: int) -> io.BytesIO:
    """Return a backup in which an entry of the audit log is another one, sealed as if it were good."""
    file.seek(0)
    lines = b"".join(open_stream(KEY, file.read)).split(b"\n")
    start = next(place for place, line in enumerate(lines) if line.startswith(b'{"table":"audit_entries"'))
    row = json.loads(lines[start + number])
    assert row["row"][0] == number
    row["row"][2] = "nobody"
    lines[start + number] = json.dumps(row).encode()
    return io.BytesIO(b"".join(seal_stream(KEY, [b"\n".join(lines)], bytes(7))))


def test_what_the_database_has_wrong_itself_is_told_and_its_backup_is_kept(any_clinic: Clinic, tmp_path: Path) -> None:
    any_clinic.fill(5)
    accept = accept_those_of(any_clinic.engine, any_clinic.desk)
    whole = back_up(any_clinic)
    # Given a clinic whose log was changed in one place
    alter_entry(any_clinic.engine, 4)
    file = back_up(any_clinic)
    # When it goes on, and its backup is proved
    with begin_write(any_clinic.engine) as connection:
        append_event(connection, any_clinic.desk.chain_key, Event(action="list.viewed", actor="program"), NOW)
    # Then that one is good, and says so; and one that was damaged on its way, or of itself, is not
    manifest = prove_backup(file, KEY, any_clinic.desk, tmp_path, accept=accept)
    assert manifest.flaws.describe() == ["its audit log is not whole: entry 4 is not what was written"]
    for damaged in (alter_line(file, 2), alter_line(whole, 3), alter_line(whole, 5)):
        with pytest.raises(BackupError, match="not what was written"):
            prove_backup(damaged, KEY, any_clinic.desk, tmp_path, accept=accept)
    with pytest.raises(BackupError, match="entry 4"):
        prove_backup(file, KEY, any_clinic.desk, tmp_path)


def test_an_end_that_is_gone_and_a_letter_for_no_key_are_told_as_well(any_clinic: Clinic, tmp_path: Path) -> None:
    any_clinic.fill(5, has_reviews=False)
    accept = accept_those_of(any_clinic.engine, any_clinic.desk)
    key_id = "ee" * 8
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("DELETE FROM audit_head"))
        row = dict(connection.execute(select(RESPONSE_VERSIONS).limit(1)).mappings().one())
        forged = {**row, "id": "f" * 32, "version": 7, "sealed": b"\x01" + bytes.fromhex(key_id) * 9}
        connection.execute(insert(RESPONSE_VERSIONS), forged)
    file = back_up(any_clinic)
    with begin_write(any_clinic.engine) as connection:
        append_event(connection, any_clinic.desk.chain_key, Event(action="list.viewed", actor="program"), NOW)
    manifest = prove_backup(file, KEY, any_clinic.desk, tmp_path, accept=accept)
    assert manifest.flaws.describe() == [
        "its audit log is not whole: the row that says where the log ends is missing",
        f"what is sealed to the key {key_id} does not open: its file is not in keys/",
    ]


def test_the_backup_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "backup.key"
    with pytest.raises(StartError, match="there is no such file"):
        find_backup_key(path, may_make=False)
    made, is_new = find_backup_key(path, may_make=True)
    assert is_new
    assert find_backup_key(path, may_make=True) == (made, False)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    with pytest.raises(StartError, match="this is no backup key"):
        find_backup_key(path, may_make=False)


def test_without_the_private_keys_nothing_is_restored(clinic: Clinic, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(StartError, match="put your copy of the folder keys/ there first"):
        read_desk(replace(clinic.settings, data=empty))
