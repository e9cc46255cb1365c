"""Sessions, links and counts of staff, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from app.desk.staff import make_first_invitation
from app.storage.engine import begin_read, begin_write
from app.storage.invitations import (
    INVITATION_LIFE,
    Purpose,
    create_invitation,
    find_invitation,
    find_invitation_of,
    purge_invitations,
    revoke_invitations,
    spend_invitation,
)
from app.storage.people import Person, Role, create_person
from app.storage.sessions import (
    StoredSession,
    create_session,
    end_session,
    end_sessions_of,
    find_session,
    find_writer,
    keep_text,
    list_sessions,
    purge_sessions,
    save_session,
    take_text,
    touch_session,
)
from app.storage.throttles import Tally, find_tally, forget_tally, hold_tally, purge_tallies, save_tally

HOUR = timedelta(hours=1)


@pytest.fixture
def ann(engine: Engine, now: datetime) -> Person:
    """Store a person."""
    with begin_write(engine) as connection:
        return create_person(connection, login="ann@clinic.example", name="Ann", roles={Role.REVIEWER}, now=now)


def begin(engine: Engine, now: datetime, name: str, person: Person | None = None) -> StoredSession:
    session = StoredSession(
        id_hash=name * 64,
        person_id=person.id if person else None,
        form_hash=name.upper() * 64,
        sealed=b"sealed",
        address="2001:db8::1",
        created_at=now,
        used_at=now,
        ended_at=None,
    )
    with begin_write(engine) as connection:
        create_session(connection, session)
    return session


def read(engine: Engine, session: StoredSession) -> StoredSession | None:
    with begin_read(engine) as connection:
        return find_session(connection, session.id_hash)


def test_a_session_is_found_as_it_was_stored_and_moves_on(engine: Engine, now: datetime, ann: Person) -> None:
    session = begin(engine, now, "a", ann)
    assert read(engine, session) == session
    with begin_write(engine) as connection:
        touch_session(connection, session.id_hash, now + HOUR)
    assert read(engine, session) == replace(session, used_at=now + HOUR)
    with begin_write(engine) as connection:
        assert save_session(
            connection, session.id_hash, person_id=None, form_hash="x" * 64, sealed=b"other", now=now + HOUR
        )
    found = read(engine, session)
    assert found is not None
    assert (found.person_id, found.form_hash, found.sealed) == (None, "x" * 64, b"other")


def test_an_ended_session_holds_nothing_and_cannot_be_saved(engine: Engine, now: datetime, ann: Person) -> None:
    session = begin(engine, now, "a", ann)
    with begin_write(engine) as connection:
        end_session(connection, session.id_hash, now + HOUR)
        touch_session(connection, session.id_hash, now + 2 * HOUR)
        values = {"person_id": ann.id, "form_hash": None, "sealed": b"again", "now": now}
        assert not save_session(connection, session.id_hash, **values)  # type: ignore[arg-type]  # mixed values
    assert read(engine, session) == replace(session, sealed=None, ended_at=now + HOUR)
    with begin_read(engine) as connection:
        assert find_writer(connection, "A" * 64) == ann.id  # but whose form it was is still known
        assert find_writer(connection, "B" * 64) is None


def test_all_sessions_of_a_person_end_but_one(engine: Engine, now: datetime, ann: Person) -> None:
    sessions = [begin(engine, now + number * HOUR, name, ann) for number, name in enumerate("abc")]
    stranger = begin(engine, now, "d")
    with begin_write(engine) as connection:
        assert end_sessions_of(connection, ann.id, now, but=sessions[1].id_hash) == 2
        listed = list_sessions(connection, ann.id, since=now)
        assert end_sessions_of(connection, ann.id, now) == 1
    assert listed == [sessions[1]]
    assert read(engine, stranger) == stranger


def test_sessions_past_their_time_are_deleted(engine: Engine, now: datetime, ann: Person) -> None:
    old, nobodys = begin(engine, now - 25 * HOUR, "a", ann), begin(engine, now - 2 * HOUR, "b")
    young, nobodys_young = begin(engine, now - 23 * HOUR, "c", ann), begin(engine, now, "d")
    with begin_write(engine) as connection:
        assert purge_sessions(connection, anonymous_before=now - HOUR, before=now - 24 * HOUR) == 2
    assert [read(engine, each) for each in (old, nobodys)] == [None, None]
    assert [read(engine, each) for each in (young, nobodys_young)] == [young, nobodys_young]


def test_what_was_typed_too_late_is_kept_once_and_the_newest_five_of_each(engine: Engine, now: datetime) -> None:
    with begin_write(engine) as connection:
        for number in range(7):
            keep_text(connection, str(number) * 64, "w" * 64, b"%d" % number, now + number * HOUR)
        keep_text(connection, "x" * 64, "v" * 64, b"x", now)
        kept = [take_text(connection, name * 64) for name in "0123456x"]
        assert kept == [None, None, b"2", b"3", b"4", b"5", b"6", b"x"]
        assert [take_text(connection, name * 64) for name in "0123456x"] == [None] * 8
        keep_text(connection, "x" * 64, "v" * 64, b"x", now)
        assert find_writer(connection, "v" * 64) is None
        assert purge_sessions(connection, anonymous_before=now, before=now - 24 * HOUR) == 1


def test_of_ten_who_start_on_an_empty_database_one_has_the_first_link(engine: Engine, now: datetime) -> None:
    start = Barrier(10)

    def invite(_: int) -> str | None:
        start.wait()
        with begin_write(engine) as connection:
            return make_first_invitation(connection, now)

    with ThreadPoolExecutor(10) as threads:
        assert sum(secret is not None for secret in threads.map(invite, range(10))) == 1


def test_a_link_is_spent_once_in_its_day(engine: Engine, now: datetime, ann: Person) -> None:
    with begin_write(engine) as connection:
        made = create_invitation(connection, secret_hash="a" * 64, purpose=Purpose.PERSON, person_id=ann.id, now=now)
    last = now + INVITATION_LIFE - timedelta(microseconds=1)
    with begin_read(engine) as connection:
        assert find_invitation(connection, "a" * 64, last) == made
        assert find_invitation_of(connection, ann.id, last) == made
        assert find_invitation(connection, "a" * 64, now + INVITATION_LIFE) is None
        assert find_invitation(connection, "b" * 64, now) is None
    with begin_write(engine) as connection:
        assert not spend_invitation(connection, "a" * 64, now + INVITATION_LIFE)
        assert spend_invitation(connection, "a" * 64, last)
        assert not spend_invitation(connection, "a" * 64, last)
        assert find_invitation(connection, "a" * 64, now) is None


def test_of_ten_who_spend_one_link_one_does(engine: Engine, now: datetime) -> None:
    with begin_write(engine) as connection:
        create_invitation(
            connection, secret_hash="a" * 64, purpose=Purpose.FIRST_ADMINISTRATOR, person_id=None, now=now
        )
    start = Barrier(10)

    def spend(_: int) -> bool:
        start.wait()
        with begin_write(engine) as connection:
            return spend_invitation(connection, "a" * 64, now)

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(spend, range(10))) == 1


def test_a_newer_link_takes_the_place_of_an_older(engine: Engine, now: datetime, ann: Person) -> None:
    with begin_write(engine) as connection:
        for name in "ab":
            create_invitation(connection, secret_hash=name * 64, purpose=Purpose.RESET, person_id=ann.id, now=now)
        create_invitation(
            connection, secret_hash="c" * 64, purpose=Purpose.FIRST_ADMINISTRATOR, person_id=None, now=now
        )
        assert find_invitation(connection, "a" * 64, now) is None
        assert find_invitation(connection, "b" * 64, now) is not None
        revoke_invitations(connection, ann.id)
        assert find_invitation(connection, "b" * 64, now) is None
        assert find_invitation_of(connection, None, now) is not None
        assert purge_invitations(connection, now + INVITATION_LIFE) == 1


def test_a_tally_is_begun_kept_and_forgotten(engine: Engine, now: datetime) -> None:
    tally = Tally(tries=3, last_at=now, until=now + HOUR)
    with begin_write(engine) as connection:
        assert find_tally(connection, "a") is None
        assert hold_tally(connection, "a", now) == Tally(tries=0, last_at=now, until=now)
        save_tally(connection, "a", tally)
        hold_tally(connection, "b", now + HOUR)
    with begin_write(engine) as connection:
        assert hold_tally(connection, "a", now + HOUR) == tally
        assert purge_tallies(connection, now) == 0  # it still holds
        assert purge_tallies(connection, now + HOUR - timedelta(microseconds=1)) == 0
        assert purge_tallies(connection, now + HOUR) == 2
        assert find_tally(connection, "a") is None
        hold_tally(connection, "b", now)
        forget_tally(connection, "b")
        assert find_tally(connection, "b") is None


def test_twenty_who_count_at_once_are_twenty(engine: Engine, now: datetime) -> None:
    start = Barrier(10)

    def count(_: int) -> None:
        start.wait()
        for _ in range(2):
            with begin_write(engine) as connection:
                tally = hold_tally(connection, "a", now)
                save_tally(connection, "a", replace(tally, tries=tally.tries + 1))

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(count, range(10)))
    with begin_read(engine) as connection:
        tally = find_tally(connection, "a")
    assert tally is not None
    assert tally.tries == 20
