"""The second factor: a code of the authenticator app, a passkey, or a recovery code; and a passkey alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.storage.access import Access
from app.web.clinic import blueprint
from app.web.clinic.answers import answer_problems, answer_wait
from app.web.clinic.gate import allow_everybody
from app.web.clinic.identity.checking import (
    TooManyTriesError,
    check_code,
    check_passkey_answer,
    check_recovery_code,
)
from app.web.clinic.identity.factors import hash_recovery_code
from app.web.clinic.identity.passkeys import FIRST, SECOND, offer_second
from app.web.clinic.identity.passwords import BusyError
from app.web.clinic.identity.pending import find_pending
from app.web.clinic.identity.signing import let_in
from app.web.clinic.identity.words import (
    RECOVERY_CODE_HERE,
    WRONG_CODE,
    WRONG_PASSKEY,
    WRONG_RECOVERY_CODE,
    say_problem,
    say_wait,
)
from app.web.clinic.signin import draw_sign_in


@blueprint.get("/sign-in/second")
@allow_everybody
def show_second() -> ResponseReturnValue:
    """Ask for the second factor."""
    access = find_pending()
    return _begin_again() if access is None else _draw(access)


@blueprint.post("/sign-in/code")
@allow_everybody
def sign_in_with_code() -> ResponseReturnValue:
    """Take a code of the authenticator app; a recovery code is shown its own box, and costs no try."""
    access = find_pending()
    if access is not None and access.recovery_codes and hash_recovery_code(request.form.get("code", "")):
        page = _draw(access, {"recovery-code": say_problem(RECOVERY_CODE_HERE)})
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    return _check("code", check_code, WRONG_CODE)


@blueprint.post("/sign-in/recovery")
@allow_everybody
def sign_in_with_recovery_code() -> ResponseReturnValue:
    """Take a recovery code."""
    return _check("recovery-code", check_recovery_code, WRONG_RECOVERY_CODE)


@blueprint.post("/sign-in/second")
@allow_everybody
def sign_in_with_second_passkey() -> ResponseReturnValue:
    """Take one of the person's passkeys, after the password."""
    access = find_pending()
    if access is None:
        return _begin_again()
    return _check_passkey(SECOND, access, lambda problem: _draw(access, {"passkey": problem}))


@blueprint.post("/sign-in/passkey")
@allow_everybody
def sign_in_with_passkey() -> ResponseReturnValue:
    """Take a passkey alone: it asked who holds it."""
    return _check_passkey(FIRST, None, lambda problem: draw_sign_in({"passkey": problem}))


def _check_passkey(usage: str, access: Access | None, draw: Callable[[str], str]) -> ResponseReturnValue:
    try:
        owner = check_passkey_answer(request.form.get("credential", ""), usage, access)
    except TooManyTriesError as error:
        return answer_wait(draw(say_wait(error.wait)), error)
    except BusyError as error:
        return _answer_busy(draw, error)
    if owner is None:
        return draw(say_problem(WRONG_PASSKEY)), HTTPStatus.UNPROCESSABLE_ENTITY
    return let_in(owner, by="passkey")


def _check(field: str, is_right: Callable[[Access, str], bool], wrong: str) -> ResponseReturnValue:
    access = find_pending()
    if access is None:
        return _begin_again()
    try:
        if is_right(access, request.form.get(field, "")):
            return let_in(access, by=field)
    except TooManyTriesError as error:
        return answer_wait(_draw(access, {field: say_wait(error.wait)}), error)
    except BusyError as error:
        return _answer_busy(lambda problem: _draw(access, {field: problem}), error)
    return _draw(access, {field: say_problem(wrong)}), HTTPStatus.UNPROCESSABLE_ENTITY


def _answer_busy(draw: Callable[[str], str], error: BusyError) -> ResponseReturnValue:
    problem = say_problem(error.sentence)
    return answer_problems(draw(problem), {"": problem})


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
