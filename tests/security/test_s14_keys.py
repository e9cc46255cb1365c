"""Rotation: a new key, everything sealed again to it, and whatever stops it leaves every row readable (S14)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import select, update

from app.desk.keyring import FOLDER, Desk, name_response_key, open_desk
from app.desk.opening import OpenedVersion, open_newest, open_notes
from app.desk.rotation import BATCH, Resealed, count_older, finish, list_key_states, make_newest_key, reseal
from app.settings import StartError
from app.storage.audit import AuditFilter, stream_entries, verify_log
from app.storage.clinic_keys import find_newest_key, list_keys, record_key
from app.storage.engine import begin_read, begin_write, create_engine_for
from app.storage.letters import list_letters
from app.storage.tables import NOTES, RESPONSE_VERSIONS
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.keys import PublicKey, make_private_key
from tests.desk.conftest import NOW, Clinic
from tests.support.database import copy_model


def read_all(clinic: Clinic, desk: Desk) -> tuple[list[OpenedVersion], list[str]]:
    """Return every newest version and every note, opened: one that does not open fails the test."""
    with begin_read(clinic.engine) as connection:
        responses = list_responses(connection, ResponseFilter(has_restricted=True), 1000)
        opened = [open_newest(connection, desk, clinic.find_edition, response) for response in responses]
        noted = connection.execute(select(NOTES.c.reference).distinct().order_by(NOTES.c.reference)).scalars().all()
        notes = [note for reference in noted for note in open_notes(connection, desk, reference)]
    assert None not in notes
    return opened, [note.text for note in notes if note is not None]


def make_key(clinic: Clinic) -> PublicKey:
    return make_newest_key(
        clinic.engine, clinic.settings, clinic.desk, NOW + timedelta(seconds=1), actor="command line"
    )


def run_steps(steps: Iterator[int], count: int | None = None) -> int:
    return sum(islice(steps, count))


def remove_old_keys(clinic: Clinic, newest: PublicKey) -> Desk:
    """Remove every older key's file, as an operator would, and open the desk as another program would."""
    for path in (clinic.settings.data / FOLDER).glob("response-*.pem"):
        if path.name != name_response_key(newest.id):
            path.unlink()
    return open_desk(clinic.engine, clinic.settings, NOW)


def test_after_it_the_old_key_can_go_and_everything_opens(any_clinic: Clinic) -> None:
    any_clinic.fill(40)
    before = read_all(any_clinic, any_clinic.desk)
    assert before[1]
    newest, resealed = make_key(any_clinic), Resealed()
    run_steps(reseal(any_clinic.engine, any_clinic.desk, newest, resealed, batch=7))
    finish(any_clinic.engine, any_clinic.desk, newest, resealed, NOW, actor="command line")
    assert count_older(any_clinic.engine) == 0
    assert resealed.unreadable == []
    desk = remove_old_keys(any_clinic, newest)
    assert list(desk.keys) == [newest.id]
    assert read_all(any_clinic, desk) == before
    with begin_read(any_clinic.engine) as connection:
        assert verify_log(connection, desk.chain_key) is None
        [entry] = stream_entries(connection, AuditFilter(action="key.rotated"))
    assert entry.event.about == {"resealed": resealed.done, "unreadable": 0}


def test_a_clock_that_went_back_makes_no_older_key_the_newest(any_clinic: Clinic) -> None:
    any_clinic.fill(5)
    first = make_key(any_clinic)
    before = NOW - timedelta(days=400)
    second = make_newest_key(any_clinic.engine, any_clinic.settings, any_clinic.desk, before, actor="command line")
    with begin_read(any_clinic.engine) as connection:
        assert find_newest_key(connection) == second
        assert list_keys(connection)[-2:] == [first, second]
    resealed = Resealed()
    run_steps(reseal(any_clinic.engine, any_clinic.desk, second, resealed))
    assert resealed.done
    assert count_older(any_clinic.engine) == 0


def test_while_it_looks_for_letters_nobody_who_writes_waits_for_it(any_clinic: Clinic) -> None:
    any_clinic.fill(5)
    newest = make_key(any_clinic)
    run_steps(reseal(any_clinic.engine, any_clinic.desk, newest, Resealed()))
    with begin_write(any_clinic.engine) as connection:
        record_key(connection, make_private_key().public, NOW)
        # While somebody holds what only one can have on SQLite, it looks through everything and finds nothing left
        assert run_steps(reseal(any_clinic.engine, any_clinic.desk, newest, Resealed())) == 0


