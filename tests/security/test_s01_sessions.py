"""security.md S1: a copied cookie of staff opens nothing once its session is over, and holds nothing anyway."""

import base64
import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.storage.engine import begin_write
from app.storage.people import Role, change_roles, find_person_by_login
from app.vault.staff import hash_token
from tests.web.clinic.colleague import PASSWORD, Colleague, join_first, read_key
from tests.web.clinic.conftest import SignIn, make_app
from tests.web.clinic.meanwhile import Act, try_every_moment
from tests.web.clinic.sender import find_services
from tests.web.clinic.staff import COOKIE, make_codes, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor


def replay(app: Flask, cookie: str) -> str:
    """Return where a browser with this cookie and no jar of its own gets to."""
    client = app.test_client(use_cookies=False)
    answer = client.get("/clinic/account", base_url=ORIGIN, headers={"Cookie": f"{COOKIE}={cookie}"})
    return "account" if answer.status_code == 200 else answer.headers["Location"].rpartition("/")[2]


def read_rows(folder: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(folder / "foreword.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM staff_sessions")]


def test_a_copy_is_dead_after_signing_out(app: Flask, sign_in: SignIn) -> None:
    reviewer = sign_in(Role.REVIEWER)
    copy = read_cookie(reviewer)
    assert replay(app, copy) == "account"
    reviewer.get("/clinic/account")
    reviewer.post(form=reviewer.find_form("/clinic/sign-out"))
    assert replay(app, copy) == "sign-in"


def test_a_copy_is_dead_after_another_password(clinic_app: Flask, administrator: Colleague) -> None:
    visitor = administrator.visitor
    visitor.get("/clinic/account/password")
    copy = read_cookie(visitor)
    new = "violin seven kettle orbit"
    typed = {"password": PASSWORD, "new-password": new, "new-password-again": new}
    visitor.post(typed, form=visitor.find_form("/clinic/account/password"))
    assert replay(clinic_app, copy) == "sign-in"
    assert replay(clinic_app, read_cookie(visitor)) == "account"


def test_nothing_that_a_thief_began_is_left_after_another_password(clinic_app: Flask, administrator: Colleague) -> None:
    # Given a thief with a copy of the cookie, who reads the key of an authenticator app that is being set up
    visitor = administrator.visitor
    thief = make_visitor(clinic_app)
    thief.client.set_cookie(COOKIE, read_cookie(visitor), domain=ORIGIN.removeprefix("https://"), secure=True)
    thief.get("/clinic/account/app")
    stolen = read_key(thief)
    # When the owner chooses another password, and then sets up an app of their own
    new = "violin seven kettle orbit"
    typed = {"password": PASSWORD, "new-password": new, "new-password-again": new}
    visitor.get("/clinic/account/password")
    visitor.post(typed, form=visitor.find_form("/clinic/account/password"))
    visitor.get("/clinic/account/app")
    # Then its key is another
    assert read_key(visitor) != stolen


