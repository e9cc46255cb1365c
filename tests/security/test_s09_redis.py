"""security.md S9 where tries are counted in Redis: one count for all, and what happens while it does not answer."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from time import sleep

import pytest
from flask import Flask

from app.desk.doctor import examine
from app.settings import Settings, StartError, load_settings
from app.storage.redis_tallies import RedisTallies
from app.storage.throttles import TalliesGoneError, Tally
from tests.bench.walker import Walker
from tests.desk.conftest import NOW, Clinic, clinic
from tests.security.test_s09_throttles import OWN, attack, attempt
from tests.support.redis import RedisServer
from tests.support.server import Server, StartServer
from tests.web.clinic.colleague import PASSWORD, Colleague, join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.soft_key import SoftKey, read_challenge
from tests.web.clinic.staff import make_codes
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor, make_visitor

__all__ = ["clinic"]

WRONG_CODE = "ABCD-EFGH-JKMN-PQRS-TUVW-XYZ2"
DOWN = "Passwords and codes cannot be checked at this moment"
LOGIN = "nobody@clinic.example"


@pytest.fixture
def counted(clinic_app: Flask, clock: Clock, tmp_path: Path, redis_server: RedisServer) -> Colleague:
    """Join a clinic that counts in Redis as its first administrator."""
    assert clinic_app.extensions
    return join_first(make_app(tmp_path, clock, REDIS_URL=redis_server.url), clock.now)


@pytest.fixture
def patients(tmp_path_factory: pytest.TempPathFactory, clock: Clock, redis_server: RedisServer) -> Flask:
    """Give patients' pages that are open, and count in Redis."""
    return make_app(tmp_path_factory.mktemp("patients"), clock, DEMO="1", REDIS_URL=redis_server.url)


def guess(server: Server) -> int:
    """Type a wrong password on a real server."""
    walker = Walker(server.url)
    with closing(walker.connection):
        walker.ask("GET", "/clinic/sign-in")
        form = next(form for form in walker.document.forms if form.action == "/clinic/sign-in")
        walker.send(form, {"login": [LOGIN], "password": ["not the right password"]})
    return walker.status


def enter_code(app: Flask, code: str) -> Visitor:
    """Type a resume code."""
    visitor = make_visitor(app)
    visitor.get("/resume")
    visitor.post({"code": code}, form=visitor.find_form("/resume"))
    return visitor


def test_two_real_processes_have_one_count_and_a_restarted_one_goes_on(
    start_server: StartServer, redis_server: RedisServer
) -> None:
    first = start_server(redis_url=redis_server.url)
    second = start_server(redis_url=redis_server.url, data=first.data)
    assert [guess(first) for _ in range(3)] == [422] * 3
    # Who would count anew would judge five; a wait of fifteen seconds may be over where each takes long
    assert HTTPStatus.TOO_MANY_REQUESTS in [guess(second) for _ in range(5)][2:]
    second.stop()
    third = start_server(redis_url=redis_server.url, data=first.data)
    assert HTTPStatus.TOO_MANY_REQUESTS in [guess(third) for _ in range(5)]
    with redis_server.client as client:
        names = client.keys("*")
        kept = {name: client.get(name) for name in names}
        lives = [client.pttl(name) for name in names]
    assert names
    assert all(re.fullmatch("foreword:tries:[0-9a-f]{64}", name) for name in names)
    assert all(re.fullmatch(r"[0-9]+ [0-9T:.+-]+ [0-9T:.+-]+", str(value)) for value in kept.values())
    assert all(0 < life <= timedelta(days=2) / timedelta(milliseconds=1) for life in lives)  # it forgets by itself


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_while_it_does_not_answer_nobody_guesses_and_patients_go_on(
    counted: Colleague, patients: Flask, redis_server: RedisServer, fault: str
) -> None:
    app, login = counted.app, counted.login
    key = SoftKey.register(app, login)
    assert attack(app, login, 3) == [422] * 3
    getattr(redis_server, fault)()
    refused = attempt(app, login, PASSWORD, OWN)  # not even the right one, from one's own network
    assert (refused.status, DOWN in refused.document.text) == (503, True)
    assert refused.last is not None
    assert refused.last.headers["Retry-After"] == "5"
    assert refused.find_form("/clinic/sign-in").fields["login"] == [login]
    counted.visitor.get("/clinic/people")  # whoever is signed in goes on
    assert (counted.visitor.status, counted.visitor.path) == (200, "/clinic/people")
    assert enter_code(patients, WRONG_CODE).status == 422  # a code that opens nothing, as it always was
    patient = make_visitor(patients)
    patient.start()
    assert (patient.status, patient.path.startswith("/questions/")) == (200, True)
    colleague = make_visitor(app)
    key.sign_in(colleague)  # nobody guesses a passkey: it needs no count
    colleague.get("/clinic/account")
    assert colleague.path == "/clinic/account"


