"""The whole application on a real SQLite file over https, with a clock the tests move."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.server import prepare
from app.settings import load_settings
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor


@dataclass
class Clock:
    """The time as the application sees it; it starts now, because tokens carry the machine's own time."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.now

    def advance(self, **parts: float) -> None:
        """Let time pass."""
        self.now += timedelta(**parts)


@pytest.fixture
def clock() -> Clock:
    """Return the application's clock."""
    return Clock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with the schema and the edition once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("template")
    app = make_app(folder, Clock())
    with app.test_client() as client:
        assert client.get("/", base_url=ORIGIN).status_code == 200
    return folder


@pytest.fixture
def app(template: Path, tmp_path: Path, clock: Clock) -> Flask:
    """Make the application with a database of its own."""
    with closing(sqlite3.connect(template / "foreword.sqlite3")) as source:
        source.execute("VACUUM INTO ?", (str(tmp_path / "foreword.sqlite3"),))
    shutil.copytree(template / "keys", tmp_path / "keys")
    return make_app(tmp_path, clock)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Return a visitor without a cookie."""
    return make_visitor(app)


def make_app(folder: Path, clock: Clock, **given: str) -> Flask:
    """Make the demonstration in a folder; `given` are settings, without their FOREWORD_."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    chosen = {"DATA": str(folder), "DEMO": "1", "PUBLIC_URL": ORIGIN, **given}
    app = create_app(load_settings({f"FOREWORD_{name}": value for name, value in chosen.items()}), now=clock)
    prepare(app)
    return app