def test_another_password_does_not_make_a_session_last_longer(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    visitor, late = administrator.visitor, clock.now + timedelta(hours=7, minutes=50)
    while clock.now < late:
        visitor.get("/clinic/account/password")
        clock.advance(minutes=10)
    visitor.get("/clinic/account/password")
    new = "violin seven kettle orbit"
    typed = {"password": PASSWORD, "new-password": new, "new-password-again": new}
    visitor.post(typed, form=visitor.find_form("/clinic/account/password"))
    assert replay(clinic_app, read_cookie(visitor)) == "account"
    clock.advance(minutes=11)
    assert replay(clinic_app, read_cookie(visitor)) == "sign-in"


@pytest.mark.parametrize("passed", [timedelta(minutes=15, seconds=1), timedelta(hours=8, seconds=1)])
def test_a_copy_is_dead_when_its_time_is_over(app: Flask, sign_in: SignIn, clock: Clock, passed: timedelta) -> None:
    copy = read_cookie(sign_in(Role.AUDITOR))
    clock.now += passed
    assert replay(app, copy) == "sign-in"
    clock.now -= passed
    assert replay(app, copy) == "account"  # only time had passed: nothing else had ended it


@pytest.mark.parametrize("passed", [timedelta(minutes=4, seconds=59), timedelta(minutes=5)])
def test_how_long_a_session_rests_can_be_set(
    clinic_app: Flask, clock: Clock, tmp_path: Path, passed: timedelta
) -> None:
    assert clinic_app.extensions
    app = make_app(tmp_path, clock, STAFF_IDLE_MINUTES="5", STAFF_HOURS="1")
    copy = read_cookie(join_first(app, clock.now).visitor)
    clock.now += passed
    assert replay(app, copy) == ("account" if passed < timedelta(minutes=5) else "sign-in")
    for _ in range(20):
        clock.now += timedelta(minutes=4)
        replay(app, copy)
    assert replay(app, copy) == "sign-in"  # an hour is over


def test_a_planted_cookie_is_not_taken_over(app: Flask) -> None:
    victim = make_visitor(app)
    victim.client.set_cookie(COOKIE, "planted", domain="forms.example.test", secure=True)
    victim.get("/clinic/sign-in")
    assert read_cookie(victim) != "planted"
    attacker = make_visitor(app)
    attacker.get("/clinic/sign-in")
    planted = read_cookie(attacker)
    victim.client.set_cookie(COOKIE, planted, domain="forms.example.test", secure=True)
    victim.get("/clinic/sign-in")
    victim.post({"as": "reviewer"}, form=victim.find_form("/clinic/demonstration"))
    assert read_cookie(victim) != planted
    assert replay(app, planted) == "sign-in"
    assert replay(app, read_cookie(victim)) == "account"


def test_the_id_changes_after_the_password_and_after_the_second_factor(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    clock.advance(minutes=1)
    visitor = make_visitor(clinic_app)
    visitor.get("/clinic/sign-in")
    ids = [read_cookie(visitor)]
    typed = {"login": administrator.login, "password": PASSWORD}
    visitor.post(typed, form=visitor.find_form("/clinic/sign-in"))
    ids.append(read_cookie(visitor))
    (code,) = make_codes(administrator.key, clock.now, 0)
    visitor.post({"code": code}, form=visitor.find_form("/clinic/sign-in/code"))
    ids.append(read_cookie(visitor))
    assert len(set(ids)) == 3
    assert [replay(clinic_app, each) for each in ids] == ["sign-in", "sign-in", "account"]


def test_the_cookie_holds_a_random_id_and_nothing_else(sign_in: SignIn) -> None:
    visitors = [sign_in(Role.REVIEWER) for _ in range(3)]
    values = [read_cookie(visitor) for visitor in visitors]
    assert len(set(values)) == 3
    for value in values:
        assert re.fullmatch(r"[\w-]{43}", value)  # 256 bits
        raw = base64.urlsafe_b64decode(f"{value}=")
        assert len(raw) == 32
        with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
            json.loads(raw)


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    answer = visitor.client.get("/clinic/sign-in", base_url=ORIGIN)
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert parts == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}


def test_the_database_alone_opens_no_session(sign_in: SignIn, tmp_path: Path) -> None:
    visitor = sign_in(Role.REVIEWER)
    cookie = read_cookie(visitor)
    visitor.get("/clinic/account")
    token = visitor.find_form("/clinic/sign-out").fields["csrf_token"][0]
    rows = read_rows(tmp_path)
    assert hash_token("session", cookie) in {row["id_hash"] for row in rows}
    for held in [value for row in rows for value in row.values() if value is not None]:
        raw = held if isinstance(held, bytes) else str(held).encode()
        for secret in (cookie.encode(), token.encode(), b"csrf_token", b"reviewer"):
            assert secret not in raw


def test_a_session_moved_to_another_id_does_not_open(app: Flask, sign_in: SignIn, tmp_path: Path) -> None:
    victim, thief = sign_in(Role.ADMINISTRATOR), sign_in(Role.AUDITOR)
    hashes = [hash_token("session", read_cookie(each)) for each in (victim, thief)]
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        connection.execute(
            "UPDATE staff_sessions SET sealed = (SELECT sealed FROM staff_sessions WHERE id_hash = ?), "
            "person_id = (SELECT person_id FROM staff_sessions WHERE id_hash = ?) WHERE id_hash = ?",
            (hashes[0], hashes[0], hashes[1]),
        )
        connection.commit()
    assert replay(app, read_cookie(thief)) == "sign-in"
    assert replay(app, read_cookie(victim)) == "account"


def test_signing_out_has_the_browser_forget_what_it_kept(sign_in: SignIn) -> None:
    visitor = sign_in(Role.REVIEWER)
    visitor.get("/clinic/account")
    form = visitor.find_form("/clinic/sign-out")
    answer = visitor.client.post(form.action, data=form.fields, base_url=ORIGIN)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_of_two_requests_that_meet_other_roles_each_leaves_a_cookie_that_opens(app: Flask, sign_in: SignIn) -> None:
    # Given a browser that asks for two pages at once after its person's roles were changed
    engine, pages, met = find_services(app).engine, list[Visitor](), list[int]()
    before: list[str] = []

    def prepare() -> Act:
        pages[:] = [sign_in(Role.REVIEWER, Role.ADMINISTRATOR), make_visitor(app)]
        one, other = pages
        before.append(read_cookie(one))
        other.client.set_cookie(COOKIE, read_cookie(one), domain=ORIGIN.removeprefix("https://"), secure=True)
        with begin_write(engine) as connection:
            person = find_person_by_login(connection, "lead@demonstration.invalid")
            assert person is not None
            change_roles(connection, person.id, person.roles ^ {Role.AUDITOR})
        return lambda: one.get("/clinic/account")

    def check() -> None:
        # Then whichever answer comes last, the cookie that it brings opens its pages
        given = [cookie for visitor in pages if (cookie := read_cookie(visitor)) != before[-1]]
        if pages[0].path == "/clinic/account":
            met.append(len(given))
            assert [replay(app, cookie) for cookie in given] == ["account"] * len(given)

    assert try_every_moment(engine, prepare, lambda: pages[1].get("/clinic/account"), check) >= 2
    assert 1 in met  # one of them gave it a new one while the other was under way
