"""Reviewing: one change at a time; whoever saw an older state changes nothing and learns what stands there now."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import Engine

from app.storage.engine import begin_read, begin_write
from app.storage.responses import ReviewStatus, StoredResponse, erase_response, find_response
from app.storage.review import StaleReviewError, claim, complete, hold_for_call, keep, release, reopen, restrict
from tests.storage.sending import Sender

ANN, BO = "a" * 32, "b" * 32


@pytest.fixture
def stored(engine: Engine, edition_hash: str, now: datetime) -> StoredResponse:
    """Return a response that has come in."""
    response, _ = Sender(engine, edition_hash, now).send()
    return response


def test_a_review_walks_through_its_states(engine: Engine, stored: StoredResponse, now: datetime) -> None:
    with begin_write(engine) as connection:
        taken = claim(connection, stored, ANN)
        assert (taken.review_status, taken.owner, taken.revision) == (ReviewStatus.IN_PROGRESS, ANN, 1)
        held = hold_for_call(connection, taken, ANN, date(2026, 3, 4))
        assert (held.review_status, held.call_on) == (ReviewStatus.ON_HOLD, "2026-03-04")
        free = release(connection, held)
        assert (free.review_status, free.owner, free.call_on) == (ReviewStatus.REQUESTED, None, None)
        done = complete(connection, free, BO, now)
        assert (done.review_status, done.owner, done.reviewed_at) == (ReviewStatus.COMPLETED, BO, now)
        again = reopen(connection, done, ANN)
        assert (again.review_status, again.owner, again.reviewed_at) == (ReviewStatus.IN_PROGRESS, ANN, None)
    with begin_read(engine) as connection:
        assert find_response(connection, stored.reference) == again


def test_a_hold_and_a_restriction_leave_the_review_as_it_is(engine: Engine, stored: StoredResponse) -> None:
    with begin_write(engine) as connection:
        taken = claim(connection, stored, ANN)
        kept = keep(connection, taken, is_kept=True)
        hidden = restrict(connection, kept, is_restricted=True)
    assert (hidden.is_kept, hidden.is_restricted, hidden.owner) == (True, True, ANN)
    assert hidden.review_status is ReviewStatus.IN_PROGRESS


def test_the_second_of_two_learns_what_stands_there(engine: Engine, stored: StoredResponse, now: datetime) -> None:
    with begin_write(engine) as connection:
        first = claim(connection, stored, ANN)
    with pytest.raises(StaleReviewError) as refused, begin_write(engine) as connection:
        complete(connection, stored, BO, now)
    assert refused.value.current == first
    with begin_read(engine) as connection:
        assert find_response(connection, stored.reference) == first


def test_a_newer_version_makes_what_was_seen_old(engine: Engine, edition_hash: str, now: datetime) -> None:
    sender = Sender(engine, edition_hash, now)
    seen, _ = sender.send()
    newer, _ = sender.send(version=2)
    with pytest.raises(StaleReviewError) as refused, begin_write(engine) as connection:
        complete(connection, seen, ANN, now)
    assert refused.value.current == newer


def test_what_was_erased_meanwhile_is_told_as_gone(engine: Engine, stored: StoredResponse) -> None:
    with begin_write(engine) as connection:
        erase_response(connection, stored.reference)
    with pytest.raises(StaleReviewError) as refused, begin_write(engine) as connection:
        claim(connection, stored, ANN)
    assert refused.value.current is None


def test_of_eight_who_claim_at_once_one_has_it(engine: Engine, stored: StoredResponse) -> None:
    start = threading.Barrier(8)

    def try_to_claim(number: int) -> str | None:
        start.wait()
        try:
            with begin_write(engine) as connection:
                return claim(connection, stored, f"{number}" * 32).owner
        except StaleReviewError:
            return None

    with ThreadPoolExecutor(8) as pool:
        owners = list(filter(None, pool.map(try_to_claim, range(8))))
    with begin_read(engine) as connection:
        current = find_response(connection, stored.reference)
    assert current is not None
    assert (len(owners), current.owner, current.revision) == (1, owners[0], 1)
    assert current == replace(current, review_status=ReviewStatus.IN_PROGRESS)


def test_an_act_is_done_only_from_the_states_it_belongs_to(
    engine: Engine, stored: StoredResponse, now: datetime
) -> None:
    with begin_write(engine) as connection:
        with pytest.raises(StaleReviewError):
            reopen(connection, stored, ANN)
        held = hold_for_call(connection, claim(connection, stored, ANN), ANN, date(2026, 3, 4))
        assert claim(connection, held, BO).call_on is None  # who reads it now has no day to keep
    with begin_write(engine) as connection:
        current = find_response(connection, stored.reference)
        assert current is not None
        done = complete(connection, current, BO, now)
        acts: tuple[Callable[[], object], ...] = (
            lambda: release(connection, done),
            lambda: claim(connection, done, ANN),
            lambda: hold_for_call(connection, done, ANN, date(2026, 3, 4)),
            lambda: complete(connection, done, ANN, now),
        )
        for act in acts:
            with pytest.raises(StaleReviewError) as refused:
                act()
            assert refused.value.current == done
        assert keep(connection, done, is_kept=True).reviewed_at == now