def test_a_paused_redis_has_forgotten_nothing_when_it_goes_on(counted: Colleague, redis_server: RedisServer) -> None:
    app, login = counted.app, counted.login
    assert attack(app, login, 4) == [422] * 4
    redis_server.pause()
    assert attack(app, login, 3) == [503] * 3
    redis_server.go_on()
    assert answer_again(app, login) == 422  # the fifth
    assert attack(app, login, 2) == [429] * 2


def test_one_that_was_killed_in_an_attack_is_used_again_when_it_is_back(
    counted: Colleague, redis_server: RedisServer
) -> None:
    app, login = counted.app, counted.login
    assert attack(app, login, 6) == [422] * 5 + [429]
    redis_server.kill()
    assert attack(app, login, 2) == [503] * 2
    redis_server.start()  # it kept nothing, which is all that is lost: what is known of one's own network is not there
    assert answer_again(app, login) == 422
    assert attack(app, login, 5) == [422] * 4 + [429]


def answer_again(app: Flask, login: str) -> int:
    """Try until tries are counted again: for two seconds nobody asks a Redis that did not answer."""
    while True:
        status = attempt(app, login).status
        if status != HTTPStatus.SERVICE_UNAVAILABLE:
            return status
        sleep(0.1)


def test_a_code_is_not_judged_either_and_a_right_password_opens_nothing_by_itself(
    counted: Colleague, redis_server: RedisServer, clock: Clock
) -> None:
    clock.advance(minutes=1)
    visitor = counted.begin()
    assert visitor.path == "/clinic/sign-in/second"
    redis_server.kill()
    [code] = make_codes(counted.key, clock.now, 0)
    visitor.post({"code": code}, form=visitor.find_form("/clinic/sign-in/code"))
    assert (visitor.status, DOWN in visitor.document.text) == (503, True)
    visitor.get("/clinic/people")
    assert visitor.path == "/clinic/sign-in"


@pytest.mark.parametrize("way", ["/clinic/sign-in/passkey", "/clinic/sign-in/second"])
def test_the_passkey_of_the_page_that_says_to_wait_signs_in(
    counted: Colleague, redis_server: RedisServer, way: str
) -> None:
    key = SoftKey.register(counted.app, counted.login)
    if way == "/clinic/sign-in/passkey":
        redis_server.kill()
        visitor = counted.begin()
    else:
        visitor = counted.begin()
        redis_server.kill()
        visitor.post({"code": "123456"}, form=visitor.find_form("/clinic/sign-in/code"))
    assert (visitor.status, DOWN in visitor.document.text) == (503, True)
    visitor.post({"credential": key.answer(read_challenge(visitor))}, form=visitor.find_form(way))
    visitor.get("/clinic/account")
    assert (visitor.status, visitor.path) == (200, "/clinic/account")


def test_a_password_asked_for_again_is_not_judged_and_nothing_is_changed(
    counted: Colleague, redis_server: RedisServer
) -> None:
    visitor = counted.visitor
    visitor.get("/clinic/account/password")
    redis_server.kill()
    typed = {"password": PASSWORD, "new-password": "marble orchard twelve comets", "again": "x"}
    visitor.post(typed, form=visitor.find_form("/clinic/account/password"))
    assert DOWN in visitor.document.text
    assert visitor.status == HTTPStatus.SERVICE_UNAVAILABLE


