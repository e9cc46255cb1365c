"""A migrated database on either kind, with an edition and a clinic's key in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from app.questionnaire.canonical import dump_canonical
from app.questionnaire.edition import Edition
from app.storage.clinic_keys import record_key
from app.storage.editions import record_edition
from app.storage.engine import begin_write, create_engine_for
from app.vault.keys import PrivateKey, make_private_key
from tests.browser.patient import load_edition
from tests.support.database import copy_model

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Give the moment at which a test begins."""
    return NOW


@pytest.fixture
def edition() -> Edition:
    """Give the questionnaire's edition."""
    return load_edition()


@pytest.fixture
def key() -> PrivateKey:
    """Give the clinic's key."""
    return make_private_key()


@pytest.fixture
def engine(database_url: str, edition: Edition, key: PrivateKey) -> Iterator[Engine]:
    """Give a database brought up to date, with the edition and the public half of the key."""
    engine = create_engine_for(database_url)
    copy_model(engine)
    with begin_write(engine) as connection:
        canonical = dump_canonical(edition.questionnaire)
        record_edition(connection, edition.hash, canonical, language="en", title="A title", now=NOW)
        record_key(connection, key.public, NOW)
    yield engine
    engine.dispose()
