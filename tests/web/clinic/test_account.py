"""One's own account: every change asks for the password, and the last factor stays."""

import pytest
from flask import Flask

from app.storage.access import Access, find_access_by_login
from app.storage.engine import begin_read
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, read_key
from tests.web.clinic.staff import make_codes
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor

OTHER = "orbit kettle seven violin"


def read_access(app: Flask, login: str) -> Access:
    with app.app_context(), begin_read(get_services().engine) as connection:
        access = find_access_by_login(connection, login)
    assert access is not None
    return access


def send(visitor: Visitor, path: str, **typed: str) -> Visitor:
    visitor.get(path)
    named = {name.replace("_", "-"): value for name, value in typed.items()}
    visitor.post(named, form=visitor.find_form(path))
    return visitor


def test_a_new_password_ends_every_other_session_and_keeps_this_one(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    here = administrator.visitor
    clock.advance(minutes=1)
    elsewhere = administrator.sign_in(clock.now)
    send(here, "/clinic/account/password", password=PASSWORD, new_password=OTHER, new_password_again=OTHER)
    assert here.path == "/clinic/account"
    elsewhere.get("/clinic/account")
    assert elsewhere.path == "/clinic/sign-in"
    assert administrator.begin().status == 422
    assert administrator.begin(password=OTHER).path == "/clinic/sign-in/second"
    assert read_access(clinic_app, administrator.login).password_hash


@pytest.mark.parametrize("path", ["password", "app", "recovery-codes", "remove"])
def test_nothing_changes_without_the_password(clinic_app: Flask, administrator: Colleague, path: str) -> None:
    before = read_access(clinic_app, administrator.login)
    visitor = send(
        administrator.visitor,
        f"/clinic/account/{path}",
        password="not the password",
        new_password=OTHER,
        new_password_again=OTHER,
        factor="app",
        code="123456",
    )
    assert visitor.status == 422
    assert read_access(clinic_app, administrator.login) == before


def test_another_app_takes_the_place_of_the_first(administrator: Colleague, clock: Clock) -> None:
    visitor = administrator.visitor
    visitor.get("/clinic/account/app")
    key = read_key(visitor)
    (code,) = make_codes(key, clock.now, 0)
    visitor.post({"code": code, "password": PASSWORD}, form=visitor.find_form("/clinic/account/app"))
    assert visitor.path == "/clinic/account"
    clock.advance(minutes=1)
    assert administrator.sign_in(clock.now).path == "/clinic/sign-in/code"
    administrator.key = key
    assert administrator.sign_in(clock.now).path != "/clinic/sign-in/code"
    visitor.get("/clinic/account/app")
    assert read_key(visitor) != key  # a seed in use stands in no page


def test_the_last_factor_stays(clinic_app: Flask, administrator: Colleague) -> None:
    visitor = send(administrator.visitor, "/clinic/account/remove", password=PASSWORD, factor="app")
    assert visitor.status == 422
    assert "Add another one first" in visitor.document.text
    assert read_access(clinic_app, administrator.login).totp_sealed is not None


def test_new_recovery_codes_replace_the_old(administrator: Colleague, clock: Clock) -> None:
    visitor = send(administrator.visitor, "/clinic/account/recovery-codes", password=PASSWORD)
    assert visitor.last is not None
    new = visitor.last.text.split('<code translate="no">')[1].partition("<")[0]
    clock.advance(minutes=1)
    for code, is_taken in ((administrator.codes[0], False), (new.lower().replace("-", " "), True), (new, False)):
        begun = administrator.begin()
        begun.post({"recovery-code": code}, form=begun.find_form("/clinic/sign-in/recovery"))
        assert (begun.path != "/clinic/sign-in/recovery") is is_taken


def test_a_recovery_code_in_the_box_of_the_app_is_shown_its_own_and_costs_no_try(administrator: Colleague) -> None:
    code = administrator.codes[0]
    begun = administrator.begin()
    for _ in range(12):
        begun.get("/clinic/sign-in/second")
        begun.post({"code": code}, form=begun.find_form("/clinic/sign-in/code"))
        assert begun.status == 422
        assert begun.document.text.count("Enter a recovery code in its own box") == 2
        assert "#recovery-code" in begun.document.links
    begun.post({"recovery-code": code}, form=begun.find_form("/clinic/sign-in/recovery"))
    assert begun.path != "/clinic/sign-in/recovery"


def test_a_session_elsewhere_can_be_ended(administrator: Colleague, clock: Clock) -> None:
    here = administrator.visitor
    clock.advance(minutes=1)
    elsewhere = administrator.sign_in(clock.now)
    here.get("/clinic/account")
    (form,) = [form for form in here.document.forms if form.action.endswith("/end")]
    here.post(form=form)
    elsewhere.get("/clinic/account")
    assert elsewhere.path == "/clinic/sign-in"
    here.get("/clinic/account")
    assert here.path == "/clinic/account"
