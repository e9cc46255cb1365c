"""Joining the clinic by a link: whoever opens it chooses a password. To open it spends nothing; to join does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from app.desk.staff import hash_invitation
from app.storage.access import Access, find_access, hold_access, set_password
from app.storage.engine import begin_read, begin_write
from app.storage.invitations import Invitation, find_invitation, revoke_invitations, spend_invitation
from app.storage.people import LoginTakenError, Person, Role, change_name, create_person, find_person
from app.storage.sessions import end_sessions_of
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.answers import answer_problems
from app.web.clinic.gate import allow_everybody
from app.web.clinic.identity.passwords import BusyError, get_hasher
from app.web.clinic.identity.pending import begin_pending
from app.web.clinic.identity.typed import find_login_problem, find_name_problem, find_new_password_problems
from app.web.clinic.identity.words import BUSY, LOGIN_TAKEN, say_problem
from app.web.clinic.kept import take_early
from app.web.services import get_services


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody with a link that can be used; `person` is None for the first administrator, who is nobody yet."""

    invitation: Invitation
    person: Person | None


@blueprint.get("/join/<secret>")
@allow_everybody
def show_join(secret: str) -> ResponseReturnValue:
    """Show what somebody needs to join."""
    guest = _find_guest(secret)
    if guest is None:
        return _show_dead_link()
    early = take_early() or {}
    invited_as = guest.person.name if guest.person else ""
    return _draw(secret, guest, name=early.get("name") or invited_as, login=early.get("login", ""))


@blueprint.post("/join/<secret>")
@allow_everybody
def join(secret: str) -> ResponseReturnValue:
    """Take name and password, and go on to the second factor."""
    guest = _find_guest(secret)
    if guest is None:
        return _show_dead_link()
    name, login, password = (request.form.get(field, "") for field in ("name", "login", "new-password"))
    problems = _find_problems(guest, name, login)
    if not problems:
        try:
            access = _join(secret, guest, name.strip(), login, get_hasher().hash(password))
        except BusyError:
            problems = {"new-password": say_problem(BUSY)}
        except LoginTakenError:
            problems = {"login": say_problem(LOGIN_TAKEN)}
        else:
            if access is None:
                return _show_dead_link()
            begin_pending(access)
            return redirect(url_for("clinic.show_enrolment"), 303)
    return answer_problems(_draw(secret, guest, problems, name=name, login=login), problems)


def _find_problems(guest: Guest, name: str, login: str) -> dict[str, str]:
    problems = find_name_problem("name", name)
    if guest.person is None:
        problems |= find_login_problem("login", login)
    sign_in_name = guest.person.login if guest.person else login
    return problems | find_new_password_problems(words=(name, sign_in_name))


def _join(secret: str, guest: Guest, name: str, login: str, password_hash: str) -> Access | None:
    """Spend the link and store who joined, or return None where another request was quicker."""
    services = get_services()
    now = services.now()
    with begin_write(services.engine) as connection:
        # The person before the link, as everybody does who holds both: nobody waits for each other.
        held = hold_access(connection, guest.person.id) if guest.person else None
        is_closed = held is not None and not held.person.is_active
        if is_closed or not spend_invitation(connection, hash_invitation(secret), now):
            return None
        person = held.person if held else _create_first(connection, login, name)
        if person.has_role(Role.ADMINISTRATOR):
            revoke_invitations(connection, None)  # there is one now: nobody else becomes the first
        change_name(connection, person.id, name)
        set_password(connection, person.id, password_hash, now)
        end_sessions_of(connection, person.id, now)
        record(connection, "person.joined", subject=person.id, actor=person.id, purpose=guest.invitation.purpose.value)
        return find_access(connection, person.id)


def _create_first(connection: Connection, login: str, name: str) -> Person:
    # Runs the clinic, and reads no answer unless they give themselves that role too, which the log then shows (L-02).
    return create_person(
        connection, login=login, name=name, roles=frozenset({Role.ADMINISTRATOR}), now=get_services().now()
    )


def _find_guest(secret: str) -> Guest | None:
    services = get_services()
    with begin_read(services.engine) as connection:
        invitation = find_invitation(connection, hash_invitation(secret), services.now())
        if invitation is None:
            return None
        person = find_person(connection, invitation.person_id) if invitation.person_id else None
    if invitation.person_id and (person is None or not person.is_active):
        return None
    return Guest(invitation=invitation, person=person)


def _show_dead_link() -> ResponseReturnValue:
    return render_template("clinic/dead_link.html"), HTTPStatus.NOT_FOUND


def _draw(secret: str, guest: Guest, problems: Mapping[str, str] | None = None, *, name: str, login: str) -> str:
    return render_template(
        "clinic/join.html",
        action=url_for("clinic.join", secret=secret),
        problems=problems or {},
        person=guest.person,
        name=name,
        login=login,
    )
