"""One's own account: every change asks for the password, and the last factor stays."""

import pytest
from flask import Flask

from app.storage.access import Access, find_access_by_login
from app.storage.engine import begin_read
from app.web.clinic.identity.rules import TOO_KNOWN, TOO_LONG, TOO_SHORT
from app.web.clinic.identity.words import NOT_THE_SAME, WRONG_PASSWORD
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, read_key
from tests.web.clinic.soft_key import SoftKey
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


def test_a_changed_password_is_said_once(administrator: Colleague) -> None:
    visitor = administrator.visitor
    send(visitor, "/clinic/account/password", password=PASSWORD, new_password=OTHER, new_password_again=OTHER)
    assert "Your password is changed." in visitor.document.text
    visitor.get("/clinic/account")
    assert "Your password is changed." not in visitor.document.text


@pytest.mark.parametrize(
    ("now", "new", "again", "expected"),
    [
        (PASSWORD, "too short", "too short", {"new-password": TOO_SHORT}),
        (PASSWORD, "x1" * 65, "x1" * 65, {"new-password": TOO_LONG}),
        (PASSWORD, "Ann Lee at the clinic", "Ann Lee at the clinic", {"new-password": TOO_KNOWN}),
        (PASSWORD, OTHER, f"{OTHER}, not quite", {"new-password-again": NOT_THE_SAME}),
        ("not it", "too short", "too short", {"password": WRONG_PASSWORD, "new-password": TOO_SHORT}),
    ],
)
def test_a_new_password_is_held_to_the_rules_of_joining(
    clinic_app: Flask, administrator: Colleague, now: str, new: str, again: str, expected: dict[str, str]
) -> None:
    before = read_access(clinic_app, administrator.login)
    visitor = send(
        administrator.visitor, "/clinic/account/password", password=now, new_password=new, new_password_again=again
    )
    page = visitor.document
    assert visitor.status == 422
    assert {link.removeprefix("#") for link in page.links if "password" in link and "#" in link} == set(expected)
    assert [page.text.count(sentence) for sentence in expected.values()] == [2] * len(expected)  # above, and at the box
    assert not {new, again, now} & {value for form in page.forms for values in form.fields.values() for value in values}
    assert read_access(clinic_app, administrator.login) == before


def test_guesses_at_the_password_of_somebody_signed_in_are_those_at_the_door(
    administrator: Colleague, clock: Clock
) -> None:
    signed_in = administrator.visitor
    typed = {"new_password": OTHER, "new_password_again": OTHER}
    for _ in range(5):
        send(signed_in, "/clinic/account/password", password="not the password", **typed)
        assert "Enter the password you sign in with now" in signed_in.document.text
    send(signed_in, "/clinic/account/password", password=PASSWORD, **typed)
    assert signed_in.status == 429
    assert signed_in.last is not None
    assert signed_in.last.headers["Retry-After"] == "60"
    assert signed_in.document.text.count("There were too many tries. Wait a minute, then try again") == 2
    SoftKey.register(administrator.app, administrator.login)
    for page, typed_there in (("remove", {"factor": "app"}), ("passkey", {"passkey_name": "my phone"})):
        send(signed_in, f"/clinic/account/{page}", password=PASSWORD, passkey_password=PASSWORD, **typed_there)
        assert (signed_in.status, "Wait a minute" in signed_in.document.text) == (429, True)
        (sent,) = [form for form in signed_in.document.forms if form.action.endswith(page)]
        ((name, value),) = typed_there.items()
        assert sent.fields[name.replace("_", "-")] == [value]  # what may be kept is kept
    assert administrator.begin().status == 429
    clock.advance(minutes=1)
    send(signed_in, "/clinic/account/password", password=PASSWORD, **typed)
    assert signed_in.path == "/clinic/account"


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