def test_looking_through_all_letters_may_take_minutes_on_postgresql(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    copy_model(engine)
    with begin_read(engine) as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "15s"
        assert list(list_letters(connection, RESPONSE_VERSIONS, "00" * 8, "", 50)) == []
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "5min"
    engine.dispose()


def test_stopped_half_way_every_row_opens_and_the_next_run_goes_on(any_clinic: Clinic) -> None:
    any_clinic.fill(30)
    before = read_all(any_clinic, any_clinic.desk)
    newest = make_key(any_clinic)
    run_steps(reseal(any_clinic.engine, any_clinic.desk, newest, Resealed(), batch=5), 2)
    left = count_older(any_clinic.engine)
    states = list_key_states(any_clinic.engine, any_clinic.desk)
    assert [state.letters for state in states] == [10, left]
    assert left > 10
    assert read_all(any_clinic, open_desk(any_clinic.engine, any_clinic.settings, NOW)) == before
    resealed = Resealed()
    run_steps(reseal(any_clinic.engine, any_clinic.desk, newest, resealed))
    assert resealed.done == left
    assert read_all(any_clinic, remove_old_keys(any_clinic, newest)) == before


def test_a_program_that_runs_opens_what_is_sealed_to_a_key_made_meanwhile(any_clinic: Clinic) -> None:
    running = open_desk(any_clinic.engine, any_clinic.settings, NOW)
    make_key(any_clinic)
    any_clinic.fill(2, has_reviews=False)
    assert len(read_all(any_clinic, running)[0]) == 2


def test_a_letter_that_does_not_open_is_named_and_left_as_it_is(any_clinic: Clinic) -> None:
    any_clinic.fill(4, has_reviews=False)
    with begin_write(any_clinic.engine) as connection:
        row = connection.execute(select(RESPONSE_VERSIONS).limit(1)).mappings().one()
        broken = bytes(row["sealed"])[:-1] + b"\x00\x01"
        connection.execute(update(RESPONSE_VERSIONS).where(RESPONSE_VERSIONS.c.id == row["id"]).values(sealed=broken))
    resealed = Resealed()
    run_steps(reseal(any_clinic.engine, any_clinic.desk, make_key(any_clinic), resealed))
    assert (resealed.done, resealed.unreadable) == (3, [row["reference"]])
    with begin_read(any_clinic.engine) as connection:
        statement = select(RESPONSE_VERSIONS.c.sealed).where(RESPONSE_VERSIONS.c.id == row["id"])
        assert bytes(connection.execute(statement).scalar_one()) == broken


def test_another_desk_key_is_told_and_nothing_is_changed(any_clinic: Clinic) -> None:
    any_clinic.fill(1, has_reviews=False)
    with begin_read(any_clinic.engine) as connection:
        before = find_newest_key(connection), list(stream_entries(connection, AuditFilter()))
    path = any_clinic.settings.data / FOLDER / "desk.pem"
    other = any_clinic.settings.data / FOLDER / name_response_key(next(iter(any_clinic.desk.keys)))
    path.write_bytes(other.read_bytes())
    with pytest.raises(StartError, match="this key did not write this database’s audit log"):
        open_desk(any_clinic.engine, any_clinic.settings, NOW)
    with begin_read(any_clinic.engine) as connection:
        assert (find_newest_key(connection), list(stream_entries(connection, AuditFilter()))) == before


def test_a_missing_newest_key_and_a_wrong_passphrase_are_told(any_clinic: Clinic) -> None:
    newest = make_key(any_clinic)
    path = any_clinic.settings.data / FOLDER / name_response_key(newest.id)
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(StartError, match=f"the key {newest.id}, to which answers are sealed, is missing"):
        open_desk(any_clinic.engine, any_clinic.settings, NOW)
    path.write_bytes(kept.replace(b"PRIVATE", b"ENCRYPTED PRIVATE"))
    path.chmod(0o600)
    with pytest.raises(StartError, match="its passphrase is another one"):
        open_desk(any_clinic.engine, replace(any_clinic.settings, key_passphrase="wrong"), NOW)


def test_a_batch_is_small_enough_for_a_patient_who_saves() -> None:
    assert BATCH <= 100
