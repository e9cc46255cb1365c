"""security.md S12: a thousand wrong resume codes are slowed, and neither the next room nor a waiting room is."""

from datetime import timedelta

import pytest
from flask import Flask

from app.vault.codes import format_resume_code, make_secret
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

ATTACKER, HOME, WAITING_ROOM = "203.0.113.66", "198.51.100.7", "192.0.2.5"


def come_from(app: Flask, address: str) -> Visitor:
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.get("/resume")
    return visitor


def enter(visitor: Visitor, code: str) -> int:
    """Send a code and return the status, without following to where it leads."""
    form = visitor.find_form("/resume")
    fields = {**form.fields, "code": [code]}
    return visitor.client.post("/resume", data=fields, base_url=ORIGIN).status_code


def begin_form(app: Flask) -> str:
    """Begin a form and return its resume code."""
    patient = make_visitor(app)
    patient.start()
    patient.get("/resume")
    return patient.document.text.partition("Your resume code")[2].split()[0]


def test_a_thousand_wrong_codes_are_slowed_and_the_right_one_from_elsewhere_opens(
    app: Flask, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    code, attacker = begin_form(app), come_from(app, ATTACKER)
    guesses = [format_resume_code(make_secret()) for _ in range(1000)]
    statuses = [enter(attacker, guess) for guess in guesses]
    assert statuses == [422] * 100 + [429] * 900
    assert enter(attacker, code) == 429
    assert enter(come_from(app, HOME), code) == 303
    clock.now += timedelta(minutes=11)
    assert enter(attacker, code) == 303
    said = "".join(capfd.readouterr())
    assert not [guess for guess in guesses if guess in said or guess.replace("-", "") in said]


def test_the_page_that_says_to_wait_keeps_the_code(app: Flask) -> None:
    visitor = come_from(app, ATTACKER)
    for _ in range(100):
        enter(visitor, format_resume_code(make_secret()))
    visitor.post({"code": "abcd efgh jkmn pqrs tvwx yz01"}, form=visitor.find_form("/resume"))
    assert visitor.status == 429
    assert visitor.document.forms[-1].fields["code"] == ["abcd efgh jkmn pqrs tvwx yz01"]
    assert "Wait some minutes" in visitor.document.text


def test_sixty_patients_of_one_waiting_room_go_on_within_an_hour(app: Flask, clock: Clock) -> None:
    codes = [begin_form(app) for _ in range(60)]
    for code in codes:
        patient = come_from(app, WAITING_ROOM)
        slip = code[:-1] + ("2" if code[-1] != "2" else "3")
        assert (enter(patient, slip), enter(patient, code)) == (422, 303)
        clock.advance(minutes=1)


def test_what_is_no_code_at_all_is_not_counted(app: Flask) -> None:
    visitor = come_from(app, ATTACKER)
    assert {enter(visitor, "too short") for _ in range(150)} == {422}
    assert enter(visitor, begin_form(app)) == 303
