"""One's own account: what one signs in with, and where one is signed in. Every change asks for the password again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import login_user

from app.storage.access import Access, find_access, replace_password
from app.storage.engine import begin_read, begin_write
from app.storage.sessions import end_session, end_sessions_of, list_sessions
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.answers import answer_problems, answer_wait
from app.web.clinic.gate import EVERY_ROLE, allow, get_person
from app.web.clinic.identity.checking import TooManyTriesError
from app.web.clinic.identity.current import get_access
from app.web.clinic.identity.model import Member
from app.web.clinic.identity.owner import PASSWORD_CONTROL, ask_password
from app.web.clinic.identity.passwords import BusyError, get_hasher
from app.web.clinic.identity.typed import find_new_password_problems
from app.web.clinic.identity.words import BUSY, WRONG_PASSWORD, say_problem, say_wait
from app.web.clinic.moments import say_moment
from app.web.clinic.session import get_session
from app.web.i18n import translate
from app.web.services import get_services

_CHANGED: Final = "changed"  # what the session holds until the account's page has said so
_PASSWORD_CHANGED: Final = "Your password is changed. You are signed out everywhere else."  # noqa: S105  a sentence


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
        said=translate(_PASSWORD_CHANGED) if get_session().pop(_CHANGED, False) else "",
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
    try:
        problems = ask_password(access) | find_new_password_problems((access.person.name, access.person.login))
    except TooManyTriesError as error:
        return answer_wait(_draw_password({PASSWORD_CONTROL: say_wait(error.wait)}), error)
    if not problems:
        try:
            problems = _store_password(access, get_hasher().hash(request.form.get("new-password", "")))
        except BusyError:
            problems = {"new-password": say_problem(BUSY)}
    if problems:
        return answer_problems(_draw_password(problems), problems)
    return redirect(url_for("clinic.show_account"), 303)


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


def _store_password(access: Access, password_hash: str) -> dict[str, str]:
    """Store a password in place of the one that was typed again, unless that one does not hold any more."""
    services, person = get_services(), access.person
    now = services.now()
    with begin_write(services.engine) as connection:
        is_changed = replace_password(connection, access, password_hash)
        if is_changed:
            end_sessions_of(connection, person.id, now, but=_find_own())
        record(connection, "password.changed", subject=person.id, outcome="done" if is_changed else "refused")
        changed = find_access(connection, person.id)
    if not is_changed or changed is None:
        return {PASSWORD_CONTROL: say_problem(WRONG_PASSWORD)}
    # What ties sessions to a person is another now: this one is tied anew, under a new id. Whoever had a copy of it may
    # have begun something: an authenticator app, say, whose key they have read.
    get_session().hold_on()
    login_user(Member(changed), remember=False, authn_via=["password"])
    get_session()[_CHANGED] = True
    return {}


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
    return render_template("clinic/password.html", problems=problems or {}, login=get_person().login)
