"""What the database does at night, every few seconds and for the audit page: never by going through everything."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from app.storage.audit import (
    AuditFilter,
    Entry,
    count_entries,
    list_actions,
    list_actors,
    list_entries,
    list_oldest,
)
from app.storage.chores import find_last_time
from app.storage.drafts import purge_expired
from app.storage.engine import begin_read, begin_write
from app.storage.gauges import read_gauges
from app.storage.responses import (
    count_due,
    count_new,
    count_new_due,
    count_unknown,
    find_newest_versions,
    find_receipt,
    has_new,
    list_due,
    list_versions,
)
from app.storage.tables import AUDIT_ENTRIES, DRAFTS
from app.storage.tokens import count_tokens, find_oldest_waiting, list_references, list_untaken
from tests.storage.conftest import MINUTE, Fill
from tests.storage.plans import count_rows, list_scans, watch_plans

MANY = 8000
PEOPLE = 5


@pytest.fixture
def log(engine: Engine, now: datetime) -> Engine:
    """Give a database with a long audit log: an entry a minute, by some people."""
    rows = [
        {
            "number": number,
            "at": now + number * MINUTE,
            "actor": f"person-{number % PEOPLE}",
            "action": "response.opened" if number % 2 else "list.viewed",
            "subject": f"{number % 1000:010}",
            "outcome": "done",
            "origin": "192.0.2.1",
            "about": "{}",
            "link": "0" * 64,
        }
        for number in range(1, MANY + 1)
    ]
    with begin_write(engine) as connection:
        connection.execute(insert(AUDIT_ENTRIES), rows)
        count_rows(connection)
    return engine


@pytest.fixture
def drafts(engine: Engine, edition_hash: str, now: datetime) -> Engine:
    """Give a database with many drafts, one of which is over each minute."""
    rows = [
        {
            "id": f"{number:032}",
            "secret_hash": f"{number:064}",
            "edition_hash": edition_hash,
            "revision": 1,
            "sealed": b"sealed",
            "created_at": now,
            "saved_at": now,
            "expires_at": now + number * MINUTE,
            "reached": number % 9,
        }
        for number in range(MANY)
    ]
    with begin_write(engine) as connection:
        connection.execute(insert(DRAFTS), rows)
        count_rows(connection)
    return engine


def test_the_log_is_read_by_an_index_whatever_is_asked(log: Engine, now: datetime) -> None:
    since, until = now + 100 * MINUTE, now + 200 * MINUTE
    person, action = "person-1", "response.opened"
    filters = [
        AuditFilter(before=4000),
        AuditFilter(since=since, until=until),
        AuditFilter(since=since, until=until, before=180),
        AuditFilter(since=now, before=400),
        AuditFilter(until=now + MANY * MINUTE),
        AuditFilter(actor=person, since=since, until=until),
        AuditFilter(actor=person, until=until),
        AuditFilter(action=action, since=since, until=until),
        AuditFilter(action=action, before=4000),
        AuditFilter(subject=f"{7:010}", since=since),
        AuditFilter(subject=f"{7:010}", actions=(action, "list.viewed"), outcome="done"),
    ]
    with begin_read(log) as connection, watch_plans(connection) as steps:
        *_, place = list_oldest(connection, AuditFilter(), None, MANY, 150)
        for wanted in filters:
            list_entries(connection, wanted)
            list_oldest(connection, wanted, place, MANY, 500)
        for wanted in filters[1:]:  # of the whole log, a thousand are counted wherever they stand
            count_entries(connection, wanted, most=1001)
        list_actors(connection)
        list_actions(connection)
    assert steps
    assert list_scans(steps, "audit_entries") == []


def test_a_page_of_the_log_by_day_goes_on_where_the_last_one_ended(log: Engine, now: datetime) -> None:
    wanted = AuditFilter(since=now + 100 * MINUTE, until=now + 400 * MINUTE, actor="person-1")
    numbers: list[int] = []
    with begin_read(log) as connection:
        before: int | None = None
        while page := list_entries(connection, replace(wanted, before=before), 17):
            numbers += [entry.number for entry in page]
            before = page[-1].number
        assert count_entries(connection, wanted) == len(numbers)
    assert numbers == [number for number in range(399, 99, -1) if number % PEOPLE == 1]


@pytest.mark.parametrize("actor", ["", "person-1"])
def test_the_log_is_given_out_in_parts_that_leave_nothing_out(log: Engine, now: datetime, actor: str) -> None:
    wanted = AuditFilter(since=now + 100 * MINUTE if actor else None, actor=actor)
    numbers: list[int] = []
    with begin_read(log) as connection:
        after: Entry | None = None
        while part := list_oldest(connection, wanted, after, 400, 17):
            numbers += [entry.number for entry in part]
            after = part[-1]
    assert numbers == [number for number in range(1, 401) if not actor or (number >= 100 and number % PEOPLE == 1)]


def test_a_clock_that_went_back_hides_no_entry_and_shows_none_twice(engine: Engine, now: datetime) -> None:
    rows = [
        {"number": number, "at": now + timedelta(minutes=minute), "link": "0" * 64, "origin": "", "about": "{}"}
        | {"actor": "program", "action": "list.viewed", "subject": "", "outcome": "done"}
        for number, minute in enumerate((0, 10, 20, 5, 15, 15, 30), 1)
    ]
    with begin_write(engine) as connection:
        connection.execute(insert(AUDIT_ENTRIES), rows)
    wanted = AuditFilter(since=now + timedelta(minutes=5), until=now + timedelta(minutes=25))
    numbers: list[int] = []
    with begin_read(engine) as connection:
        before: int | None = None
        while page := list_entries(connection, replace(wanted, before=before), 2):
            numbers += [entry.number for entry in page]
            before = page[-1].number
    assert numbers == [3, 6, 5, 2, 4]


def test_retention_and_intake_look_up_what_they_need(engine: Engine, fill: Fill, now: datetime) -> None:
    fill(MANY, lambda number: ["all"] + ["few"] * (number % 100 == 0))
    reference = f"{7:010}"
    with begin_write(engine) as connection:
        count_rows(connection)
    with begin_read(engine) as connection, watch_plans(connection) as steps:
        list_untaken(connection, 50)
        list_untaken(connection, 50, unread=["e" * 64])
        find_oldest_waiting(connection, unread=["e" * 64])
        read_gauges(connection, now)
        has_new(connection)
        count_due(connection, now - MINUTE)
        count_new_due(connection, now - MINUTE)
        count_new(connection, [reference])
        count_unknown(connection)
        find_receipt(connection, f"{7:064}")
        list_versions(connection, reference)
        find_newest_versions(connection, [reference])
        list_references(connection, "few".ljust(32, "0"))
        count_tokens(connection, ["few".ljust(32, "0")])
        find_last_time(connection, "purge")
    with begin_write(engine) as connection, watch_plans(connection) as more:
        list_due(connection, now - MINUTE, 100)
        list_due(connection, now, 100)
    assert steps
    assert more
    assert list_scans(steps + more, "response") == []


def test_drafts_that_are_over_are_found_among_many(drafts: Engine, now: datetime) -> None:
    with begin_write(drafts) as connection, watch_plans(connection) as steps:
        assert purge_expired(connection, now + 100 * MINUTE) == 101
    assert steps
    assert list_scans(steps, "drafts") == []
