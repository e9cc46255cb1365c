"""security.md S38, S9: whoever is not signed in leaves nothing in the database, however they come by."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from app.storage.people import Role
from app.storage.sessions import MOST_KEPT
from tests.security.test_s38_kept_text import DROPPED, NOTE, notes, open_form, sign_in_again
from tests.web.clinic.colleague import PASSWORD, Colleague, read_key
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.staff import COOKIE, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, make_visitor

__all__ = ["notes"]
TABLES = ("staff_sessions", "throttles", "audit_entries")


def count_rows(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "foreword.sqlite3")) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  our own names
            for table in TABLES
        }


@pytest.mark.parametrize(
    "address",
    ["/clinic/sign-in", "/clinic/", "/clinic/people", f"/clinic/responses?page={'9' * 1900}", "/clinic/signed-out"],
)
def test_looking_at_a_page_stores_nothing(clinic_app: Flask, tmp_path: Path, address: str) -> None:
    before = count_rows(tmp_path)
    visitor = make_visitor(clinic_app)
    for _ in range(3):
        visitor.get(address)
        assert visitor.status == 200
    assert len(read_cookie(visitor)) < 4000
    assert count_rows(tmp_path) == before


@pytest.mark.parametrize(
    "path", ["/clinic/sign-in", "/clinic/sign-in/passkey", "/clinic/people", "/clinic/demonstration"]
)
@pytest.mark.parametrize("token", ["", "made.up.token"])
def test_a_form_that_no_session_of_ours_drew_stores_nothing(
    clinic_app: Flask, tmp_path: Path, path: str, token: str
) -> None:
    before = count_rows(tmp_path)
    client = make_visitor(clinic_app).client
    typed = {"csrf_token": token, "login": "x" * 300_000, "name": "y" * 90_000}
    answer = client.post(path, data=typed, base_url=ORIGIN, headers={"Origin": ORIGIN})
    assert answer.status_code in {303, 400}
    assert all(len(line) < 4096 for line in answer.headers.getlist("Set-Cookie"))
    assert count_rows(tmp_path) == before


def test_the_name_is_kept_from_the_sign_in_form_alone_and_in_part(clinic_app: Flask) -> None:
    for path, kept in (("/clinic/sign-in", "\U0001f33b" * 254), ("/clinic/people", "")):
        visitor = make_visitor(clinic_app)
        typed = {"login": "\U0001f33b" * 9000}
        visitor.client.post(path, data=typed, base_url=ORIGIN, headers={"Origin": ORIGIN})
        visitor.get("/clinic/sign-in")
        assert visitor.find_form("/clinic/sign-in").fields["login"] == [kept]


def test_what_is_kept_of_one_person_is_the_newest_few(
    app: Flask, sign_in: SignIn, clock: Clock, notes: list[str], tmp_path: Path
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    before = count_rows(tmp_path)["staff_sessions"]
    browsers = []
    for number in range(8):
        clock.advance(seconds=1)
        reviewer.client = app.test_client()
        browsers.append(reviewer.client)
        reviewer.post({"note": f"{NOTE}{number}"}, form=form)
    assert count_rows(tmp_path)["staff_sessions"] == before + MOST_KEPT
    sign_in_again(reviewer)
    assert open_form(reviewer).fields["note"] == [f"{NOTE}7"]
    reviewer.client = browsers[0]
    sign_in_again(reviewer)
    assert reviewer.document.text.count(DROPPED) == 1  # whoever typed it is told
    assert open_form(reviewer).fields["note"] == [""]
    assert notes == []


def test_a_cookie_of_nobodys_is_sealed_and_old_ones_hold_nothing(clinic_app: Flask, clock: Clock) -> None:
    visitor = make_visitor(clinic_app)
    visitor.get("/clinic/people")
    cookie = read_cookie(visitor)
    for change in (cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), "0.", "0.é", f"0.{'A' * 3000}"):
        client = clinic_app.test_client(use_cookies=False)
        headers = {"Cookie": f"{COOKIE}={change}".encode().decode("latin-1")}
        assert client.get("/clinic/sign-in", base_url=ORIGIN, headers=headers).status_code == 200
    form = visitor.find_form("/clinic/sign-in")
    clock.advance(hours=1)
    visitor.post({"login": "ann@clinic.example", "password": PASSWORD}, form=form)
    assert "this page was open for a long time" in visitor.document.text


def test_a_seed_that_somebody_left_in_the_browser_is_not_the_next_persons(
    administrator: Colleague, clock: Clock
) -> None:
    # Somebody who shares the browser begins to set up an app of their own, and leaves their session behind.
    clock.advance(minutes=1)
    planted = administrator.sign_in(clock.now)
    planted.get("/clinic/account/app")
    key = read_key(planted)
    planted.get("/clinic/sign-in")
    victim = administrator
    victim_visitor = make_visitor(victim.app)
    victim_visitor.client.set_cookie(COOKIE, read_cookie(planted), domain="forms.example.test", secure=True)
    victim_visitor.get("/clinic/account/password")
    form = victim_visitor.document.forms[-1]
    form.action = "/clinic/sign-in"
    victim_visitor.post({"login": victim.login, "password": PASSWORD}, form=form)
    assert victim_visitor.path == "/clinic/sign-in/second"
    code = victim.codes[0]
    victim_visitor.post({"recovery-code": code}, form=victim_visitor.find_form("/clinic/sign-in/recovery"))
    victim_visitor.get("/clinic/account/app")
    assert read_key(victim_visitor) != key


def test_the_sign_in_page_waits_for_nobody_who_writes(clinic_app: Flask, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        visitor = make_visitor(clinic_app)
        answers = {}
        for address in ("/clinic/people", "/clinic/join/nothing", "/clinic/sign-in"):
            visitor.get(address)
            answers[visitor.path] = visitor.status
    # Who waits for somebody who never ends is told after some seconds that the database is busy: 503.
    assert answers == {"/clinic/sign-in": 200, "/clinic/join/nothing": 404}


def test_kept_text_that_somebody_changed_keeps_nobody_out(
    sign_in: SignIn, clock: Clock, notes: list[str], tmp_path: Path
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE}, form=form)
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection, connection:
        connection.execute("UPDATE staff_sessions SET sealed = x'00' WHERE person_id IS NULL")
    sign_in_again(reviewer)
    assert open_form(reviewer).fields["note"] == [""]
    assert notes == []
