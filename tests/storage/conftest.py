"""A migrated database for every test of storage, one edition in it, and as many responses as a test asks for."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from app.storage.editions import record_edition
from app.storage.engine import begin_write, create_engine_for
from app.storage.responses import ReviewStatus
from app.storage.tables import RESPONSE_TOKENS, RESPONSES
from tests.storage.patient import Patient
from tests.support.database import copy_model

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
EDITION = "e" * 64
MINUTE = timedelta(minutes=1)
STATES = tuple(ReviewStatus)

Row = tuple[str, int, ReviewStatus, tuple[str, ...]]
Fill = Callable[..., list[Row]]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give a database brought up to date."""
    engine = create_engine_for(database_url)
    copy_model(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def edition_hash(engine: Engine) -> str:
    """Give the hash of an edition that is stored."""
    with begin_write(engine) as connection:
        record_edition(connection, EDITION, '{"item":[]}', language="en-US", title="Before your visit", now=NOW)
    return EDITION


@pytest.fixture
def now() -> datetime:
    """Give the moment at which a test begins."""
    return NOW


@pytest.fixture
def make_patient(engine: Engine, edition_hash: str, now: datetime) -> Callable[[], Patient]:
    """Give a way to make patients of one clinic."""
    return lambda: Patient(engine, edition_hash, now)


@pytest.fixture
def patient(make_patient: Callable[[], Patient]) -> Patient:
    """Give one patient, with no draft yet."""
    return make_patient()


@pytest.fixture
def fill(engine: Engine, edition_hash: str, now: datetime) -> Fill:
    """Give a way to store many responses at once: their states in turn, and tokens by what `find_tokens` says."""

    def store(count: int, find_tokens: Callable[[int], Sequence[str]] = lambda _: ()) -> list[Row]:
        rows = [
            (f"{number:010}", number, STATES[number % 4], tuple(token.ljust(32, "0") for token in find_tokens(number)))
            for number in range(count)
        ]
        fixed = {"version": 1, "edition_hash": edition_hash, "language": "en", "delete_at": now, "revision": 0}
        fixed |= {"is_kept": False, "is_restricted": False, "taken_in": 1}
        with begin_write(engine) as connection:
            responses = [
                {
                    "reference": reference,
                    "receipt_hash": f"{number:064}",
                    "received_at": now + number * MINUTE,
                    "sent_at": now + number * MINUTE,
                    "review_status": status.value,
                    **fixed,
                }
                for reference, number, status, _ in rows
            ]
            connection.execute(insert(RESPONSES), responses)
            tokens = [
                {"token": token, "received_at": now + number * MINUTE, "reference": reference}
                for reference, number, _, held in rows
                for token in held
            ]
            if tokens:
                connection.execute(insert(RESPONSE_TOKENS), tokens)
        return rows

    return store
