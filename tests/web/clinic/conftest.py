"""The whole application on a real SQLite file over https, and a way to be somebody of the clinic in it."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.server import prepare
from app.settings import load_settings
from app.storage.people import Role
from tests.web.clinic import staff
from tests.web.clinic.colleague import Colleague, join_first
from tests.web.patient.conftest import Clock, app, clock, template, visitor
from tests.web.patient.visitor import ORIGIN, Visitor

__all__ = ["app", "clock", "template", "visitor"]

SignIn = Callable[..., Visitor]


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """Give a function that returns somebody who is signed in: `sign_in(Role.REVIEWER)`."""

    def sign_in_with(*roles: Role) -> Visitor:
        return staff.sign_in(app, *roles)

    return sign_in_with


@pytest.fixture(scope="session")
def clinic_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the database of a clinic that is no demonstration once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("clinic-template")
    make_app(folder, Clock())
    return folder


@pytest.fixture
def clinic_app(clinic_template: Path, tmp_path: Path, clock: Clock) -> Flask:
    """Make the application of a clinic that is no demonstration, with passwords that cost tests little."""
    with closing(sqlite3.connect(clinic_template / "foreword.sqlite3")) as source:
        source.execute("VACUUM INTO ?", (str(tmp_path / "foreword.sqlite3"),))
    shutil.copytree(clinic_template / "keys", tmp_path / "keys")
    return make_app(tmp_path, clock)


@pytest.fixture
def administrator(clinic_app: Flask, clock: Clock) -> Colleague:
    """Join that clinic as its first administrator."""
    return join_first(clinic_app, clock.now)


def make_app(folder: Path, clock: Clock, **settings: str) -> Flask:
    """Make an application on a folder that has a database."""
    folder.chmod(0o700)
    given = {"DATA": str(folder), "PUBLIC_URL": ORIGIN, "PASSWORD_COST": "test", **settings}
    app = create_app(load_settings({f"FOREWORD_{name}": value for name, value in given.items()}), now=clock)
    prepare(app)
    return app
