"""Who may open what: nobody, until a page says so."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.storage.people import Role
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.staff import COOKIE, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor


def replay(app: Flask, cookie: str) -> int:
    client: FlaskClient = app.test_client(use_cookies=False)
    return client.get("/clinic/account", base_url=ORIGIN, headers={"Cookie": f"{COOKIE}={cookie}"}).status_code


def test_nobody_is_sent_to_the_sign_in_page(visitor: Visitor) -> None:
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/sign-in"


def test_whoever_signs_in_comes_to_the_page_they_wanted(visitor: Visitor) -> None:
    visitor.get("/clinic/account")
    visitor.post({"as": "auditor"}, form=visitor.find_form("/clinic/demonstration"))
    assert visitor.path == "/clinic/account"


def test_bytes_that_are_no_text_in_an_address_are_kept_as_bytes(app: Flask) -> None:
    # Given a client that writes them as they are, which no browser does
    client: FlaskClient = app.test_client()
    odd = {"QUERY_STRING": "who=\xff\xfe'<&until=%C3%A9"}
    page = client.get("/clinic/account", base_url=ORIGIN, environ_overrides=odd)
    # Then they are asked to sign in, and what leads on from there is an address again
    assert (page.status_code, page.headers["Location"]) == (303, "/clinic/sign-in")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    page = client.get("/clinic/account", base_url=ORIGIN, environ_overrides=odd, headers=elsewhere)
    assert page.status_code < 400
    assert "/clinic/account?who=%FF%FE&#39;%3C&amp;until=%C3%A9" in page.text


def test_signing_in_and_out_change_the_cookie_and_a_copy_opens_nothing(app: Flask, visitor: Visitor) -> None:
    visitor.get("/clinic/sign-in")
    before = read_cookie(visitor)
    visitor.post({"as": "reviewer"}, form=visitor.find_form("/clinic/demonstration"))
    during = read_cookie(visitor)
    assert before
    assert during not in {"", before}
    assert (replay(app, before), replay(app, during)) == (303, 200)
    visitor.post(form=visitor.find_form("/clinic/sign-out"))
    assert visitor.document.title.startswith("You are signed out")
    assert read_cookie(visitor) == ""
    assert replay(app, during) == 303


@pytest.mark.parametrize(("passed", "status"), [(timedelta(minutes=14), 200), (timedelta(minutes=15, seconds=1), 303)])
def test_a_session_rests_for_a_quarter_of_an_hour(
    app: Flask, sign_in: SignIn, clock: Clock, passed: timedelta, status: int
) -> None:
    cookie = read_cookie(sign_in(Role.REVIEWER))
    clock.now += passed
    assert replay(app, cookie) == status


def test_a_session_lasts_for_eight_hours_however_busy(app: Flask, sign_in: SignIn, clock: Clock) -> None:
    cookie = read_cookie(sign_in(Role.REVIEWER))
    for _ in range(47):
        clock.advance(minutes=10)
        assert replay(app, cookie) == 200
    clock.advance(minutes=10, seconds=1)
    assert replay(app, cookie) == 303


def test_somebody_from_another_website_keeps_their_session(app: Flask, sign_in: SignIn) -> None:
    cookie = read_cookie(sign_in(Role.REVIEWER))
    arrived = app.test_client().get("/clinic/account", base_url=ORIGIN, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Set-Cookie" not in arrived.headers
    assert 'href="/clinic/account"' in arrived.text
    assert replay(app, cookie) == 200


def test_patients_pages_know_nothing_of_staff(sign_in: SignIn) -> None:
    reviewer = sign_in(Role.REVIEWER)
    before = read_cookie(reviewer)
    reviewer.get("/")
    assert read_cookie(reviewer) == before
    assert reviewer.last is not None
    assert "Demonstration reviewer" not in reviewer.last.text
