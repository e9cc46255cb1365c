"""Somebody of a clinic that is no demonstration: joins by a link, and signs in with password and code."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from app.desk.staff import JOIN_PATH, invite, make_first_invitation
from app.storage.engine import begin_write
from app.storage.invitations import Purpose
from app.storage.people import Role, create_person, find_person_by_login
from app.web.services import get_services
from tests.web.clinic.staff import make_codes
from tests.web.patient.visitor import Visitor, make_visitor

PASSWORD = "kettle violin orbit seven"


@dataclass
class Colleague:
    """Somebody with a sign-in name, a password, and an authenticator app with this key."""

    app: Flask
    login: str
    key: str
    visitor: Visitor
    codes: tuple[str, ...] = ()
    password: str = PASSWORD

    def begin(self, login: str = "", password: str = "") -> Visitor:
        """Send name and password from a browser of its own."""
        self.visitor = make_visitor(self.app)
        self.visitor.get("/clinic/sign-in")
        typed = {"login": login or self.login, "password": password or self.password}
        self.visitor.post(typed, form=self.visitor.find_form("/clinic/sign-in"))
        return self.visitor

    def sign_in(self, now: datetime, step: int = 0) -> Visitor:
        """Sign in with password and the code of a moment."""
        self.begin()
        (code,) = make_codes(self.key, now, step)
        self.visitor.post({"code": code}, form=self.visitor.find_form("/clinic/sign-in/code"))
        return self.visitor

    def replace(self) -> None:
        """Read the key anew that the page of the authenticator app shows."""
        self.key = read_key(self.visitor)


def read_key(visitor: Visitor) -> str:
    """Return the key on a page that sets up an authenticator app."""
    assert visitor.last is not None
    return visitor.last.text.partition('<strong translate="no">')[2].partition("<")[0].replace("-", "")


def choose_password(app: Flask, secret: str, login: str, name: str = "Ann Lee") -> Visitor:
    """Open a link, choose a password, and return who has to set up a second factor now."""
    visitor = make_visitor(app)
    visitor.get(f"{JOIN_PATH}{secret}")
    form = visitor.find_form(f"{JOIN_PATH}{secret}")
    typed = {"name": name, "new-password": PASSWORD, "new-password-again": PASSWORD}
    visitor.post({**typed, **({"login": login} if "login" in form.fields else {})}, form=form)
    assert visitor.path == "/clinic/enrol", visitor.document.text
    return visitor


def join(app: Flask, secret: str, now: datetime, login: str = "ann@clinic.example", name: str = "Ann Lee") -> Colleague:
    """Join by a link, set up an authenticator app and return who did."""
    visitor = choose_password(app, secret, login, name)
    key = read_key(visitor)
    (code,) = make_codes(key, now, 0)
    visitor.post({"code": code}, form=visitor.find_form("/clinic/enrol/app"))
    assert visitor.last is not None
    codes = tuple(part.partition("<")[0] for part in visitor.last.text.split('<code translate="no">')[1:])
    return Colleague(app, login, key, visitor, codes)


def join_first(app: Flask, now: datetime) -> Colleague:
    """Join as the first administrator."""
    with app.app_context(), begin_write(get_services().engine) as connection:
        secret = make_first_invitation(connection, now)
    assert secret is not None
    return join(app, secret, now)


def invite_as(app: Flask, now: datetime, login: str, *roles: Role) -> str:
    """Return the secret of a link for somebody with these roles, made by a command."""
    with app.app_context(), begin_write(get_services().engine) as connection:
        person = find_person_by_login(connection, login) or create_person(
            connection, login=login, name=login, roles=roles, now=now
        )
        return invite(connection, person, Purpose.PERSON, now)


def join_as(app: Flask, now: datetime, login: str, *roles: Role) -> Colleague:
    """Join with these roles, invited by a command."""
    return join(app, invite_as(app, now, login, *roles), now, login=login)
