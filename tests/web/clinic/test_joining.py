"""Joining by a link and signing in with two factors, in a clinic that is no demonstration."""

from datetime import timedelta

from flask import Flask

from app.desk.staff import JOIN_PATH, make_first_invitation
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role, find_person_by_login
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, invite_as, join, join_as, read_key
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor


def invite_first(app: Flask, clock: Clock) -> str | None:
    with app.app_context(), begin_write(get_services().engine) as connection:
        return make_first_invitation(connection, clock.now)


def test_the_first_link_makes_an_administrator_who_has_two_factors(administrator: Colleague) -> None:
    assert len(administrator.codes) == 8
    assert administrator.visitor.document.headings == ["Keep your recovery codes"]
    administrator.visitor.get("/clinic/account")
    assert "Ann Lee" in administrator.visitor.document.text


def test_a_link_is_printed_once_while_it_can_be_used(clinic_app: Flask, clock: Clock) -> None:
    assert invite_first(clinic_app, clock) is not None
    assert invite_first(clinic_app, clock) is None
    clock.advance(days=1)
    again = invite_first(clinic_app, clock)
    assert again is not None
    join(clinic_app, again, clock.now)
    clock.advance(days=2)
    assert invite_first(clinic_app, clock) is None


def test_opening_a_link_spends_nothing_and_using_it_does(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    assert secret is not None
    visitor = make_visitor(clinic_app)
    for _ in range(3):
        visitor.get(f"{JOIN_PATH}{secret}")
        assert visitor.status == 200
    join(clinic_app, secret, clock.now)
    visitor.get(f"{JOIN_PATH}{secret}")
    assert visitor.status == 404
    assert visitor.document.headings == ["This link opens nothing"]


def test_a_link_dies_after_a_day(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    visitor = make_visitor(clinic_app)
    clock.now += timedelta(days=1)
    visitor.get(f"{JOIN_PATH}{secret}")
    assert visitor.status == 404


def test_two_who_use_one_link_at_once_are_one(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    visitors = [make_visitor(clinic_app) for _ in range(2)]
    forms = []
    for visitor in visitors:
        visitor.get(f"{JOIN_PATH}{secret}")
        forms.append(visitor.find_form(f"{JOIN_PATH}{secret}"))
    typed = {"name": "Ann Lee", "new-password": PASSWORD, "new-password-again": PASSWORD}
    for number, visitor in enumerate(visitors):
        visitor.post({**typed, "login": f"ann{number}@clinic.example"}, form=forms[number])
    assert [visitor.status for visitor in visitors] == [200, 404]


def test_what_was_typed_stays_and_a_weak_password_is_refused(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    visitor = make_visitor(clinic_app)
    visitor.get(f"{JOIN_PATH}{secret}")
    typed = {"name": " Ann Lee ", "login": "ann at home", "new-password": "AnnLee2026!!!!!!"}
    visitor.post(typed, form=visitor.find_form(f"{JOIN_PATH}{secret}"))
    document = visitor.document
    assert visitor.status == 422
    assert document.title.startswith("Error: ")
    assert "harder to guess" in document.text
    assert "looks like an e-mail address" in document.text
    assert document.forms[-1].fields["name"] == [" Ann Lee "]
    assert document.forms[-1].fields["login"] == ["ann at home"]
    assert visitor.last is not None
    assert "AnnLee2026" not in visitor.last.text


def test_nothing_opens_before_the_second_factor(administrator: Colleague) -> None:
    visitor = administrator.begin()
    assert visitor.path == "/clinic/sign-in/second"
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/sign-in"
    administrator.begin()
    administrator.visitor.get("/clinic/enrol")
    assert (
        administrator.visitor.path == "/clinic/sign-in"
    )  # nobody gets another factor without showing the one they have


def test_password_and_code_let_in(administrator: Colleague, clock: Clock) -> None:
    clock.advance(seconds=30)
    visitor = administrator.sign_in(clock.now)
    visitor.get("/clinic/account")
    assert visitor.path == "/clinic/account"


def test_a_code_that_comes_too_late_begins_again(administrator: Colleague, clock: Clock) -> None:
    visitor = administrator.begin()
    clock.advance(minutes=10)
    visitor.post({"code": "123456"}, form=visitor.find_form("/clinic/sign-in/code"))
    assert visitor.path == "/clinic/sign-in"


def test_the_picture_of_the_key_comes_from_our_own_address_and_to_nobody_else(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    visitor = make_visitor(clinic_app)
    visitor.get(f"{JOIN_PATH}{secret}")
    typed = {"name": "Ann", "login": "ann@clinic.example", "new-password": PASSWORD, "new-password-again": PASSWORD}
    visitor.post(typed, form=visitor.find_form(f"{JOIN_PATH}{secret}"))
    assert read_key(visitor)
    picture = visitor.client.get("/clinic/enrol/code.svg", base_url=ORIGIN)
    assert picture.mimetype == "image/svg+xml"
    assert "<svg" in picture.text
    assert make_visitor(clinic_app).client.get("/clinic/enrol/code.svg", base_url=ORIGIN).status_code == 404


def test_once_somebody_runs_the_clinic_the_first_link_opens_nothing(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    assert secret is not None
    visitor = make_visitor(clinic_app)
    visitor.get(f"{JOIN_PATH}{secret}")
    form = visitor.find_form(f"{JOIN_PATH}{secret}")
    join_as(clinic_app, clock.now, "ben@clinic.example", Role.REVIEWER)
    visitor.get(f"{JOIN_PATH}{secret}")
    assert visitor.status == 200
    join_as(clinic_app, clock.now, "cat@clinic.example", Role.ADMINISTRATOR)
    typed = {"name": "Ann", "login": "ann@clinic.example", "new-password": PASSWORD, "new-password-again": PASSWORD}
    visitor.post(typed, form=form)
    assert visitor.status == 404


def test_whoever_chooses_a_password_gives_a_password_manager_its_name(clinic_app: Flask, clock: Clock) -> None:
    secret = invite_first(clinic_app, clock)
    assert secret is not None
    newcomer = make_visitor(clinic_app)
    newcomer.get(f"{JOIN_PATH}{secret}")
    expect_name(newcomer, "")  # to be typed
    ann = join(clinic_app, secret, clock.now)
    ann.visitor.get("/clinic/account/password")
    expect_name(ann.visitor, ann.login)
    ann.visitor.post(form=ann.visitor.find_form("/clinic/account/password"))
    expect_name(ann.visitor, ann.login)
    link = invite_as(clinic_app, clock.now, "ben@clinic.example", Role.REVIEWER)  # as a reset's is
    newcomer.get(f"{JOIN_PATH}{link}")
    expect_name(newcomer, "ben@clinic.example")
    typed = {"name": "Ben", "new-password": PASSWORD, "new-password-again": PASSWORD, "own-login": ann.login}
    newcomer.post(typed, form=newcomer.find_form(f"{JOIN_PATH}{link}"))
    assert newcomer.path == "/clinic/enrol"
    with clinic_app.app_context(), begin_read(get_services().engine) as connection:
        assert find_person_by_login(connection, "ben@clinic.example") is not None


def expect_name(visitor: Visitor, login: str) -> None:
    """Fail unless the last box that is no password says whose password is chosen, and is fixed where that is known."""
    controls = visitor.document.controls
    first = next(number for number, control in enumerate(controls) if control.get("type") == "password")
    box = controls[first - 1]
    assert (box["autocomplete"], box["value"], "readonly" in box) == ("username", login, bool(login))
