"""security.md S9: who guesses waits, longer each time; nobody else does, and nobody for ever."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.web.clinic.identity.limits import NETWORK_BUDGET
from tests.web.clinic.colleague import PASSWORD, Colleague, join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.soft_key import SoftKey, read_challenge
from tests.web.clinic.staff import COOKIE, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

WRONG = "not the right password"
ATTACKER, OWN, OTHER = "203.0.113.66", "198.51.100.7", "192.0.2.5"


@pytest.fixture(params=["database", "redis"])
def stored(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the settings with which tries are counted in the database, and then those for Redis."""
    if request.param == "database":
        return {}
    return {"REDIS_URL": request.getfixturevalue("redis_server").url}


@pytest.fixture
def counted(clinic_app: Flask, clock: Clock, tmp_path: Path, stored: dict[str, str]) -> Colleague:
    """Join a clinic as its first administrator, wherever tries are counted."""
    assert clinic_app.extensions
    return join_first(make_app(tmp_path, clock, **stored), clock.now)


def attempt(app: Flask, login: str, password: str = WRONG, address: str = ATTACKER, forwarded: str = "") -> Visitor:
    """Try to sign in from an address, in a browser of its own."""
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.get("/clinic/sign-in")
    headers = (
        {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Forwarded": f"for={forwarded}"} if forwarded else {}
    )
    typed = {"login": login, "password": password}
    visitor.post(typed, form=visitor.find_form("/clinic/sign-in"), headers=headers)
    return visitor


def attack(app: Flask, login: str, tries: int, address: str = ATTACKER) -> list[int]:
    return [attempt(app, login, address=address).status for _ in range(tries)]


def test_who_guesses_is_slowed_and_others_are_not(counted: Colleague) -> None:
    app, login = counted.app, counted.login
    assert attack(app, login, 8) == [422] * 5 + [429] * 3
    assert attempt(app, login, PASSWORD).status == 429  # not even the right one, from there
    assert attempt(app, login, PASSWORD, OWN).path == "/clinic/sign-in/second"
    assert attempt(app, "ben@clinic.example").status == 422  # nor is another name slowed


def test_each_wait_is_longer_and_none_is_for_ever(counted: Colleague, clock: Clock) -> None:
    app, login = counted.app, counted.login
    attack(app, login, 5)
    waits = []
    for _ in range(9):
        wait = timedelta()
        while attempt(app, login).status == 429:
            clock.advance(seconds=15)
            wait += timedelta(seconds=15)
            assert wait <= timedelta(minutes=16)
        waits.append(int(wait.total_seconds()))
    assert waits[:5] == [15, 30, 60, 120, 240]
    assert max(waits) <= 15 * 60 + 15
    clock.advance(minutes=16)
    assert attempt(app, login, PASSWORD).path == "/clinic/sign-in/second"


def test_the_right_password_ends_the_wait(counted: Colleague) -> None:
    app, login = counted.app, counted.login
    attack(app, login, 4, OWN)
    assert attempt(app, login, PASSWORD, OWN).path == "/clinic/sign-in/second"
    assert attack(app, login, 5, OWN) == [422] * 5


def test_a_restart_and_a_second_process_count_on(
    counted: Colleague, clock: Clock, tmp_path: Path, stored: dict[str, str]
) -> None:
    login = counted.login
    other = make_app(tmp_path, clock, **stored)  # another process is another application on the same counts
    assert attack(counted.app, login, 3) == [422] * 3
    assert attack(other, login, 3) == [422, 422, 429]
    assert attack(make_app(tmp_path, clock, **stored), login, 1) == [429]


def test_an_address_that_nobody_vouches_for_resets_nothing(administrator: Colleague) -> None:
    app, login = administrator.app, administrator.login
    statuses = [attempt(app, login, forwarded=f"198.51.100.{number}").status for number in range(8)]
    assert statuses == [422] * 5 + [429] * 3


def test_behind_a_proxy_that_is_trusted_its_word_counts(clinic_app: Flask, clock: Clock, tmp_path: Path) -> None:
    assert clinic_app.extensions
    app = make_app(tmp_path, clock, TRUSTED_HOPS="1")
    login = "ann@clinic.example"
    statuses = [
        attempt(app, login, address="127.0.0.1", forwarded=f"198.51.100.{number}:51234").status for number in range(8)
    ]
    assert statuses == [422] * 8
    forged = [
        attempt(app, login, address="127.0.0.1", forwarded=f"198.51.100.{number}, 203.0.113.9:{number}").status
        for number in range(8)
    ]
    assert forged == [422] * 5 + [429] * 3  # only what the proxy itself saw, and whatever the port


def test_many_addresses_that_guess_one_name_are_slowed_together(counted: Colleague, clock: Clock) -> None:
    app, login = counted.app, counted.login
    statuses = [attempt(app, login, address=f"203.0.113.{number}").status for number in range(60)]
    assert statuses == [422] * 50 + [429] * 10
    # Whoever signed in from their own network before is not kept out by that, and others wait a minute at most.
    clock.advance(minutes=1)
    assert attempt(app, login, PASSWORD, OTHER).path == "/clinic/sign-in/second"
    attack_again = [attempt(app, login, address=f"203.0.114.{number}").status for number in range(3)]
    assert 429 in attack_again
    assert attempt(app, login, PASSWORD, OTHER).path == "/clinic/sign-in/second"


def test_one_household_of_ipv6_is_one(administrator: Colleague) -> None:
    app, login = administrator.app, administrator.login
    statuses = [attempt(app, login, address=f"2001:db8:7::{number:x}").status for number in range(8)]
    assert statuses == [422] * 5 + [429] * 3
    assert attempt(app, login, address="2001:db8:7:1::1").status == 422


def test_no_name_or_address_stands_in_the_counts(administrator: Colleague, tmp_path: Path) -> None:
    attempt(administrator.app, "typed-a-password-here", address=ATTACKER)
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        rows = connection.execute("SELECT * FROM throttles").fetchall()
        entries = connection.execute("SELECT * FROM audit_entries").fetchall()
    assert rows
    assert "typed-a-password-here" not in str(rows) + str(entries)
    assert ATTACKER not in str(rows)


def count_rows(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "foreword.sqlite3")) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  our own names
            for table in ("throttles", "audit_entries", "staff_sessions")
        }


