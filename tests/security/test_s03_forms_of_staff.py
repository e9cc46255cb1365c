"""security.md S3 and S26: forms of staff come from our own pages with the session's token; no address is followed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.storage.engine import begin_read
from app.storage.people import Role, list_people
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn
from tests.web.patient.visitor import ORIGIN, Visitor


def count_people(app: Flask) -> int:
    with app.app_context(), begin_read(get_services().engine) as connection:
        return len(list_people(connection))


def invite(visitor: Visitor, token: str, headers: Mapping[str, str] | None = None) -> TestResponse:
    typed = {"csrf_token": token, "name": "Eve", "login": "eve@evil.test", "role": "administrator"}
    return visitor.client.post("/clinic/people", data=typed, base_url=ORIGIN, headers=headers)


def read_token(visitor: Visitor) -> str:
    visitor.get("/clinic/people")
    return visitor.find_form("/clinic/people").fields["csrf_token"][0]


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}.evil.test"},
    ],
)
def test_a_form_from_elsewhere_is_refused_with_the_right_token(
    app: Flask, sign_in: SignIn, said: dict[str, str]
) -> None:
    administrator = sign_in(Role.ADMINISTRATOR)
    token, before = read_token(administrator), count_people(app)
    assert invite(administrator, token, said).status_code == 403
    assert count_people(app) == before


def test_a_form_without_its_own_token_is_refused(app: Flask, sign_in: SignIn) -> None:
    administrator, other = sign_in(Role.ADMINISTRATOR), sign_in(Role.ADMINISTRATOR)
    before = count_people(app)
    patient_page = administrator.get("/resume")
    patients_token = patient_page.forms[0].fields["csrf_token"][0]
    for token in ("", "x", read_token(other), patients_token):
        assert invite(administrator, token).status_code == 400
    assert count_people(app) == before
    assert invite(administrator, read_token(administrator)).status_code == 200
    assert count_people(app) == before + 1


def test_a_token_dies_with_its_session(app: Flask, sign_in: SignIn) -> None:
    administrator = sign_in(Role.ADMINISTRATOR)
    token = read_token(administrator)
    administrator.post(form=administrator.find_form("/clinic/sign-out"))
    administrator.get("/clinic/sign-in")
    administrator.post({"as": "administrator"}, form=administrator.find_form("/clinic/demonstration"))
    before = count_people(app)
    assert invite(administrator, token).status_code == 400
    assert count_people(app) == before


def test_signing_out_by_a_link_is_not_possible(sign_in: SignIn) -> None:
    reviewer = sign_in(Role.REVIEWER)
    assert reviewer.client.get("/clinic/sign-out", base_url=ORIGIN).status_code == 405
    reviewer.get("/clinic/account")
    assert reviewer.path == "/clinic/account"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "/\tevil.test",
        "https:evil.test",
        "%2f%2fevil.test",
        "javascript:1",
    ],
)
def test_no_address_in_a_request_is_ever_followed(visitor: Visitor, target: str) -> None:
    names = ("next", "url", "redirect", "return_to", "continue")
    visitor.last = visitor.client.get("/clinic/sign-in", query_string=dict.fromkeys(names, target), base_url=ORIGIN)
    form = visitor.find_form("/clinic/demonstration")
    fields = {**form.fields, "as": ["auditor"], **{name: [target] for name in names}}
    answer = visitor.client.post(form.action, data=fields, base_url=ORIGIN, query_string=dict.fromkeys(names, target))
    assert answer.status_code == 303
    assert answer.headers["Location"] in {"/clinic/", f"{ORIGIN}/clinic/"}


def test_each_form_of_staff_has_a_token(sign_in: SignIn) -> None:
    lead = sign_in(Role.ADMINISTRATOR, Role.REVIEWER)
    for page in ("/clinic/people", "/clinic/account", "/clinic/account/password"):
        assert all(form.fields.get("csrf_token") for form in lead.get(page).forms)
    templates = Path(__file__).parents[2] / "templates" / "clinic"
    for path in templates.glob("*.html"):
        text = path.read_text()
        # What a busy database did not take is sent again with all that came, and so with the token that came.
        token = "in fields" if path.name == "unsaved.html" else 'name="csrf_token"'
        assert text.count('method="post"') <= text.count(token), path.name
