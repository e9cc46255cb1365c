"""The work list: what fits, in the order of time, page after page, whatever comes in meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write
from app.storage.responses import OPEN, ReviewStatus, StoredResponse, find_newest_versions
from app.storage.review import claim, complete, restrict
from app.storage.tokens import take_in
from app.storage.worklist import (
    Place,
    ResponseFilter,
    count_by_status,
    count_responses,
    list_responses,
)
from tests.storage.sending import Sender

ANN = "a" * 32
Send = Callable[..., StoredResponse]


@pytest.fixture
def send(engine: Engine, edition_hash: str, now: datetime) -> Send:
    """Give a function with which somebody new sends, so many minutes from now, found by these tokens."""

    def send_one(minutes: int = 0, *tokens: str, edition: str = edition_hash) -> StoredResponse:
        response, _ = Sender(engine, edition, now + timedelta(minutes=minutes)).send()
        with begin_write(engine) as connection:
            take_in(connection, response, tokens)
        return replace(response, taken_in=1)

    return send_one


def find(engine: Engine, limit: int = 25, **wanted: object) -> list[str]:
    with begin_read(engine) as connection:
        return [one.reference for one in list_responses(connection, ResponseFilter(**wanted), limit)]  # type: ignore[arg-type]  # as asked


def test_what_came_first_stands_first_and_the_other_way_round(engine: Engine, send: Send) -> None:
    late, early, middle = (send(minutes).reference for minutes in (9, 1, 5))
    assert find(engine) == [early, middle, late]
    assert find(engine, is_newest_first=True) == [late, middle, early]


def test_each_filter_narrows_and_all_are_combined(engine: Engine, send: Send, now: datetime) -> None:
    with begin_write(engine) as connection:
        record_edition(connection, "d" * 64, '{"item":[1]}', language="en", title="Another", now=now)
    first, second = send(1, "ana", "ruiz"), send(2, "ana", "chen")
    third = send(3, "ana", edition="d" * 64)
    with begin_write(engine) as connection:
        claim(connection, second, ANN)
        hidden = restrict(connection, third, is_restricted=True)
    assert find(engine, tokens=("ana",)) == [first.reference, second.reference]
    assert find(engine, tokens=("ana", "ruiz")) == [first.reference]
    assert find(engine, tokens=("ana", "bo")) == []
    assert find(engine, owner=ANN) == [second.reference]
    assert find(engine, owner=ANN, tokens=("ruiz",)) == []
    assert find(engine, statuses=(ReviewStatus.REQUESTED,)) == [first.reference]
    assert find(engine, since=now + timedelta(minutes=2)) == [second.reference]
    assert find(engine, until=now + timedelta(minutes=2)) == [first.reference]
    assert find(engine, reference=first.reference) == [first.reference]
    assert find(engine, edition_hash="d" * 64) == []
    assert find(engine, edition_hash="d" * 64, has_restricted=True) == [hidden.reference]


def test_counting_stops_where_it_is_told(engine: Engine, send: Send) -> None:
    for minute in range(5):
        send(minute)
    with begin_read(engine) as connection:
        assert count_responses(connection, ResponseFilter()) == 5
        assert count_responses(connection, ResponseFilter(), at_most=3) == 4
        assert count_by_status(connection)[ReviewStatus.REQUESTED] == 5


def test_a_page_goes_on_behind_the_last_row_though_others_came_and_went(
    engine: Engine, send: Send, now: datetime
) -> None:
    sent = [send(minute) for minute in range(6)]
    place = Place(sent[2].received_at, sent[2].reference)
    with begin_write(engine) as connection:
        complete(connection, sent[0], ANN, now)
    newest = send(7)
    expected = [one.reference for one in (*sent[3:], newest)]
    assert find(engine, statuses=OPEN, after=place) == expected


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 7), is_newest_first=st.booleans())
def test_the_pages_hold_each_response_once_whatever_their_size(
    engine: Engine, send: Send, *, size: int, is_newest_first: bool
) -> None:
    if not find(engine):
        for minute in (0, 0, 1, 1, 1, 2, 3, 5):  # some came at the same moment
            send(minute)
    wanted, seen = ResponseFilter(is_newest_first=is_newest_first), []
    with begin_read(engine) as connection:
        while page := list_responses(connection, wanted, size):
            seen += page
            wanted = replace(wanted, after=Place(page[-1].received_at, page[-1].reference))
        assert seen == list_responses(connection, ResponseFilter(is_newest_first=is_newest_first), 100)
    assert len({one.reference for one in seen}) == 8


def test_the_newest_version_of_each_is_found_at_once(engine: Engine, edition_hash: str, now: datetime) -> None:
    one, other = Sender(engine, edition_hash, now), Sender(engine, edition_hash, now)
    first, _ = one.send()
    second, _ = other.send()
    one.send(version=2, content="newer")
    with begin_read(engine) as connection:
        found = find_newest_versions(connection, [first.reference, second.reference, "0" * 10])
        assert find_newest_versions(connection, []) == {}
    assert {reference: version.version for reference, version in found.items()} == {
        first.reference: 2,
        second.reference: 1,
    }
    assert found[first.reference].sealed.startswith(b"newer")


def test_each_look_up_follows_an_index(engine: Engine, send: Send) -> None:
    # What cost grows with would be a sort or a scan of the whole table.
    send(1)
    if engine.dialect.name != "sqlite":
        return
    with begin_read(engine) as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM responses WHERE review_status = 'requested' AND is_restricted = 0 "
                "AND (received_at, reference) > ('2026', 'a') ORDER BY received_at, reference LIMIT 26"
            )
        ).all()
    assert [row.detail for row in plan] == [
        "SEARCH responses USING INDEX ix_responses_queue (review_status=? AND (received_at,reference)>(?,?))"
    ]
