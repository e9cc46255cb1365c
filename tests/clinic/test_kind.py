"""A demonstration's buttons never open a real clinic, and made-up people are never left in one."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.clinic.kind import require_kind
from app.settings import Settings, StartError, load_settings
from app.storage.engine import create_engine_for, migrate


def make_settings(url: str, folder: Path, demo: str) -> Settings:
    """Return the settings of a start on a database."""
    return load_settings({"FOREWORD_DATA": str(folder), "FOREWORD_DATABASE_URL": url, "FOREWORD_DEMO": demo})


@pytest.fixture
def engine(database_url: str) -> Engine:
    """Give a new database."""
    engine = create_engine_for(database_url)
    migrate(engine)
    return engine


@pytest.mark.parametrize(("first", "second"), [("0", "1"), ("1", "0")])
def test_the_first_start_decides_for_ever(
    engine: Engine, database_url: str, tmp_path: Path, first: str, second: str
) -> None:
    mine, other = (make_settings(database_url, tmp_path, demo) for demo in (first, second))
    require_kind(engine, mine)
    require_kind(engine, mine)
    with pytest.raises(StartError, match="name another folder in FOREWORD_DATA"):
        require_kind(engine, other)
    require_kind(engine, mine)
    engine.dispose()
