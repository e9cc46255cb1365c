"""Counts for the overview: what is asked for, no further back, and nothing that is restricted."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from app.storage.engine import begin_read, begin_write
from app.storage.responses import Sending, StoredResponse, receive_response
from app.storage.review import claim, complete, restrict
from app.storage.statistics import (
    begin_last,
    count_by_edition,
    count_outside,
    count_received,
    count_tokens_since,
    find_oldest_time,
    list_review_times,
    list_used_editions,
)
from app.storage.tokens import take_in
from tests.storage.plans import list_scans, watch_plans

DAY = timedelta(days=1)
PERSON = "p" * 32

Receive = Callable[..., StoredResponse]


@pytest.fixture
def receive(engine: Engine, edition_hash: str, now: datetime) -> Receive:
    numbers = iter(range(1000))

    def receive_one(
        at: datetime = now, reviewed: timedelta | None = None, tokens: tuple[str, ...] = ()
    ) -> StoredResponse:
        with begin_write(engine) as connection:
            sending = Sending(
                receipt_hash=f"{next(numbers):064}",
                version=1,
                edition_hash=edition_hash,
                language="en",
                delete_at=at + 30 * DAY,
                seal=lambda *_: b"",
            )
            stored, _ = receive_response(connection, sending, at)
            take_in(connection, stored, tokens)
            if reviewed is not None:
                stored = complete(connection, claim(connection, stored, PERSON), PERSON, at + reviewed)
            return stored

    return receive_one


def test_responses_are_counted_where_they_came_in(engine: Engine, receive: Receive, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert find_oldest_time(connection) is None
    for days in (0, 1, 1, 3):
        receive(now + days * DAY)
    moments = [now + days * DAY for days in (0, 1, 2, 3, 4)]
    with begin_read(engine) as connection:
        assert count_received(connection, moments) == [1, 2, 0, 1]
        assert count_received(connection, moments[:1]) == []
        assert count_outside(connection, now, now + 3 * DAY) == 1
        assert count_outside(connection, now + DAY, now + 4 * DAY) == 1
        assert find_oldest_time(connection) == now


def test_the_last_ones_are_known_by_when_the_first_of_them_came_in(
    engine: Engine, receive: Receive, now: datetime
) -> None:
    for days in (2, 0, 1):
        receive(now + days * DAY)
    with begin_read(engine) as connection:
        found = [begin_last(connection, count, now - DAY) for count in (1, 2, 3, 4)]
        assert begin_last(connection, 3, now + DAY) == now + DAY
    assert found == [now + 2 * DAY, now + DAY, now, now - DAY]


def test_a_review_takes_from_the_last_sending_on(engine: Engine, receive: Receive, now: datetime) -> None:
    receive(now, reviewed=3 * DAY)
    receive(now + DAY, reviewed=timedelta(hours=2))
    receive(now + DAY)
    receive(now - DAY, reviewed=DAY)
    with begin_read(engine) as connection:
        assert list_review_times(connection, now, now + 2 * DAY, 10) == [timedelta(hours=2), 3 * DAY]
        assert list_review_times(connection, now, now + 2 * DAY, 1) == [timedelta(hours=2)]
        assert list_review_times(connection, now + 2 * DAY, now + 3 * DAY, 10) == []


def test_editions_are_known_by_what_has_them(
    engine: Engine, edition_hash: str, receive: Receive, now: datetime
) -> None:
    with begin_read(engine) as connection:
        assert list_used_editions(connection) == []
    receive(now - 10 * DAY)
    receive(now)
    with begin_read(engine) as connection:
        assert list_used_editions(connection) == [edition_hash]
        editions = [edition_hash, "f" * 64]
        assert count_by_edition(connection, editions, now - DAY, now + DAY) == {edition_hash: 1, "f" * 64: 0}
        assert count_by_edition(connection, editions, now - DAY, now) == {edition_hash: 0, "f" * 64: 0}


def test_tokens_are_counted_without_what_is_old_or_restricted(engine: Engine, receive: Receive, now: datetime) -> None:
    receive(now - 10 * DAY, tokens=("heart",))
    receive(now, tokens=("heart", "liver"))
    hidden = receive(now, tokens=("heart",))
    with begin_read(engine) as connection:
        assert count_tokens_since(connection, ("heart", "liver", "eyes"), now) == {"heart": 2, "liver": 1, "eyes": 0}
    with begin_write(engine) as connection:
        restrict(connection, hidden, is_restricted=True)
    with begin_read(engine) as connection:
        assert count_tokens_since(connection, ("heart", "liver", "eyes"), now) == {"heart": 1, "liver": 1, "eyes": 0}


def test_no_count_goes_through_everything_but_what_is_counted(engine: Engine, receive: Receive, now: datetime) -> None:
    receive(now, reviewed=DAY, tokens=("heart",))
    with begin_read(engine) as connection, watch_plans(connection) as steps:
        count_received(connection, [now, now + DAY])
        list_review_times(connection, now, now + DAY, 10)
        list_used_editions(connection)
        count_outside(connection, now, now + DAY)
        begin_last(connection, 10, now)
        count_by_edition(connection, ["f" * 64], now, now + DAY)
        count_tokens_since(connection, ("heart",), now)
        find_oldest_time(connection)
    assert list_scans(steps, "responses", "response_tokens") == []
