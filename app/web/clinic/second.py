"""The second factor: a code of the authenticator app, a passkey, or a recovery code; and a passkey alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.storage.access import Access
from app.storage.engine import begin_write
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.gate import allow_everybody
from app.web.clinic.identity.checking import TooManyTriesError, check_code, check_recovery_code
from app.web.clinic.identity.passkeys import FIRST, SECOND, check_passkey, offer_second
from app.web.clinic.identity.pending import find_pending
from app.web.clinic.identity.signing import let_in
from app.web.clinic.identity.words import WRONG_CODE, WRONG_PASSKEY, WRONG_RECOVERY_CODE, say_problem, say_wait
from app.web.clinic.signin import answer_wait, draw_sign_in
from app.web.services import get_services


@blueprint.get("/sign-in/second")
@allow_everybody
def show_second() -> ResponseReturnValue:
    """Ask for the second factor."""
    access = find_pending()
    return _begin_again() if access is None else _draw(access)


@blueprint.post("/sign-in/code")
@allow_everybody
def sign_in_with_code() -> ResponseReturnValue:
    """Take a code of the authenticator app."""
    return _check("code", check_code, WRONG_CODE)


@blueprint.post("/sign-in/recovery")
@allow_everybody
def sign_in_with_recovery_code() -> ResponseReturnValue:
    """Take a recovery code."""
    return _check("recovery-code", check_recovery_code, WRONG_RECOVERY_CODE)


@blueprint.post("/sign-in/passkey")
@allow_everybody
def sign_in_with_passkey() -> ResponseReturnValue:
    """Take a passkey: as second factor after the password, or alone when it asked who holds it."""
    pending = find_pending()
    usage = SECOND if pending else FIRST
    access = check_passkey(request.form.get("credential", ""), usage, pending)
    if access is not None:
        return let_in(access, by="passkey")
    with begin_write(get_services().engine) as connection:
        subject = pending.person.id if pending else ""
        record(connection, "person.sign-in-failed", subject=subject, outcome="refused", step="passkey")
    problem = say_problem(WRONG_PASSKEY)
    page = _draw(pending, {"passkey": problem}) if pending else draw_sign_in({"passkey": problem})
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _check(field: str, is_right: Callable[[Access, str], bool], wrong: str) -> ResponseReturnValue:
    access = find_pending()
    if access is None:
        return _begin_again()
    try:
        if is_right(access, request.form.get(field, "")):
            return let_in(access, by=field)
    except TooManyTriesError as error:
        return answer_wait(_draw(access, {field: say_wait(error.wait)}), error)
    return _draw(access, {field: say_problem(wrong)}), HTTPStatus.UNPROCESSABLE_ENTITY


def _begin_again() -> ResponseReturnValue:
    return redirect(url_for("clinic.show_sign_in"), 303)


def _draw(access: Access, problems: Mapping[str, str] | None = None) -> str:
    return render_template(
        "clinic/second.html",
        problems=problems or {},
        has_app=access.totp_sealed is not None,
        passkey=offer_second(access) if access.passkeys else "",
        has_recovery=access.recovery_codes > 0,
    )