def test_wrong_resume_codes_are_counted_there_and_slow_nobody_without_it(
    patients: Flask, redis_server: RedisServer
) -> None:
    statuses = [enter_code(patients, WRONG_CODE).status for _ in range(102)]
    assert statuses == [422] * 100 + [429] * 2
    redis_server.kill()
    assert enter_code(patients, WRONG_CODE).status == 422


def test_of_many_who_try_at_once_each_is_counted(redis_server: RedisServer) -> None:
    tallies = [RedisTallies(redis_server.url) for _ in range(4)]

    def count(number: int) -> None:
        tallies[number % 4].change(
            ["one"], NOW, lambda held: ([replace(held[0], tries=held[0].tries + 1, last_at=NOW)], None)
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(80)))
    assert tallies[0].find("one") == Tally(tries=80, last_at=NOW, until=NOW)
    for one in tallies:
        one.close()


def test_whoever_is_overtaken_a_hundred_times_is_counted_all_the_same(redis_server: RedisServer) -> None:
    tallies, overtaken = RedisTallies(redis_server.url), list(range(100))

    def count(held: Sequence[Tally]) -> tuple[list[Tally], None]:
        return [replace(held[0], tries=held[0].tries + 1)], None

    def count_late(held: Sequence[Tally]) -> tuple[list[Tally], None]:
        if overtaken:
            overtaken.pop()
            tallies.change(["one"], NOW, count)
        return count(held)

    tallies.change(["one"], NOW, count_late)
    assert tallies.find("one") == Tally(tries=101, last_at=NOW, until=NOW)
    tallies.close()


def test_a_full_redis_is_one_that_does_not_answer(redis_server: RedisServer) -> None:
    tallies = RedisTallies(redis_server.url)
    with redis_server.client as client:
        client.config_set("maxmemory", "1")
    with pytest.raises(TalliesGoneError):
        tallies.change(["one"], NOW, lambda held: ([replace(held[0], tries=1)], None))
    tallies.close()


@pytest.mark.parametrize("planted", ["", "1", "x x x", "-9 {now} {now}", "0 2026-01-01 2026-01-01", "\x00 {now} {now}"])
def test_what_is_no_count_lets_nobody_guess(counted: Colleague, redis_server: RedisServer, planted: str) -> None:
    app, login = counted.app, counted.login
    assert attack(app, login, 1) == [422]
    with redis_server.client as client:
        names = client.keys("*")
        assert names
        for name in names:
            client.set(name, planted.format(now=NOW.isoformat()))
    assert attack(app, login, 3) == [503] * 3


@pytest.mark.parametrize("ending", ["?socket_timeout=30", "?socket_timeout=abc", "?foo=1", "?decode_responses=0", "#x"])
def test_nothing_behind_its_address_changes_how_tries_are_counted(ending: str) -> None:
    with pytest.raises(StartError) as raised:
        load_settings({"FOREWORD_REDIS_URL": f"redis://:canary@127.0.0.1{ending}"})
    told = str(raised.value)
    assert told == "FOREWORD_REDIS_URL: what follows ? or # would change how tries are counted; leave it out"


def test_the_doctor_names_a_redis_that_is_gone_or_forgets(clinic: Clinic, redis_server: RedisServer) -> None:
    settings = replace(clinic.settings, redis_url=redis_server.url)

    def find(given: Settings) -> list[str]:
        parts = examine(given, clinic.engine, NOW, is_online=True)
        return [str(finding) for part in parts if part.name == "Redis" for finding in part.findings]

    assert (find(clinic.settings), find(settings)) == ([], [])
    with redis_server.client as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    assert "FOREWORD_REDIS_URL: it forgets counts" in find(settings)[0]
    redis_server.kill()
    assert "FOREWORD_REDIS_URL: it does not answer (ConnectionError)" in find(settings)[0]
    secret = find(replace(settings, redis_url="redis://:canary@127.0.0.1:1"))
    assert "canary" not in secret[0]
