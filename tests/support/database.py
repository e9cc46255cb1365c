"""Each test that asks for a database runs twice: on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Make the URL of a database that is new and empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/foreword.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
