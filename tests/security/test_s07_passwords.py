"""security.md S7: argon2id at a cost nobody can set too low, and passwords that others would not try first."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from app.storage.people import Role
from app.web.clinic.identity.passwords import get_hasher
from app.web.clinic.identity.rules import TOO_KNOWN, TOO_LONG, TOO_SHORT, find_password_problem
from tests.web.clinic.colleague import PASSWORD, Colleague, join_as, join_first
from tests.web.clinic.conftest import make_app
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, make_visitor


def read_hashes(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "foreword.sqlite3")) as connection:
        return [text for (text,) in connection.execute("SELECT password_hash FROM people ORDER BY created_at")]


def test_a_password_is_stored_as_argon2id_at_the_default_cost(clinic_app: Flask, clock: Clock, tmp_path: Path) -> None:
    assert clinic_app.extensions  # its database is the one used here
    app = make_app(tmp_path, clock, PASSWORD_COST="65536,3,4")
    join_first(app, clock.now)
    join_as(app, clock.now, "ben@clinic.example", Role.REVIEWER)
    hashes = read_hashes(tmp_path)
    assert len(set(hashes)) == 2  # the same password
    assert all(text.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for text in hashes)


def test_a_password_is_hashed_anew_when_the_cost_rises(clinic_app: Flask, clock: Clock, tmp_path: Path) -> None:
    assert clinic_app.extensions
    ann = join_first(make_app(tmp_path, clock, PASSWORD_COST="19456,2,1"), clock.now)
    (before,) = read_hashes(tmp_path)
    ann.app = make_app(tmp_path, clock, PASSWORD_COST="20480,3,2")
    assert ann.begin(password=f"{PASSWORD}x").status == 422
    assert read_hashes(tmp_path) == [before]
    ann.begin()
    (after,) = read_hashes(tmp_path)
    assert before.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert after.startswith("$argon2id$v=19$m=20480,t=3,p=2$")
    assert ann.begin().path == "/clinic/sign-in/second"
    assert read_hashes(tmp_path) == [after]


@pytest.mark.parametrize("length", [129, 10_000, 300_000])
def test_what_is_longer_than_any_password_costs_no_work(administrator: Colleague, length: int) -> None:
    hasher = get_hasher(administrator.app)
    before = hasher.work
    assert administrator.begin(password="x" * length).status == 422
    assert administrator.begin(login="nobody@clinic.example", password="x" * length).status == 422
    assert hasher.work == before


@pytest.mark.parametrize("length", [15, 128])
def test_a_password_has_15_to_128_characters(length: int) -> None:
    letters = ("kettle violin orbit " * 8)[:length]
    assert find_password_problem(letters) is None
    assert find_password_problem(letters[:14]) == TOO_SHORT
    assert find_password_problem(letters + "s" * (129 - length)) == TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        "Clinicname2026!",
        "Riverside2026!!!",
        "R1vers1de-R1vers1de",
        "ketamine-clinic-2026",
        "Ann.Lee@Riverside.example",
        "passwordpassword",
        "P@ssw0rdP@ssw0rd",
        "password12345678",
        "correct horse battery staple",
        "123456789012345678",
        "qwertyuiopasdfgh",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "iloveyouiloveyou",
        "summer2026summer2026",
        "1q2w3e4r5t6y7u8i9o",
    ],
)
def test_a_password_that_others_would_try_first_is_refused(password: str) -> None:
    words = ("Riverside clinic name", "Ann Lee", "ann.lee@riverside.example")
    assert find_password_problem(password, words) == TOO_KNOWN


@pytest.mark.parametrize(
    "password",
    [
        "kettle violin orbit",
        "Riverside kettle violin orbit",
        "ключ от старой двери",
        "青い鳥が歌う静かな森の朝に雨が降る",
        "aB3$aB3$xY9!kL2?",
        "my ketamine cat sings opera",
    ],
)
def test_no_composition_is_asked_for(password: str) -> None:
    assert find_password_problem(password, ("Riverside clinic name", "Ann Lee")) is None


def test_characters_can_be_written_either_way(administrator: Colleague, clock: Clock) -> None:
    composed, taken_apart = "café crème brûlée étude", "cafe\u0301 cre\u0300me bru\u0302le\u0301e e\u0301tude"
    visitor = administrator.visitor
    visitor.get("/clinic/account/password")
    typed = {"password": PASSWORD, "new-password": composed, "new-password-again": composed}
    visitor.post(typed, form=visitor.find_form("/clinic/account/password"))
    assert visitor.path == "/clinic/account"
    clock.advance(minutes=1)
    assert administrator.begin(password=taken_apart).path == "/clinic/sign-in/second"


@pytest.mark.parametrize("typed", ["%00" * 20, "%ED%A0%80%FF half", "%F0%9F%8C%BB" * 20, "%C0%AF" * 20])
def test_odd_characters_break_nothing(administrator: Colleague, typed: str) -> None:
    visitor = make_visitor(administrator.app)
    visitor.get("/clinic/sign-in")
    token = visitor.find_form("/clinic/sign-in").fields["csrf_token"][0]
    for login in (administrator.login, f"{typed}{administrator.login}"):
        answer = visitor.client.post(
            "/clinic/sign-in",
            data=f"csrf_token={token}&login={login}&password={typed}",
            content_type="application/x-www-form-urlencoded",
            base_url=ORIGIN,
        )
        assert answer.status_code == 422


def test_a_crowd_is_answered_at_once_and_at_most_two_hashes_run(
    clinic_app: Flask, clock: Clock, tmp_path: Path
) -> None:
    assert clinic_app.extensions
    app = make_app(tmp_path, clock, PASSWORD_COST="65536,3,4")
    visitors = [make_visitor(app) for _ in range(12)]
    for number, visitor in enumerate(visitors):
        visitor.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number // 4}"
        visitor.get("/clinic/sign-in")
    forms = [visitor.find_form("/clinic/sign-in") for visitor in visitors]
    before = get_hasher(app).work

    def send(number: int) -> int:
        fields = {**forms[number].fields, "login": [f"n{number}@clinic.example"], "password": [PASSWORD]}
        return visitors[number].client.post("/clinic/sign-in", data=fields, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(send, range(12)))
    assert set(statuses) <= {422, 503}
    assert get_hasher(app).work - before == statuses.count(422)
    assert statuses.count(422) >= 1


def test_one_place_is_for_people_who_signed_in_from_there_before(administrator: Colleague, clock: Clock) -> None:
    hasher = get_hasher(administrator.app)
    administrator.begin()  # and so they are known from here
    clock.advance(minutes=1)
    with hasher.take_place(is_known=False):
        visitor = administrator.begin(login="other@clinic.example")
        assert visitor.last is not None
        assert (visitor.status, visitor.last.headers["Retry-After"]) == (503, "5")
        assert visitor.find_form("/clinic/sign-in").fields["login"] == ["other@clinic.example"]
        assert PASSWORD not in visitor.last.text
        assert administrator.begin().path == "/clinic/sign-in/second"
        with hasher.take_place(is_known=True):
            assert administrator.begin().status == 503
            signed_in = administrator.visitor
    assert administrator.begin(login="other@clinic.example").status == 422
    assert signed_in.status == 503


def test_whoever_is_signed_in_keeps_what_they_typed_when_there_is_a_crowd(administrator: Colleague) -> None:
    hasher, visitor = get_hasher(administrator.app), administrator.visitor
    visitor.get("/clinic/account/recovery-codes")
    form = visitor.find_form("/clinic/account/recovery-codes")
    with hasher.take_place(is_known=True), hasher.take_place(is_known=True):
        visitor.post({"password": PASSWORD}, form=form)
    assert visitor.last is not None
    assert (visitor.status, visitor.last.headers["Retry-After"]) == (503, "5")
    visitor.post({"password": PASSWORD}, form=visitor.find_form("/clinic/account/recovery-codes"))
    assert visitor.document.headings == ["Keep your recovery codes"]
