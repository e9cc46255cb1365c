"""One's own second factors: authenticator app, passkeys and recovery codes, added and taken away with the password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.storage.access import Access, remove_passkey, set_totp
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.answers import answer_problems, refuse_without_password
from app.web.clinic.enrol import add_app, add_passkey_of, find_seed, renew_recovery_codes, show_recovery_codes
from app.web.clinic.gate import EVERY_ROLE, allow
from app.web.clinic.identity.changing import change_access
from app.web.clinic.identity.current import get_access
from app.web.clinic.identity.factors import get_totp
from app.web.clinic.identity.passkeys import offer_registration
from app.web.clinic.identity.typed import find_passkey_name_problem
from app.web.clinic.identity.words import WRONG_CODE, WRONG_PASSKEY, say_problem

_APP: Final = "app"
_LAST_FACTOR: Final = "Add another one first. Nobody signs in without a second factor"
_NO_CHOICE: Final = "Choose what to remove"


@blueprint.get("/account/app")
@allow(*EVERY_ROLE)
def show_app() -> ResponseReturnValue:
    """Show how to set up another authenticator app."""
    return _draw_app()


@blueprint.post("/account/app")
@allow(*EVERY_ROLE)
def change_app() -> ResponseReturnValue:
    """Take the first code of another authenticator app, in place of the one there was."""
    access = get_access()
    refusal = refuse_without_password(access, _draw_app)
    if refusal is not None:
        return refusal
    codes = add_app(access, request.form.get("code", ""))
    if codes is None:
        problems = {"code": say_problem(WRONG_CODE)}
        return answer_problems(_draw_app(problems), problems)
    return _finish(codes)


@blueprint.get("/account/passkey")
@allow(*EVERY_ROLE)
def show_passkey() -> ResponseReturnValue:
    """Show how to add a passkey."""
    return _draw_passkey()


@blueprint.post("/account/passkey")
@allow(*EVERY_ROLE)
def add_passkey() -> ResponseReturnValue:
    """Take a passkey that the browser made."""
    access = get_access()
    refusal = refuse_without_password(access, _draw_passkey, "passkey-password")
    if refusal is not None:
        return refusal
    name = request.form.get("passkey-name", "")
    problems = find_passkey_name_problem("passkey-name", name)
    codes = None if problems else add_passkey_of(access, request.form.get("credential", ""), name)
    if codes is None:
        problems = problems or {"passkey-name": say_problem(WRONG_PASSKEY)}
        return answer_problems(_draw_passkey(problems), problems)
    return _finish(codes)


@blueprint.get("/account/remove")
@allow(*EVERY_ROLE)
def show_removal() -> ResponseReturnValue:
    """Show which factors can be removed."""
    return _draw_removal()


@blueprint.post("/account/remove")
@allow(*EVERY_ROLE)
def remove_factor() -> ResponseReturnValue:
    """Remove the app or a passkey; somebody's last factor stays."""
    access, chosen = get_access(), request.form.get("factor", "")
    problems = _find_removal_problem(access, chosen)
    if not problems:
        refusal = refuse_without_password(access, _draw_removal)
        if refusal is not None:
            return refusal
        problems = _remove(access, chosen)
    if problems:
        return answer_problems(_draw_removal(problems), problems)
    return redirect(url_for("clinic.show_account"), 303)


@blueprint.get("/account/recovery-codes")
@allow(*EVERY_ROLE)
def show_renewal() -> ResponseReturnValue:
    """Show how to get new recovery codes."""
    return _draw_renewal()


@blueprint.post("/account/recovery-codes")
@allow(*EVERY_ROLE)
def renew_own_recovery_codes() -> ResponseReturnValue:
    """Show new recovery codes once; the old ones open nothing from now on."""
    access = get_access()
    refusal = refuse_without_password(access, _draw_renewal)
    if refusal is not None:
        return refusal
    return show_recovery_codes(renew_recovery_codes(access), url_for("clinic.show_account"))


def _finish(codes: list[str]) -> ResponseReturnValue:
    """Go back to the account; by way of recovery codes, when there were none yet."""
    if codes:
        return show_recovery_codes(codes, url_for("clinic.show_account"))
    return redirect(url_for("clinic.show_account"), 303)


def _remove(access: Access, chosen: str) -> dict[str, str]:
    """Remove a factor, unless another request removed one meanwhile and this is the last."""
    person_id, kind = access.person.id, "authenticator app" if chosen == _APP else "passkey"
    with change_access(access, "factor.removed", kind=kind) as (connection, held):
        problems = _find_removal_problem(held, chosen)
        if not problems:
            if chosen == _APP:
                set_totp(connection, person_id, None)
            else:
                remove_passkey(connection, person_id, chosen)
            record(connection, "factor.removed", subject=person_id, kind=kind)
    return problems


def _find_removal_problem(access: Access, chosen: str) -> dict[str, str]:
    factors = [passkey.id for passkey in access.passkeys] + ([_APP] if access.totp_sealed else [])
    if chosen not in factors:
        return {"factor": say_problem(_NO_CHOICE)}
    return {} if len(factors) > 1 else {"factor": say_problem(_LAST_FACTOR)}


def _draw_app(problems: Mapping[str, str] | None = None) -> str:
    key = get_totp().get_totp_pretty_key(find_seed())
    return render_template("clinic/factor_app.html", problems=problems or {}, key=key)


def _draw_passkey(problems: Mapping[str, str] | None = None) -> str:
    passkey = offer_registration(get_access())
    return render_template(
        "clinic/factor_passkey.html",
        problems=problems or {},
        passkey=passkey,
        name=request.form.get("passkey-name", ""),
    )


def _draw_removal(problems: Mapping[str, str] | None = None) -> str:
    access = get_access()
    return render_template(
        "clinic/factor_remove.html",
        problems=problems or {},
        has_app=access.totp_sealed is not None,
        passkeys=access.passkeys,
        chosen=request.form.get("factor", ""),
    )


def _draw_renewal(problems: Mapping[str, str] | None = None) -> str:
    return render_template("clinic/factor_codes.html", problems=problems or {})
