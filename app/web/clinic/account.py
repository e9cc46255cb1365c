"""One's own account: what one signs in with, and where one is signed in. Every change asks for the password again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user

from app.storage.access import Access, find_access, set_password
from app.storage.engine import begin_read, begin_write
from app.storage.sessions import end_session, end_sessions_of, list_sessions
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.answers import answer_problems
from app.web.clinic.gate import EVERY_ROLE, allow, get_person
from app.web.clinic.identity.current import get_access
from app.web.clinic.identity.model import Member
from app.web.clinic.identity.owner import ask_password
from app.web.clinic.identity.passwords import BusyError, get_hasher
from app.web.clinic.identity.typed import find_new_password_problems
from app.web.clinic.identity.words import BUSY, say_problem
from app.web.clinic.moments import say_moment
from app.web.clinic.session import get_session
from app.web.services import get_services


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One place where somebody is signed in."""

    handle: str
    address: str
    began: str
    used: str
    is_here: bool


@blueprint.get("/account")
@allow(*EVERY_ROLE)
def show_account() -> ResponseReturnValue:
    """Show the account of whoever is signed in."""
    access = get_access()
    return render_template(
        "clinic/account.html",
        person=access.person,
        has_password=access.password_hash is not None,
        has_app=access.totp_sealed is not None,
        passkeys=access.passkeys,
        recovery_codes=access.recovery_codes,
        sessions=_view_sessions(),
    )


@blueprint.get("/account/password")
@allow(*EVERY_ROLE)
def show_password() -> ResponseReturnValue:
    """Show how to change the password."""
    return _draw_password()


@blueprint.post("/account/password")
@allow(*EVERY_ROLE)
def change_password() -> ResponseReturnValue:
    """Change the password, and end every other session (security.md S1)."""
    access = get_access()
    problems = ask_password(access) or find_new_password_problems((access.person.name, access.person.login))
    if not problems:
        try:
            _store_password(access, get_hasher().hash(request.form.get("new-password", "")))
        except BusyError:
            problems = {"new-password": say_problem(BUSY)}
        else:
            return redirect(url_for("clinic.show_account"), 303)
    return answer_problems(_draw_password(problems), problems)


@blueprint.post("/account/sessions/<handle>/end")
@allow(*EVERY_ROLE)
def end_other_session(handle: str) -> ResponseReturnValue:
    """Sign out in one other place."""
    services, person = get_services(), get_person()
    now = services.now()
    with begin_write(services.engine) as connection:
        for session in list_sessions(connection, person.id, since=now - services.settings.staff_idle):
            if session.handle == handle and session.id_hash != _find_own():
                end_session(connection, session.id_hash, now)
                record(connection, "person.signed-out", subject=person.id, where="elsewhere")
    return redirect(url_for("clinic.show_account"), 303)


def _store_password(access: Access, password_hash: str) -> None:
    services, person = get_services(), access.person
    now = services.now()
    with begin_write(services.engine) as connection:
        set_password(connection, person.id, password_hash, now)
        end_sessions_of(connection, person.id, now, but=_find_own())
        record(connection, "password.changed", subject=person.id)
        changed = find_access(connection, person.id)
    if changed is not None:
        # What ties sessions to a person is another now: this one is tied anew, under a new id.
        login_user(Member(changed), remember=False, authn_via=["password"])
        get_session().renew()


def _find_own() -> str:
    stored = get_session().stored
    return stored.id_hash if stored else ""


def _view_sessions() -> list[SessionView]:
    services = get_services()
    with begin_read(services.engine) as connection:
        sessions = list_sessions(connection, get_person().id, since=services.now() - services.settings.staff_idle)
    return [
        SessionView(
            handle=session.handle,
            address=session.address,
            began=say_moment(session.created_at),
            used=say_moment(session.used_at),
            is_here=session.id_hash == _find_own(),
        )
        for session in sessions
    ]


def _draw_password(problems: Mapping[str, str] | None = None) -> str:
    return render_template("clinic/password.html", problems=problems or {})
