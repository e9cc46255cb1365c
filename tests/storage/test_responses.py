"""Responses: one row for each reference however often it is sent, versions that stay, and deletion of all of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from app.storage.engine import begin_read, begin_write
from app.storage.notes import StoredNote, add_note
from app.storage.responses import (
    ReviewStatus,
    StoredResponse,
    add_version,
    count_unknown,
    erase_response,
    find_receipt,
    find_response,
    find_responses,
    list_due,
    list_versions,
    receive_response,
)
from app.storage.review import claim, complete, keep, restrict
from app.storage.tables import NOTES, RESPONSE_TOKENS, RESPONSE_VERSIONS, RESPONSES
from app.storage.tokens import take_in
from app.vault.reference import parse_reference
from tests.storage.sending import Sender

AT_ONCE = 10


@pytest.fixture
def sender(engine: Engine, edition_hash: str, now: datetime) -> Sender:
    """Return somebody who has not sent yet."""
    return Sender(engine, edition_hash, now)


def send_at_once(senders: list[Sender], version: int = 1) -> list[tuple[StoredResponse, bool]]:
    """Let all send at the same moment, each in a transaction of its own."""
    start = threading.Barrier(len(senders))

    def send(sender: Sender) -> tuple[StoredResponse, bool]:
        start.wait()
        return sender.send(version)

    with ThreadPoolExecutor(len(senders)) as pool:
        return list(pool.map(send, senders))


def test_what_is_sent_first_is_new_and_waits_for_review(sender: Sender, now: datetime) -> None:
    response, is_new = sender.send()
    assert is_new
    assert parse_reference(response.reference) == response.reference
    assert response.review_status is ReviewStatus.REQUESTED
    assert (response.version, response.revision, response.taken_in) == (1, 0, 0)
    assert (response.received_at, response.sent_at, response.delete_at) == (now, now, now + timedelta(days=30))
    with begin_read(sender.engine) as connection:
        assert find_response(connection, response.reference) == response
        assert find_receipt(connection, sender.receipt) == response
        (version,) = list_versions(connection, response.reference)
    assert version.sealed == f"sealed {version.id} {response.reference}".encode()


def test_the_same_version_again_is_left_as_it_is(sender: Sender) -> None:
    response, _ = sender.send()
    assert sender.send(content="something else") == (response, False)
    with begin_read(sender.engine) as connection:
        (version,) = list_versions(connection, response.reference)
    assert version.sealed.startswith(b"sealed ")


def test_ten_at_once_are_one(sender: Sender) -> None:
    # UA-31
    answers = send_at_once([sender] * AT_ONCE)
    assert sorted(is_new for _, is_new in answers) == [False] * (AT_ONCE - 1) + [True]
    assert len({response.reference for response, _ in answers}) == 1
    with begin_read(sender.engine) as connection:
        assert len(connection.execute(select(RESPONSES)).all()) == 1
        assert len(connection.execute(select(RESPONSE_VERSIONS)).all()) == 1


def test_ten_newer_versions_at_once_are_one(sender: Sender) -> None:
    first, _ = sender.send()
    answers = send_at_once([sender] * AT_ONCE, version=2)
    assert sorted(is_new for _, is_new in answers) == [False] * (AT_ONCE - 1) + [True]
    with begin_read(sender.engine) as connection:
        assert [version.version for version in list_versions(connection, first.reference)] == [1, 2]


def test_ten_people_at_once_are_ten(engine: Engine, edition_hash: str, now: datetime) -> None:
    senders = [Sender(engine, edition_hash, now) for _ in range(AT_ONCE)]
    answers = send_at_once(senders)
    assert all(is_new for _, is_new in answers)
    assert len({response.reference for response, _ in answers}) == AT_ONCE


def test_a_newer_version_keeps_the_reference_and_when_it_was_received(sender: Sender, now: datetime) -> None:
    first, _ = sender.send()
    sender.now = now + timedelta(days=3)
    second, is_new = sender.send(version=2, content="corrected")
    assert is_new
    assert (second.reference, second.version, second.received_at) == (first.reference, 2, now)
    assert (second.sent_at, second.delete_at) == (sender.now, sender.now + timedelta(days=30))
    with begin_read(sender.engine) as connection:
        versions = list_versions(connection, first.reference)
    assert [version.sealed.split()[0] for version in versions] == [b"sealed", b"corrected"]
    assert [version.sent_at for version in versions] == [now, sender.now]


def test_a_newer_version_comes_back_onto_the_list_only_when_it_had_left(sender: Sender, now: datetime) -> None:
    response, _ = sender.send()
    with begin_write(sender.engine) as connection:
        claimed = claim(connection, response, "ann")
    second, _ = sender.send(version=2)
    assert (second.review_status, second.owner) == (ReviewStatus.IN_PROGRESS, "ann")
    assert second.revision > claimed.revision  # whoever reviews notices
    with begin_write(sender.engine) as connection:
        complete(connection, second, "ann", now)
    third, _ = sender.send(version=3)
    assert (third.review_status, third.reviewed_at) == (ReviewStatus.REQUESTED, None)


def test_no_two_responses_share_a_reference_or_a_version(sender: Sender) -> None:
    response, _ = sender.send()
    with begin_read(sender.engine) as connection:
        version = dict(connection.execute(select(RESPONSE_VERSIONS)).mappings().one())
        row = dict(connection.execute(select(RESPONSES)).mappings().one())
    twins = (
        (RESPONSE_VERSIONS, {**version, "id": "another"}),
        (RESPONSES, {**row, "reference": "0000000000"}),
        (RESPONSES, {**row, "receipt_hash": "0" * 64}),
    )
    for table, twin in twins:
        with pytest.raises(IntegrityError), begin_write(sender.engine) as connection:
            connection.execute(table.insert(), twin)
    with begin_read(sender.engine) as connection:
        assert find_response(connection, response.reference) == response


def test_when_sealing_fails_nothing_is_stored(sender: Sender) -> None:
    def fail(row_id: str, reference: str) -> bytes:
        raise RuntimeError(f"{row_id}{reference}")

    sending = replace(sender.build(), seal=fail)
    with pytest.raises(RuntimeError), begin_write(sender.engine) as connection:
        receive_response(connection, sending, sender.now)
    with begin_read(sender.engine) as connection:
        assert find_receipt(connection, sender.receipt) is None


def test_what_is_due_is_listed_without_what_is_held(sender: Sender, engine: Engine, now: datetime) -> None:
    due, _ = sender.send(days=1)
    held, _ = Sender(engine, sender.edition_hash, now).send(days=1)
    Sender(engine, sender.edition_hash, now).send(days=3)
    with begin_write(engine) as connection:
        keep(connection, held, is_kept=True)
        assert list_due(connection, now, 10) == []
        assert list_due(connection, now + timedelta(days=1), 10) == [due.reference]


def test_erasing_leaves_nothing_of_a_response_and_all_of_the_others(
    sender: Sender, engine: Engine, now: datetime
) -> None:
    gone, _ = sender.send()
    stays, _ = Sender(engine, sender.edition_hash, now).send()
    with begin_write(engine) as connection:
        for response in (gone, stays):
            assert take_in(connection, response, ["t" * 32])
            note = StoredNote(
                id=response.reference, reference=response.reference, author="ann", written_at=now, sealed=b"note"
            )
            add_note(connection, note)
        assert erase_response(connection, gone.reference)
        assert not erase_response(connection, gone.reference)
    with begin_read(engine) as connection:
        for table in (RESPONSES, RESPONSE_VERSIONS, RESPONSE_TOKENS, NOTES):
            assert set(connection.execute(select(table.c.reference)).scalars()) == {stays.reference}
        assert find_receipt(connection, sender.receipt) is None


def test_a_correction_by_staff_leaves_the_review_as_it_is(sender: Sender, now: datetime) -> None:
    first, _ = sender.send()
    with begin_write(sender.engine) as connection:
        reviewed = complete(connection, first, "somebody", now + timedelta(hours=1))
        after = now + timedelta(days=1)
        corrected = add_version(connection, reviewed, sender.build(2), after, is_by_staff=True)
    assert (corrected.version, corrected.taken_in) == (2, 0)
    assert (corrected.review_status, corrected.reviewed_at) == (ReviewStatus.COMPLETED, now + timedelta(hours=1))
    assert corrected.sent_at == now


@pytest.mark.parametrize("state", ["", "cancelled", "in-review", "rejected", "x"])
def test_a_state_that_nobody_knows_stays_and_keeps_nobody_from_sending_reading_and_holding(
    sender: Sender, state: str
) -> None:
    first, _ = sender.send()
    Sender(sender.engine, sender.edition_hash, sender.now).send()
    with begin_write(sender.engine) as connection:
        connection.execute(
            update(RESPONSES).where(RESPONSES.c.reference == first.reference).values(review_status=state)
        )
    second, is_new = sender.send(version=2)
    assert (is_new, second.version, second.review_status) == (True, 2, None)
    with begin_write(sender.engine) as connection:
        assert find_receipt(connection, sender.receipt) == second
        assert find_responses(connection, [first.reference]) == [second]
        held = keep(connection, second, is_kept=True)
        assert (held.is_kept, restrict(connection, held, is_restricted=True).is_restricted) == (True, True)
        assert connection.execute(select(RESPONSES.c.review_status).where(RESPONSES.c.is_kept)).scalars().all() == [
            state
        ]
        assert count_unknown(connection) == 1
