"""The people page: who there is, links handed over once, and an administrator that always remains."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.storage.access import Access, find_access_by_login
from app.storage.engine import begin_read
from app.storage.people import Person, Role, find_person_by_login
from app.storage.staff_tables import INVITATIONS
from app.web.services import get_services
from tests.web.clinic.colleague import Colleague, join, join_as
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor, make_visitor

BEN = "ben@clinic.example"


def find(app: Flask, login: str) -> Person:
    with app.app_context(), begin_read(get_services().engine) as connection:
        person = find_person_by_login(connection, login)
    assert person is not None
    return person


def read_link(visitor: Visitor) -> str:
    assert visitor.last is not None
    return visitor.last.text.partition('<p class="link"><code translate="no">')[2].partition("<")[0]


def invite(administrator: Colleague, login: str = BEN, *roles: Role) -> str:
    visitor = administrator.visitor
    visitor.get("/clinic/people")
    typed = {"name": "Ben Roe", "login": login, "role": [role.value for role in roles or (Role.REVIEWER,)]}
    visitor.post(typed, form=visitor.find_form("/clinic/people"))
    return read_link(visitor)


def press(administrator: Colleague, person: Person, act: str) -> Visitor:
    """Press a button on somebody's page, and on the page that asks again, where there is one."""
    visitor, action = administrator.visitor, f"/clinic/people/{person.id}/{act}"
    visitor.get(f"/clinic/people/{person.id}")
    visitor.post(form=visitor.find_form(action))
    if visitor.document.headings[0].endswith("?"):
        visitor.post(form=visitor.find_form(action))
    return visitor


