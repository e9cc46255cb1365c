"""Drafts: found only with their secret, saved one at a time, gone when their day is over."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from app.storage.drafts import (
    DRAFT_LIFE,
    Draft,
    StaleDraftError,
    create_draft,
    purge_expired,
    save_draft,
)
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write
from app.storage.tables import DRAFTS
from app.vault import SECRET_LENGTH, SealError, bind_draft, derive_draft_key, hash_secret, open_draft
from tests.storage.patient import Patient
from tests.support.examples import count_examples

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def run(engine: Engine, statement: str, **values: object) -> None:
    with begin_write(engine) as connection:
        assert connection.execute(text(statement), values).rowcount > 0


def test_a_draft_is_found_as_it_was_created(patient: Patient, now: datetime) -> None:
    draft = patient.start(b'{"sleep":"poor"}')
    assert patient.find() == draft
    assert (draft.revision, draft.content) == (0, b'{"sleep":"poor"}')
    assert (draft.created_at, draft.saved_at, draft.expires_at) == (now, now, now + timedelta(hours=24))


@settings(max_examples=count_examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.binary(max_size=3000), min_size=1, max_size=4))
def test_whatever_is_saved_is_found_unchanged(make_patient: Callable[[], Patient], contents: list[bytes]) -> None:
    patient = make_patient()
    draft = patient.start()
    for content in contents:
        draft = patient.save(draft, content)
        assert patient.find() == draft
        assert draft.content == content


@pytest.mark.parametrize("size", [0, 1, 255, 256, 4096, 60_000, 1_000_000])
def test_a_draft_of_any_size_is_found_unchanged(patient: Patient, size: int) -> None:
    content = bytes(index * index % 251 for index in range(size))
    patient.start(content)
    found = patient.find()
    assert found is not None
    assert found.content == content


def test_the_row_is_random_and_sealed_anew_each_time(make_patient: Callable[[], Patient]) -> None:
    patients = [make_patient() for _ in range(3)]
    drafts = [patient.start(b"the same answer") for patient in patients]
    envelopes = [patient.read_sealed() for patient in patients]
    patients[0].save(drafts[0], b"the same answer")
    envelopes.append(patients[0].read_sealed())
    assert len({draft.id for draft in drafts}) == 3
    assert len({envelope[1:13] for envelope in envelopes}) == 4
    assert len({envelope[13:] for envelope in envelopes}) == 4


def test_row_and_nonce_can_be_given(patient: Patient, engine: Engine, now: datetime) -> None:
    with begin_write(engine) as connection:
        draft = create_draft(
            connection,
            secret=patient.secret,
            edition_hash=patient.edition_hash,
            content=b"yes",
            now=now,
            row_id="row-1",
            nonce=b"nonce number",
        )
        assert draft.id == "row-1"
        save_draft(connection, patient.secret, draft, b"no", now, nonce=b"number nonce")
    assert patient.read_sealed()[1:13] == b"number nonce"


def test_each_save_counts_and_gives_another_day(patient: Patient, now: datetime) -> None:
    draft = patient.start(b"one")
    saved = patient.save(draft, b"two", after=23 * HOUR)
    assert (saved.revision, saved.content, saved.id) == (1, b"two", draft.id)
    assert (saved.created_at, saved.saved_at, saved.expires_at) == (now, now + 23 * HOUR, now + 47 * HOUR)
    assert patient.find(after=46 * HOUR) == saved


def test_a_draft_lives_a_day_and_not_a_moment_longer(patient: Patient) -> None:
    patient.start()
    assert patient.find(after=DRAFT_LIFE - MOMENT) is not None
    assert patient.find(after=DRAFT_LIFE) is None


def test_another_secret_finds_nothing(make_patient: Callable[[], Patient]) -> None:
    make_patient().start()
    assert make_patient().find() is None


def test_a_draft_needs_an_edition_that_is_stored(patient: Patient) -> None:
    patient.edition_hash = "0" * 64
    with pytest.raises(IntegrityError):
        patient.start()
    assert patient.find() is None


def test_a_secret_opens_one_draft(patient: Patient) -> None:
    draft = patient.start(b"first")
    with pytest.raises(IntegrityError):
        patient.start(b"second")
    assert patient.find() == draft


def test_a_draft_in_a_log_does_not_repeat_an_answer(patient: Patient) -> None:
    assert "lonely" not in repr(patient.start(b"lonely"))


def test_a_page_that_was_overtaken_is_told_and_changes_nothing(patient: Patient) -> None:
    seen = patient.start(b"one")
    saved = patient.save(seen, b"two")
    with pytest.raises(StaleDraftError):
        patient.save(seen, b"three")
    assert patient.find() == saved


def test_of_pages_saved_at_the_same_moment_one_wins_and_the_others_are_told(patient: Patient) -> None:
    patient.start(b"before")
    start = Barrier(4)

    def save(content: bytes) -> Draft | None:
        seen = patient.find()
        assert seen is not None
        start.wait()
        with suppress(StaleDraftError):
            return patient.save(seen, content)
        return None

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(save, [b"one", b"two", b"three", b"four"]))
    winners = [draft for draft in results if draft is not None]
    assert len(winners) == 1
    assert patient.find() == winners[0]
    assert winners[0].revision == 1


def test_twenty_patients_can_start_at_once(make_patient: Callable[[], Patient]) -> None:
    patients = [make_patient() for _ in range(20)]
    start = Barrier(20)

    def begin(patient: Patient) -> Draft:
        start.wait()
        return patient.start(patient.secret * 100)

    with ThreadPoolExecutor(20) as threads:
        drafts = list(threads.map(begin, patients))
    assert [patient.find() for patient in patients] == drafts


def test_an_erased_draft_is_gone_and_cannot_be_saved(patient: Patient, make_patient: Callable[[], Patient]) -> None:
    draft, other = patient.start(), make_patient()
    other.start()
    assert patient.erase()
    assert not patient.erase()
    assert patient.find() is None
    assert other.find() is not None
    with pytest.raises(StaleDraftError):
        patient.save(draft, b"too late")


def test_purging_deletes_what_expired_and_nothing_else(
    make_patient: Callable[[], Patient], engine: Engine, now: datetime
) -> None:
    gone, kept = make_patient(), make_patient()
    gone.start()
    kept.save(kept.start(), b"saved later", after=MOMENT)
    purged = []
    for after in (DRAFT_LIFE - MOMENT, DRAFT_LIFE, DRAFT_LIFE):
        with begin_write(engine) as connection:
            purged.append(purge_expired(connection, now + after))
    assert purged == [0, 1, 0]
    assert kept.find() is not None
    assert gone.find() is None


def test_swapped_answers_are_refused_and_a_third_row_still_opens(make_patient: Callable[[], Patient]) -> None:
    one, two, three = make_patient(), make_patient(), make_patient()
    for patient in (one, two, three):
        patient.start(b"yes")
    sealed = one.read_sealed(), two.read_sealed()
    statement = "UPDATE drafts SET sealed = :sealed WHERE secret_hash = :hash"
    run(one.engine, statement, sealed=sealed[1], hash=hash_secret(one.secret))
    run(one.engine, statement, sealed=sealed[0], hash=hash_secret(two.secret))
    for patient in (one, two):
        with pytest.raises(SealError):
            patient.find()
    assert three.find() is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE drafts SET id = 'row-2'",
        "UPDATE drafts SET edition_hash = 'another edition'",
        "UPDATE drafts SET revision = revision + 1",
        "UPDATE drafts SET revision = 0",
    ],
)
def test_a_row_with_any_column_changed_is_refused(patient: Patient, now: datetime, statement: str) -> None:
    with begin_write(patient.engine) as connection:
        record_edition(connection, "another edition", "[]", language="en", title="Another", now=now)
    saved = patient.save(patient.start(b"one"), b"two")
    assert patient.find() == saved
    run(patient.engine, statement)
    with pytest.raises(SealError):
        patient.find()


def test_an_older_save_put_back_into_a_newer_row_is_refused(patient: Patient) -> None:
    draft = patient.start(b"one")
    old = patient.read_sealed()
    patient.save(draft, b"two")
    run(patient.engine, "UPDATE drafts SET sealed = :old", old=old)
    with pytest.raises(SealError):
        patient.find()


def test_a_row_given_to_another_secret_is_refused(make_patient: Callable[[], Patient]) -> None:
    victim, thief = make_patient(), make_patient()
    victim.start(b"yes")
    run(victim.engine, "UPDATE drafts SET secret_hash = :hash", hash=hash_secret(thief.secret))
    with pytest.raises(SealError):
        thief.find()


def test_a_stolen_row_opens_with_nothing_it_holds(patient: Patient) -> None:
    draft = patient.start(b"yes")
    with begin_read(patient.engine) as connection:
        row = connection.execute(select(DRAFTS)).mappings().one()
    stolen = [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
    stolen += [bytes.fromhex(row["secret_hash"]), bytes.fromhex(row["id"]), bytes(32)]
    keys = [hashlib.sha256(value).digest() for value in stolen] + [(value * 32)[:32] for value in stolen]
    keys += [
        derive_draft_key((value * 30)[start : start + SECRET_LENGTH], row["id"])
        for value in stolen
        for start in (0, 15)
    ]
    associated = bind_draft(row["id"], row["edition_hash"], row["revision"])
    for key in keys:
        with pytest.raises(SealError):
            open_draft(key, row["sealed"], associated=associated)
    right = derive_draft_key(patient.secret, draft.id)
    assert open_draft(right, row["sealed"], associated=associated) == b"yes"


def test_no_column_holds_the_secret_or_an_answer(patient: Patient) -> None:
    patient.start(b"a lonely answer")
    with begin_read(patient.engine) as connection:
        row = connection.execute(select(DRAFTS)).one()
    for held in row:
        raw = held if isinstance(held, bytes) else str(held).encode()
        assert b"lonely" not in raw
        assert patient.secret not in raw
        assert patient.secret.hex().encode() not in raw


def test_a_naive_time_is_refused(patient: Patient) -> None:
    patient.now = patient.now.replace(tzinfo=None)
    with pytest.raises(StatementError, match="a stored time needs its time zone"):
        patient.start()
