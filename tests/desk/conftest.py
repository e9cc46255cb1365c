"""A clinic with its keys and a database of its own, and what a demonstration puts into it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from app.desk.demo import Made, fill_demonstration
from app.desk.demo_plan import Span
from app.desk.keyring import Desk, open_desk
from app.questionnaire.canonical import dump_canonical
from app.questionnaire.edition import Edition
from app.settings import Settings, load_settings
from app.storage.clinic_keys import find_newest_key
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write, create_engine_for
from tests.browser.patient import load_edition
from tests.support.database import copy_model

NOW = datetime(2026, 6, 10, 18, 30, tzinfo=UTC)  # a Wednesday
SPAN = Span(now=NOW, days=175, zone=ZoneInfo("America/Chicago"))


class Clinic:
    """A clinic as its closed half sees it."""

    def __init__(self, engine: Engine, desk: Desk, edition: Edition, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.desk = desk
        self.edition = edition
        self.now = NOW

    def find_edition(self, edition_hash: str) -> Edition | None:
        """Return the one edition there is."""
        return self.edition if edition_hash == self.edition.hash else None

    def fill(self, count: int, seed: str = "1", *, has_reviews: bool = True) -> int:
        """Have made-up patients send."""
        with begin_read(self.engine) as connection:
            key = find_newest_key(connection)
        assert key is not None
        made = Made(count=count, seed=seed, span=SPAN, retention_days=180, has_reviews=has_reviews)
        return sum(fill_demonstration(self.engine, self.desk, key, self.edition, made))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """Give a clinic that has received nothing."""
    yield from open_clinic(tmp_path)


@pytest.fixture
def any_clinic(tmp_path: Path, database_url: str) -> Iterator[Clinic]:
    """Give a clinic that has received nothing, once on SQLite and once on PostgreSQL."""
    yield from open_clinic(tmp_path, FOREWORD_DATABASE_URL=database_url)


def open_clinic(folder: Path, **environ: str) -> Iterator[Clinic]:
    """Give a clinic whose data folder this is."""
    folder.chmod(0o700)
    settings = load_settings({"FOREWORD_DATA": str(folder), "FOREWORD_DEMO": "1", **environ})
    engine = create_engine_for(settings.database_url)
    copy_model(engine)
    edition = load_edition()
    with begin_write(engine) as connection:
        canonical = dump_canonical(edition.questionnaire)
        record_edition(connection, edition.hash, canonical, language="en", title="Before your visit", now=NOW)
    yield Clinic(engine, open_desk(engine, settings, NOW), edition, settings)
    engine.dispose()