def test_somebody_invited_joins_by_the_link_and_may_do_what_they_were_invited_for(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    link = invite(administrator)
    assert link.startswith("https://forms.example.test/clinic/join/")
    ben = join(clinic_app, link.rpartition("/")[2], clock.now, login=BEN, name="Benjamin Roe")
    assert find(clinic_app, BEN).roles == {Role.REVIEWER}
    assert find(clinic_app, BEN).name == "Benjamin Roe"
    ben.visitor.get("/clinic/people")
    assert ben.visitor.status == 403


def test_what_is_missing_is_named_and_what_was_typed_stays(administrator: Colleague) -> None:
    visitor = administrator.visitor
    visitor.get("/clinic/people")
    visitor.post({"name": " ", "login": "ben"}, form=visitor.find_form("/clinic/people"))
    document = visitor.document
    assert visitor.status == 422
    for sentence in ("Enter a name", "looks like an e-mail address", "Choose at least one role"):
        assert sentence in document.text
    assert document.forms[-1].fields["login"] == ["ben"]


def test_a_sign_in_name_belongs_to_one_person(administrator: Colleague) -> None:
    assert invite(administrator)
    assert invite(administrator, f" {BEN.upper()} ") == ""
    assert "Somebody else has this one" in administrator.visitor.document.text


def test_the_last_administrator_stays(clinic_app: Flask, administrator: Colleague, clock: Clock) -> None:
    ann = find(clinic_app, administrator.login)
    visitor = press(administrator, ann, "disable")
    assert visitor.status == 422
    assert "Make somebody else an administrator first" in visitor.document.text
    visitor.get(f"/clinic/people/{ann.id}")
    visitor.post({"role": ["reviewer"]}, form=visitor.find_form(f"/clinic/people/{ann.id}/roles"))
    assert visitor.status == 422
    assert find(clinic_app, administrator.login).roles == {Role.ADMINISTRATOR}
    # Somebody who was invited and did not join runs nothing yet.
    link = invite(administrator, BEN, Role.ADMINISTRATOR)
    assert press(administrator, ann, "disable").status == 422
    join(clinic_app, link.rpartition("/")[2], clock.now, login=BEN)
    assert press(administrator, ann, "disable").status == 200
    administrator.visitor.get("/clinic/people")
    assert administrator.visitor.path == "/clinic/sign-in"


def test_somebody_disabled_is_out_at_once_and_in_again_when_enabled(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    ben = join_as(clinic_app, clock.now, BEN, Role.REVIEWER)
    person = find(clinic_app, BEN)
    assert press(administrator, person, "disable").status == 200
    ben.visitor.get("/clinic/account")
    assert ben.visitor.path == "/clinic/sign-in"
    assert ben.begin().path == "/clinic/sign-in"
    press(administrator, person, "enable")
    clock.advance(minutes=1)
    assert ben.sign_in(clock.now).path != "/clinic/sign-in"


def test_other_roles_give_the_session_another_id(clinic_app: Flask, administrator: Colleague, clock: Clock) -> None:
    ben = join_as(clinic_app, clock.now, BEN, Role.REVIEWER)
    ben.visitor.get("/clinic/account")
    before = ben.visitor.cookie_header
    person = find(clinic_app, BEN)
    visitor = administrator.visitor
    visitor.get(f"/clinic/people/{person.id}")
    visitor.post({"role": ["auditor"]}, form=visitor.find_form(f"/clinic/people/{person.id}/roles"))
    ben.visitor.get("/clinic/account")
    assert ben.visitor.path == "/clinic/account"
    assert ben.visitor.cookie_header != before


def test_a_reset_takes_away_password_and_factors_and_gives_a_link(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    ben = join_as(clinic_app, clock.now, BEN, Role.REVIEWER)
    link = read_link(press(administrator, find(clinic_app, BEN), "reset"))
    ben.visitor.get("/clinic/account")
    assert ben.visitor.path == "/clinic/sign-in"
    assert ben.begin().status == 422
    again = join(clinic_app, link.rpartition("/")[2], clock.now, login=BEN)
    assert again.key != ben.key
    assert not set(again.codes) & set(ben.codes)


def read_rows(app: Flask, login: str) -> tuple[Access | None, list[dict[str, object]]]:
    with app.app_context(), begin_read(get_services().engine) as connection:
        links = connection.execute(select(INVITATIONS).order_by(INVITATIONS.c.made_at)).mappings()
        return find_access_by_login(connection, login), [dict(row) for row in links]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("disable", ["Close this account?", "signed out everywhere at once", "A link that was made for them opens"]),
        ("reset", ["Make a new link?", "stop working at once", "A link that was made for them before opens"]),
    ],
)
def test_what_takes_something_away_is_said_first_and_done_on_the_second_page(
    clinic_app: Flask, administrator: Colleague, clock: Clock, act: str, said: list[str]
) -> None:
    ben = join_as(clinic_app, clock.now, BEN, Role.REVIEWER)
    person, visitor = find(clinic_app, BEN), administrator.visitor
    before = read_rows(clinic_app, BEN)
    visitor.get(f"/clinic/people/{person.id}")
    visitor.post(form=visitor.find_form(f"/clinic/people/{person.id}/{act}"))
    asked = visitor.document
    for words in [*said, person.name, BEN]:
        assert words in asked.text
    assert f"/clinic/people/{person.id}" in asked.links  # the way back
    assert read_rows(clinic_app, BEN) == before
    ben.visitor.get("/clinic/account")
    assert ben.visitor.path == "/clinic/account"
    visitor.post(form=visitor.find_form(f"/clinic/people/{person.id}/{act}"))
    assert read_rows(clinic_app, BEN) != before
    ben.visitor.get("/clinic/account")
    assert ben.visitor.path == "/clinic/sign-in"


def test_of_somebody_who_did_not_join_only_the_link_is_said_to_stop(
    clinic_app: Flask, administrator: Colleague
) -> None:
    old = invite(administrator)
    person, visitor = find(clinic_app, BEN), administrator.visitor
    visitor.get(f"/clinic/people/{person.id}")
    visitor.post(form=visitor.find_form(f"/clinic/people/{person.id}/reset"))
    assert "password" not in visitor.document.text
    visitor.post(form=visitor.find_form(f"/clinic/people/{person.id}/reset"))
    new = read_link(visitor)
    for link, status in ((old, 404), (new, 200)):
        guest = make_visitor(clinic_app)
        guest.get(link.removeprefix("https://forms.example.test"))
        assert guest.status == status


def test_who_gives_up_the_role_that_opens_the_page_is_asked_first(
    clinic_app: Flask, administrator: Colleague, clock: Clock
) -> None:
    join_as(clinic_app, clock.now, BEN, Role.ADMINISTRATOR)
    ann, visitor = find(clinic_app, administrator.login), administrator.visitor
    action = f"/clinic/people/{ann.id}/roles"
    visitor.get(f"/clinic/people/{ann.id}")
    visitor.post({"role": ["reviewer", "auditor"]}, form=visitor.find_form(action))
    assert "You cannot open this page any more." in visitor.document.text
    assert find(clinic_app, administrator.login).roles == {Role.ADMINISTRATOR}
    visitor.post(form=visitor.find_form(action))
    assert find(clinic_app, administrator.login).roles == {Role.REVIEWER, Role.AUDITOR}


def test_a_person_who_is_not_there_is_not_found(administrator: Colleague) -> None:
    administrator.visitor.get("/clinic/people/0123456789abcdef0123456789abcdef")
    assert administrator.visitor.status == 404
