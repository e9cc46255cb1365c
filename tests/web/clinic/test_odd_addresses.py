"""Addresses and forms that no page of ours makes: each is answered with what to do, on either database."""

from pathlib import Path

import pytest
from flask import Flask

from app.storage.people import Role
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn, make_app
from tests.web.clinic.review_steps import use_tool
from tests.web.clinic.sender import Sender
from tests.web.clinic.staff import sign_in as sign_in_to
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor

LONG = "9" * 5000
LISTS = (
    "until=9999-12-31",
    "since=0001-01-01",
    "since=20260101",
    "who=%00",
    "who=a%00b",
    "edition=%00",
    "item=%00",
    f"item={LONG}",
    "after=" + LONG + ".77777-7777H",
)


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


@pytest.fixture
def reference(app: Flask, clock: Clock) -> str:
    """Return the reference of a response that has come in."""
    return Sender(app, clock).send()


@pytest.mark.parametrize("query", LISTS, ids=range(len(LISTS)))
def test_a_list_that_nobody_can_ask_for_is_not_found(reviewer: Visitor, query: str) -> None:
    reviewer.get(f"/clinic/responses?{query}")
    assert reviewer.status == 404


@pytest.mark.parametrize("version", [LONG, "9" * 30, "-1", "٣", "0"])
@pytest.mark.parametrize("kind", ["", ".pdf"])
def test_a_version_that_cannot_be_is_not_found(reference: str, reviewer: Visitor, kind: str, version: str) -> None:
    answer = reviewer.client.get(f"/clinic/responses/{reference}{kind}?version={version}", base_url=ORIGIN)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ({"until": "9999-12-31"}, "Enter the day as year, month, and day"),
        ({"birth": "0001-01-01"}, "Enter the day as year, month, and day"),
        ({"who": "a\0b"}, "Choose one from the list"),
        ({"edition": "\0"}, "Choose one from the list"),
        ({"item": "\0"}, "Choose one from the list"),
    ],
)
def test_a_search_that_cannot_be_says_what_to_do(reviewer: Visitor, typed: dict[str, str], advice: str) -> None:
    reviewer.get("/clinic/responses")
    page = reviewer.post({"name": "Ana", **typed}, form=reviewer.find_form("/clinic/responses"))
    assert reviewer.status == 422
    assert advice in page.text
    assert reviewer.find_form("/clinic/responses").fields["name"] == ["Ana"]


@pytest.mark.parametrize(
    ("name", "typed", "advice"),
    [
        ("name", "Ana " * 51, "Name: shorten this to 200 characters or fewer. It now has 203"),
        ("contact", "5" * 403, "Contact: shorten this to 402 characters or fewer. It now has 403"),
        ("birth", "9999-12-31", "Enter the day as year, month, and day"),
        ("birth", "2999-12-31", "Date of birth: enter a date that is today or earlier"),
        ("appointment", "0001-01-01", "Enter the day as year, month, and day"),
    ],
)
def test_a_correction_has_the_limits_of_the_patients_own_page(
    reference: str, sign_in: SignIn, name: str, typed: str, advice: str
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    details = {"name": "Ana Soto", "birth": "1990-05-03", "contact": "", "appointment": ""}
    page = use_tool(reviewer, reference, "correct", **{**details, name: typed, "reason": "error"})
    assert reviewer.status == 422
    assert advice in page.text
    assert reviewer.find_form(f"/clinic/responses/{reference}/correct").fields[name] == [typed]


def test_what_no_text_of_postgres_can_hold_breaks_nothing_there(
    tmp_path: Path, clock: Clock, postgres_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url, DEMO="1")
    try:
        reviewer = sign_in_to(app, Role.REVIEWER)
        for query in LISTS:
            reviewer.get(f"/clinic/responses?{query}")
            assert reviewer.status == 404, query
        reviewer.get("/clinic/responses")
        reviewer.post({"name": "a\0b"}, form=reviewer.find_form("/clinic/responses"))
        assert reviewer.status == 200
        administrator = sign_in_to(app, Role.ADMINISTRATOR)
        for person_id in ("%00", "a%00b", "9" * 5000):
            administrator.get(f"/clinic/people/{person_id}")
            assert administrator.status == 404, person_id
    finally:
        with app.app_context():
            get_services().engine.dispose()
