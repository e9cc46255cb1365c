"""Joining, signing in, being slowed and being invited, on PostgreSQL as on SQLite: the statements are the same."""

from pathlib import Path

from flask import Flask

from app.storage.people import Role
from app.web.services import get_services
from tests.security.test_s09_throttles import attack, attempt
from tests.web.clinic.colleague import PASSWORD, join_as, join_first
from tests.web.clinic.conftest import make_app
from tests.web.patient.conftest import Clock


def test_a_clinic_on_postgres_lets_in_the_same_people(tmp_path: Path, clock: Clock, postgres_url: str) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    try:
        walk(app, clock)
    finally:
        with app.app_context():
            get_services().engine.dispose()


def walk(app: Flask, clock: Clock) -> None:
    ann = join_first(app, clock.now)
    ben = join_as(app, clock.now, "ben@clinic.example", Role.REVIEWER)
    ben.visitor.get("/clinic/people")
    assert ben.visitor.status == 403
    ann.visitor.get("/clinic/people")
    assert "ben@clinic.example" in ann.visitor.document.text
    ann.visitor.post(form=ann.visitor.find_form("/clinic/sign-out"))
    clock.advance(minutes=1)
    assert attack(app, ann.login, 7) == [422] * 5 + [429] * 2
    assert attempt(app, ann.login, PASSWORD, "198.51.100.7").path == "/clinic/sign-in/second"
    visitor = ann.sign_in(clock.now)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/account"
    clock.advance(minutes=15)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/sign-in"
