"""Joining, signing in, being slowed and being invited, on PostgreSQL as on SQLite: the statements are the same."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

from flask import Flask

from app.storage.access import find_access_by_login
from app.storage.engine import begin_read
from app.storage.people import Role
from app.web.clinic.identity.limits import PASSWORD, begin_try, note_success
from app.web.clinic.identity.words import LOGIN_MISSING, NAME_MISSING
from app.web.services import get_services
from tests.security.test_s09_throttles import attack, attempt
from tests.web.clinic.colleague import PASSWORD as WORDS
from tests.web.clinic.colleague import join_as, join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.soft_key import SoftKey, read_challenge
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor


def test_a_clinic_on_postgres_lets_in_the_same_people(tmp_path: Path, clock: Clock, postgres_url: str) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    try:
        walk(app, clock)
    finally:
        with app.app_context():
            get_services().engine.dispose()


def test_what_only_postgres_refuses_is_refused_on_the_page_or_made_to_fit(
    tmp_path: Path, clock: Clock, postgres_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    try:
        ann = join_first(app, clock.now)
        assert send_login(ann.visitor, "\xdf" * 200 + "@x").status == 422  # 202 letters, and 402 in small ones
        assert LOGIN_MISSING in ann.visitor.document.text
        assert send_passkey(ann.visitor, "my\0phone").status == 422
        assert NAME_MISSING in ann.visitor.document.text
        transports = ["internal", "usb", "no-such-way", *["internal"] * 50]
        assert send_passkey(ann.visitor, "my phone", transports).path == "/clinic/account"
        with app.app_context(), begin_read(get_services().engine) as connection:
            access = find_access_by_login(connection, ann.login)
        assert access is not None
        assert [(one.name, one.transports) for one in access.passkeys] == [("my phone", ("internal", "usb"))]
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


def send_login(visitor: Visitor, login: str) -> Visitor:
    """Invite somebody under a sign-in name."""
    visitor.get("/clinic/people")
    typed = {"name": "Ben Roe", "login": login, "role": [Role.REVIEWER.value]}
    visitor.post(typed, form=visitor.find_form("/clinic/people"))
    return visitor


def send_passkey(visitor: Visitor, name: str, transports: Sequence[str] = ()) -> Visitor:
    """Add a passkey under a name, made as a browser would that says these ways of reaching it."""
    visitor.get("/clinic/account/passkey")
    form = visitor.find_form("/clinic/account/passkey")
    made = SoftKey.generate().introduce(read_challenge(visitor), transports)
    visitor.post({"passkey-name": name, "passkey-password": WORDS, "credential": made}, form=form)
    return visitor


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
