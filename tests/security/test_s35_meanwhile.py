"""security.md S35, S1, S8: what was begun before a reset, a closing or another password does nothing after it.

Somebody sends a form, and at one moment of it after the other somebody else takes from them what lets them do so.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, local

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from app.desk.staff import reset as reset_access
from app.storage.access import Access, find_access_by_login
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role, find_person_by_login
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, choose_password, invite_as, join, join_first, read_key
from tests.web.clinic.conftest import make_app
from tests.web.clinic.meanwhile import Act, try_every_moment
from tests.web.clinic.soft_key import SoftKey, read_challenge
from tests.web.clinic.staff import make_codes
from tests.web.clinic.test_people import press
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor, make_visitor

BEN = "ben@clinic.example"
OTHER = "orbit kettle seven violin"
FORMS = [
    ("/clinic/account/app", "/clinic/account/app"),
    ("/clinic/account/passkey", "/clinic/account/passkey"),
    ("/clinic/account/recovery-codes", "/clinic/account/recovery-codes"),
    ("/clinic/enrol", "/clinic/enrol/app"),
    ("/clinic/enrol", "/clinic/enrol/passkey"),
]
SECONDS_TO_MEET = 1.0
LEAST_MOMENTS = 3


@pytest.fixture
def ann(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Colleague]:
    """Join a clinic as its first administrator."""
    app = make_app(tmp_path, clock, DATABASE_URL=database_url)
    yield join_first(app, clock.now)
    get_engine(app).dispose()


def get_engine(app: Flask) -> Engine:
    with app.app_context():
        return get_services().engine


def read_access(colleague: Colleague, login: str) -> Access:
    with begin_read(get_engine(colleague.app)) as connection:
        access = find_access_by_login(connection, login)
    assert access is not None
    return access


def read_log(colleague: Colleague) -> list[tuple[str, str, str]]:
    """Return the log, oldest first: who did what, and how it ended."""
    with begin_read(get_engine(colleague.app)) as connection:
        entries = reversed(list_entries(connection, AuditFilter()))
        return [(entry.event.actor, entry.event.action, entry.event.outcome) for entry in entries]


def fill_in(visitor: Visitor, page: str, action: str, clock: Clock) -> Act:
    """Open a page, fill in what its form asks for, and return what sends it."""
    visitor.get(page)
    typed = {"password": PASSWORD, "passkey-password": PASSWORD}
    if action.endswith("/app"):
        (typed["code"],) = make_codes(read_key(visitor), clock.now, 0)
    if action.endswith("/passkey"):
        typed["credential"] = SoftKey.generate().introduce(read_challenge(visitor))
    form = visitor.find_form(action)
    return lambda: visitor.post(typed, form=form)


def reset(app: Flask, login: str, clock: Clock) -> str:
    """Take from somebody all that lets them in, as the command does, and return the secret of their new link."""
    with begin_write(get_engine(app)) as connection:
        person = find_person_by_login(connection, login)
        assert person is not None
        return reset_access(connection, person, clock.now)


def test_nothing_is_added_to_an_account_that_is_reset_meanwhile(ann: Colleague, clock: Clock) -> None:
    app, links = ann.app, [invite_as(ann.app, clock.now, BEN, Role.REVIEWER)]

    def prepare(page: str, action: str) -> Act:
        is_new = page == "/clinic/enrol"
        visitor = choose_password(app, links[-1], BEN) if is_new else join(app, links[-1], clock.now).visitor
        return fill_in(visitor, page, action, clock)

    def check() -> None:
        left = read_access(ann, BEN)
        assert (left.has_second_factor, left.recovery_codes, left.totp_step) == (False, 0, None)

    def act() -> None:
        links.append(reset(app, BEN, clock))

    for form in FORMS:
        assert try_every_moment(get_engine(app), partial(prepare, *form), act, check) >= LEAST_MOMENTS, form
        added = read_access(ann, BEN)  # the last time nobody came in between
        assert (added.has_second_factor, added.recovery_codes) == (True, 8), form
        act()
    assert ("factor.added", "refused") in {entry[1:] for entry in read_log(ann)}


def test_no_factor_is_removed_by_a_session_that_another_password_ended(ann: Colleague, clock: Clock) -> None:
    SoftKey.register(ann.app, ann.login)
    passwords = [PASSWORD, OTHER]
    owner = ann.visitor

    def prepare() -> Act:
        if not read_access(ann, ann.login).totp_sealed:
            owner.get("/clinic/account/app")
            ann.key = read_key(owner)
            (code,) = make_codes(ann.key, clock.now, 0)
            typed = {"password": passwords[0], "code": code}
            owner.post(typed, form=owner.find_form("/clinic/account/app"))
        clock.advance(minutes=1)
        ann.password = passwords[0]
        thief = ann.sign_in(clock.now)
        thief.get("/clinic/account/remove")
        form = thief.find_form("/clinic/account/remove")
        return lambda: thief.post({"factor": "app", "password": ann.password}, form=form)

    def change() -> None:
        owner.get("/clinic/account/password")
        typed = {"password": passwords[0], "new-password": passwords[1], "new-password-again": passwords[1]}
        owner.post(typed, form=owner.find_form("/clinic/account/password"))
        assert owner.path == "/clinic/account"
        passwords.reverse()

    def check() -> None:
        acts = [action for _, action, outcome in read_log(ann) if outcome == "done"]
        assert acts[-1] == "password.changed"

    assert try_every_moment(get_engine(ann.app), prepare, change, check) >= LEAST_MOMENTS
    assert read_access(ann, ann.login).totp_sealed is None


def test_who_runs_the_clinic_no_more_makes_no_link_and_lets_nobody_in(ann: Colleague, clock: Clock) -> None:
    ben = join(ann.app, invite_as(ann.app, clock.now, BEN, Role.ADMINISTRATOR), clock.now, login=BEN)
    person = read_access(ann, BEN).person
    number = count()

    def prepare() -> Act:
        if not read_access(ann, BEN).person.is_active:
            press(ann, person, "enable")
        clock.advance(minutes=1)
        visitor = ben.sign_in(clock.now)
        visitor.get("/clinic/people")
        typed = {"name": "Cat", "login": f"cat{next(number)}@clinic.example", "role": ["administrator"]}
        form = visitor.find_form("/clinic/people")
        return lambda: visitor.post(typed, form=form)

    def check() -> None:
        log = read_log(ann)
        closed = max(number for number, entry in enumerate(log) if entry[1] == "person.disabled")
        assert (person.id, "done") not in {(actor, outcome) for actor, _, outcome in log[closed:]}

    assert try_every_moment(get_engine(ann.app), prepare, lambda: press(ann, person, "disable"), check) >= LEAST_MOMENTS
    assert ("page.refused", "refused") in {entry[1:] for entry in read_log(ann)}


@contextmanager
def let_them_meet(engine: Engine) -> Iterator[Event]:
    """Stop each thread that holds a person or a link until another holds one too, or waits; give who has the first."""
    has_first, meeting, known = Event(), Barrier(2), local()

    def stop(_: object, __: object, statement: str, *___: object) -> None:
        is_held = statement.startswith(("UPDATE", "DELETE")) or "FOR UPDATE" in statement
        if is_held and ("people" in statement or "invitations" in statement) and not hasattr(known, "has_row"):
            known.has_row = True
            has_first.set()
            try:
                meeting.wait(SECONDS_TO_MEET)
            except BrokenBarrierError:
                return  # the other one waits for this row: that is the order

    event.listen(engine, "after_cursor_execute", stop)
    try:
        yield has_first
    finally:
        event.remove(engine, "after_cursor_execute", stop)


def test_somebody_who_joins_while_their_account_is_closed_keeps_nobody_waiting(
    tmp_path: Path, clock: Clock, postgres_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url)
    ann = join_first(app, clock.now)
    link = f"/clinic/join/{invite_as(app, clock.now, BEN, Role.REVIEWER)}"
    close = f"/clinic/people/{read_access(ann, BEN).person.id}/disable"
    ann.visitor.get(close.removesuffix("/disable"))
    ann.visitor.post(form=ann.visitor.find_form(close))
    asked = ann.visitor.find_form(close)
    ben = make_visitor(app)
    ben.get(link)
    form = ben.find_form(link)
    typed = {"name": "Ben", "new-password": PASSWORD, "new-password-again": PASSWORD}
    with let_them_meet(get_engine(app)) as has_first, ThreadPoolExecutor(2) as threads:
        joined = threads.submit(ben.post, typed, form=form)
        assert has_first.wait(60)
        closed = threads.submit(ann.visitor.post, form=asked)
        joined.result(60)
        closed.result(60)
    assert (ann.visitor.status, ben.status in {200, 404}) == (200, True)
    assert not read_access(ann, BEN).person.is_active
    get_engine(app).dispose()