def try_passkey(app: Flask, answer: str, address: str = ATTACKER) -> Visitor:
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.get("/clinic/sign-in")
    visitor.post({"credential": answer}, form=visitor.find_form("/clinic/sign-in/passkey"))
    return visitor


def test_made_up_names_from_one_network_end_and_leave_nothing_more(
    counted: Colleague, clock: Clock, tmp_path: Path
) -> None:
    app, most = counted.app, NETWORK_BUDGET.most
    assert attempt(app, counted.login, PASSWORD).path == "/clinic/sign-in/second"  # from there, once
    before = count_rows(tmp_path)
    statuses = [attempt(app, f"made-up-{number}@clinic.example").status for number in range(most + 1)]
    assert statuses == [422] * most + [429]
    spent = count_rows(tmp_path)
    assert spent["audit_entries"] == before["audit_entries"] + most + 1  # the last one says that there are more
    assert spent["throttles"] <= before["throttles"] + 2 * most + 1
    assert [attempt(app, f"other-{number}@clinic.example").status for number in range(5)] == [429] * 5
    assert try_passkey(app, '{"rawId": "AAAA"}').status == 429
    assert count_rows(tmp_path) == spent
    assert attempt(app, counted.login, PASSWORD).path == "/clinic/sign-in/second"  # known from there
    assert attempt(app, "ben@clinic.example", address=OWN).status == 422
    clock.advance(minutes=61)
    assert attempt(app, "ben@clinic.example").status == 422


def test_one_site_of_ipv6_has_one_budget(administrator: Colleague) -> None:
    app, most = administrator.app, NETWORK_BUDGET.most
    addresses = [f"2001:db8:7:{number:x}::1" for number in range(most + 1)]
    statuses = [attempt(app, f"n{number}@x.example", address=each).status for number, each in enumerate(addresses)]
    assert statuses == [422] * most + [429]


def test_passkeys_that_open_nothing_end_and_right_ones_go_on(administrator: Colleague, tmp_path: Path) -> None:
    app, most = administrator.app, NETWORK_BUDGET.most
    key = SoftKey.register(app, administrator.login)
    statuses = [try_passkey(app, '{"rawId": "AAAA"}').status for _ in range(most + 3)]
    assert statuses == [422] * most + [429] * 3
    before = count_rows(tmp_path)
    assert try_passkey(app, key.answer("not the challenge")).status == 429
    assert count_rows(tmp_path) == before
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = ATTACKER
    key.sign_in(visitor)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/account"


def test_what_no_browser_answers_for_a_passkey_opens_nothing(administrator: Colleague) -> None:
    key = SoftKey.register(administrator.app, administrator.login)
    odd = {**json.loads(key.answer("not the challenge")), "response": "text"}
    for answer in ("[" * 15_000, "[]", "null", '{"rawId": 5}', '{"rawId": {}}', json.dumps(odd)):
        assert try_passkey(administrator.app, answer).status == 422, answer[:40]


def test_an_answer_of_a_passkey_works_once_with_a_copy_of_the_cookie(administrator: Colleague) -> None:
    app = administrator.app
    key = SoftKey.register(app, administrator.login)
    visitor, copy = make_visitor(app), make_visitor(app)
    visitor.get("/clinic/sign-in")
    copy.client.set_cookie(COOKIE, read_cookie(visitor), domain="forms.example.test", secure=True)
    form, answer = visitor.find_form("/clinic/sign-in/passkey"), key.answer(read_challenge(visitor))
    visitor.post({"credential": answer}, form=form)
    assert visitor.path != "/clinic/sign-in/passkey"
    copy.post({"credential": answer}, form=form)
    assert copy.status == 422


def test_the_log_has_the_address_that_was_seen_and_not_the_one_that_was_said(
    administrator: Colleague, tmp_path: Path
) -> None:
    attempt(administrator.app, administrator.login, forwarded="198.51.100.99")
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        (origin,) = connection.execute("SELECT origin FROM audit_entries ORDER BY number DESC").fetchone()
    assert origin == ATTACKER


def test_a_crowd_costs_nobody_their_tries(clinic_app: Flask, clock: Clock, tmp_path: Path) -> None:
    assert clinic_app.extensions
    app = make_app(tmp_path, clock, PASSWORD_COST="65536,3,4")
    visitors = []
    for _ in range(6):
        visitor = make_visitor(app)
        visitor.client.environ_base["REMOTE_ADDR"] = OWN
        visitor.get("/clinic/sign-in")
        visitors.append((visitor, visitor.find_form("/clinic/sign-in")))

    def send(number: int) -> int:
        visitor, form = visitors[number]
        fields = {**form.fields, "login": ["ann@clinic.example"], "password": [WRONG]}
        return visitor.client.post("/clinic/sign-in", data=fields, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(send, range(6)))
    judged = statuses.count(422)
    assert set(statuses) <= {422, 429, 503}
    later = [attempt(app, "ann@clinic.example", address=OWN).status for _ in range(6 - judged)]
    assert later == [422] * (5 - judged) + [429]
