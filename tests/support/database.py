"""Each test that asks for a database runs twice: on SQLite and on PostgreSQL."""

import tempfile
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from app.storage.engine import create_engine_for, migrate

_MODEL = "model"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Make the URL of a database that is new and empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/foreword.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


def copy_model(engine: Engine) -> None:
    """Make a database that is new and empty one that was brought up to date: a copy of one that was, made once.

    A fifth of the time of `migrate`, for tests of what is done in it afterwards.
    """
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(_make_model_file())
        return
    host, name = str(engine.url.query["host"]), engine.url.database or ""
    _make_model_database(host)
    drop, create = "DROP DATABASE {}", "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
    _execute(host, sql.SQL(drop).format(sql.Identifier(name)))
    _execute(host, sql.SQL(create).format(sql.Identifier(name), sql.Identifier(_MODEL)))


@cache
def _make_model_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _MODEL
        _migrate(f"sqlite:///{path}")
        assert [each.name for each in path.parent.iterdir()] == [_MODEL]  # its log is empty and gone
        return path.read_bytes()


@cache
def _make_model_database(host: str) -> None:
    _execute(host, sql.SQL("CREATE DATABASE {} STRATEGY FILE_COPY").format(sql.Identifier(_MODEL)))
    _migrate(f"postgresql+psycopg://postgres@/{_MODEL}?host={host}")


def _migrate(url: str) -> None:
    engine = create_engine_for(url)
    migrate(engine)
    engine.dispose()


def _execute(host: str, statement: sql.Composed) -> None:
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)
