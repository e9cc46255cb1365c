"""Retention: what is past its time goes, what is held stays, and the counts are true."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text

from app.clinic.keeper import ClinicKeeper
from app.desk.nightly import ACTOR, PURGE, Night, put_off_purge, run_due_chores
from app.desk.retention import find_due, is_clock_believed, purge_all, purge_due
from app.storage.audit import AuditFilter, Entry, Event, append_event, stream_entries, verify_log
from app.storage.chores import REST, note_time
from app.storage.engine import begin_read, begin_write
from app.storage.responses import ReviewStatus, find_response, list_due
from app.storage.review import keep
from app.storage.worklist import ResponseFilter, count_responses
from tests.desk.conftest import NOW, Clinic

LATER = NOW + timedelta(days=400)


def list_purges(clinic: Clinic) -> list[Entry]:
    with begin_read(clinic.engine) as connection:
        return list(stream_entries(connection, AuditFilter(action="responses.purged")))


def count_all(clinic: Clinic) -> int:
    with begin_read(clinic.engine) as connection:
        return count_responses(connection, ResponseFilter(has_restricted=True))


def note_purge(clinic: Clinic, moment: datetime) -> None:
    """Have the clinic have purged at a moment, as each night does."""
    with begin_write(clinic.engine) as connection:
        note_time(connection, PURGE, moment.date(), moment)


def make_night(clinic: Clinic) -> Night:
    return Night(
        settings=replace(clinic.settings, is_demo=False),  # a demonstration erases by any clock
        engine=clinic.engine,
        keeper=ClinicKeeper(clinic.engine, is_demonstration=True),
        desk=clinic.desk,
    )


def hold_one(clinic: Clinic) -> str:
    with begin_write(clinic.engine) as connection:
        reference = list_due(connection, LATER, 1)[0]
        found = find_response(connection, reference)
        assert found is not None
        keep(connection, found, is_kept=True)
    return reference


def test_what_is_due_goes_in_batches_that_leave_their_counts(any_clinic: Clinic) -> None:
    any_clinic.fill(12)
    assert find_due(any_clinic.engine, NOW).to_erase == 0
    with begin_read(any_clinic.engine) as connection:
        unread = count_responses(connection, ResponseFilter(statuses=(ReviewStatus.REQUESTED,), has_restricted=True))
    assert unread > 0
    key = any_clinic.desk.chain_key
    assert list(purge_due(any_clinic.engine, key, LATER, actor="command line", batch=5)) == [5, 5, 2]
    purges = [entry.event.about for entry in list_purges(any_clinic)]
    assert [about["count"] for about in purges] == [5, 5, 2]
    assert sum(int(about["unread"]) for about in purges) == unread
    assert count_all(any_clinic) == 0
    with begin_read(any_clinic.engine) as connection:
        assert verify_log(connection, key) is None


def test_a_second_purge_does_nothing_and_leaves_no_entry(any_clinic: Clinic) -> None:
    any_clinic.fill(3, has_reviews=False)
    key = any_clinic.desk.chain_key
    assert purge_all(any_clinic.engine, key, LATER, actor=ACTOR) == 3
    assert purge_all(any_clinic.engine, key, LATER, actor=ACTOR) == 0
    assert len(list_purges(any_clinic)) == 1


def test_a_legal_hold_keeps_a_response(any_clinic: Clinic) -> None:
    any_clinic.fill(3, has_reviews=False)
    held = hold_one(any_clinic)
    due = find_due(any_clinic.engine, LATER)
    assert (due.to_erase, due.kept) == (2, 1)
    assert purge_all(any_clinic.engine, any_clinic.desk.chain_key, LATER, actor=ACTOR) == 2
    with begin_read(any_clinic.engine) as connection:
        assert find_response(connection, held) is not None


def test_two_purges_at_once_count_each_response_once(any_clinic: Clinic) -> None:
    any_clinic.fill(20, has_reviews=False)
    counts: list[int] = []

    def purge() -> None:
        counts.extend(purge_due(any_clinic.engine, any_clinic.desk.chain_key, LATER, actor=ACTOR, batch=3))

    threads = [threading.Thread(target=purge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
    assert sum(int(entry.event.about["count"]) for entry in list_purges(any_clinic)) == 20


def test_of_many_programs_that_wake_at_once_one_does_each_chore_a_day(any_clinic: Clinic) -> None:
    any_clinic.fill(5, has_reviews=False)
    note_purge(any_clinic, LATER - timedelta(days=1))
    night = make_night(any_clinic)
    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.extend(run_due_chores(night, LATER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["check", "notice", "purge"]
    assert [entry.event.actor for entry in list_purges(any_clinic)] == ["program"]
    assert run_due_chores(night, LATER + timedelta(hours=1)) == ()
    assert sorted(run_due_chores(night, LATER + timedelta(days=1))) == ["check", "notice", "purge"]


def test_a_moment_in_which_nothing_can_be_erased_costs_no_day(any_clinic: Clinic) -> None:
    any_clinic.fill(5, has_reviews=False)
    note_purge(any_clinic, LATER - timedelta(days=1))
    night = make_night(any_clinic)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE notes RENAME TO elsewhere"))
    assert "purge" in run_due_chores(night, LATER)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO notes"))
    assert count_all(any_clinic) == 5
    assert run_due_chores(night, LATER + timedelta(minutes=10)) == ()
    assert run_due_chores(night, LATER + REST) == ("purge",)
    assert count_all(any_clinic) == 0


def test_nothing_is_done_before_its_hour_by_the_clinic_s_clock(clinic: Clinic) -> None:
    night = Night(
        settings=clinic.settings,
        engine=clinic.engine,
        keeper=ClinicKeeper(clinic.engine, is_demonstration=True),
        desk=clinic.desk,
    )
    midnight = NOW.replace(hour=5, minute=30)  # half past midnight in Chicago
    assert run_due_chores(night, midnight) == ()
    assert run_due_chores(night, midnight + timedelta(hours=2)) == ("purge",)


def test_a_clock_years_ahead_for_a_night_erases_nothing_until_somebody_had_time_to_see_it(any_clinic: Clinic) -> None:
    any_clinic.fill(5, has_reviews=False)
    note_purge(any_clinic, NOW)
    night, leapt = make_night(any_clinic), NOW + timedelta(days=1200)
    for hours in range(0, 48, 6):
        assert PURGE not in run_due_chores(night, leapt + timedelta(hours=hours))
        with begin_write(any_clinic.engine) as connection:  # the pages go on, by the same clock
            event = Event(action="list.viewed", actor="x")
            append_event(connection, any_clinic.desk.chain_key, event, leapt + timedelta(hours=hours))
    assert count_all(any_clinic) == 5
    # It was set right: the nights go on as before
    assert PURGE in run_due_chores(night, NOW + timedelta(days=1))
    assert count_all(any_clinic) == 5


def test_a_clinic_that_was_switched_off_for_long_purges_again(any_clinic: Clinic) -> None:
    any_clinic.fill(5, has_reviews=False)
    assert is_clock_believed(any_clinic.engine, NOW + timedelta(hours=1))  # new: nothing is old enough to tell
    note_purge(any_clinic, NOW)
    assert is_clock_believed(any_clinic.engine, NOW + timedelta(days=30))
    assert not is_clock_believed(any_clinic.engine, LATER)
    with begin_write(any_clinic.engine) as connection:
        append_event(connection, any_clinic.desk.chain_key, Event(action="list.viewed", actor="x"), LATER)
    assert not is_clock_believed(any_clinic.engine, LATER + timedelta(days=2))
    assert PURGE in run_due_chores(make_night(any_clinic), LATER + timedelta(days=4))
    assert count_all(any_clinic) == 0


def test_a_purge_that_was_put_off_has_no_clock_believed(any_clinic: Clinic) -> None:
    any_clinic.fill(5, has_reviews=False)
    with begin_write(any_clinic.engine) as connection:
        first = put_off_purge(connection, NOW, LATER)
    assert first.strftime("%H:%M %Z") == "02:00 CDT"
    assert not is_clock_believed(any_clinic.engine, LATER)
    assert PURGE not in run_due_chores(make_night(any_clinic), first)
    assert count_all(any_clinic) == 5
    # It was wrong and is set right: the night after next purges, also where one was noted by a clock that was ahead
    note_purge(any_clinic, LATER)
    with begin_write(any_clinic.engine) as connection:
        first = put_off_purge(connection, LATER, NOW)
    assert PURGE not in run_due_chores(make_night(any_clinic), first - timedelta(hours=3))
    assert PURGE in run_due_chores(make_night(any_clinic), first)
