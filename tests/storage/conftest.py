"""A migrated database for every test of storage, and one edition in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from app.storage.editions import record_edition
from app.storage.engine import begin_write, create_engine_for, migrate
from tests.storage.patient import Patient

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
EDITION = "e" * 64


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give a database brought up to date."""
    engine = create_engine_for(database_url)
    migrate(engine)
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
