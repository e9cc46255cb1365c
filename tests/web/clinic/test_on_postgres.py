"""Joining, signing in, being slowed and being invited, on PostgreSQL as on SQLite: the statements are the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

from flask import Flask

from app.storage.people import Role
from app.web.clinic.identity.limits import PASSWORD, begin_try, note_success
from app.web.services import get_services
from tests.security.test_s09_throttles import attack, attempt
from tests.web.clinic.colleague import PASSWORD as WORDS
from tests.web.clinic.colleague import join_as, join_first
from tests.web.clinic.conftest import make_app
from tests.web.patient.conftest import Clock


def test_a_clinic_on_postgres_lets_in_the_same_people(tmp_path: Path, clock: Clock, postgres_url: str) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    try:
        walk(app, clock)
    finally:
        with app.app_context():
            get_services().engine.dispose()


def test_right_and_wrong_tries_of_one_person_do_not_wait_for_each_other(
    tmp_path: Path, clock: Clock, postgres_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    start = Barrier(8)

    def attempt_one(number: int) -> None:
        start.wait()
        for turn in range(10):
            clock.now += timedelta(hours=25)
            with app.test_request_context("/clinic/sign-in", environ_base={"REMOTE_ADDR": "198.51.100.7"}):
                begin_try(PASSWORD, "ann@clinic.example")
                if (number + turn) % 2:
                    note_success(PASSWORD, "ann@clinic.example")

    try:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(attempt_one, range(8))) == [None] * 8
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
    assert attempt(app, ann.login, WORDS, "198.51.100.7").path == "/clinic/sign-in/second"
    visitor = ann.sign_in(clock.now)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/account"
    clock.advance(minutes=15)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/sign-in"
