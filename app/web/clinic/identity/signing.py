"""Letting somebody in, and out again: what is the same however they proved who they are."""

from __future__ import annotations

from flask import redirect
from flask_security import login_user, logout_user
from werkzeug.wrappers import Response

from app.storage.access import Access
from app.storage.engine import begin_write
from app.storage.people import Person, note_sign_in
from app.web.clinic.accounting import record
from app.web.clinic.identity.current import get_person
from app.web.clinic.identity.model import Member
from app.web.clinic.kept import find_kept_address, take_in_kept
from app.web.clinic.onward import take_onward
from app.web.clinic.session import get_session
from app.web.services import get_services


def let_in(access: Access, *, by: str) -> Response:
    """Sign in somebody who has proved who they are, and send them to the page they wanted."""
    admit(access, by=by)
    return redirect(find_onward(access.person), 303)


def admit(access: Access, *, by: str) -> None:
    """Sign in somebody who has proved who they are, in a session with a new id."""
    services, person = get_services(), access.person
    with begin_write(services.engine) as connection:
        note_sign_in(connection, person.id, services.now())
        record(connection, "person.signed-in", subject=person.id, actor=person.id, by=by)
    get_session().hold(person.id, sorted(person.roles))
    take_in_kept(person.id)
    login_user(Member(access), remember=False, authn_via=[by])


def find_onward(person: Person) -> str:
    """Return where somebody goes who has just signed in."""
    onward = take_onward()
    return find_kept_address(person.id) or onward


def let_out() -> None:
    """End the session of whoever is signed in."""
    with begin_write(get_services().engine) as connection:
        record(connection, "person.signed-out", subject=get_person().id)
    logout_user()
    get_session().end()
