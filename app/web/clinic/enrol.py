"""The first second factor: whoever has none sets one up before anything opens, and gets recovery codes once."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from app.storage.access import Access, add_passkey, find_access_by_credential, set_recovery_codes, set_totp
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.gate import allow_everybody
from app.web.clinic.identity.changing import change_access
from app.web.clinic.identity.current import find_member
from app.web.clinic.identity.factors import get_totp, hash_recovery_code, make_recovery_codes, seal_seed
from app.web.clinic.identity.passkeys import check_registration, offer_registration
from app.web.clinic.identity.pending import find_pending
from app.web.clinic.identity.signing import admit, find_onward
from app.web.clinic.identity.typed import find_passkey_name_problem
from app.web.clinic.identity.words import WRONG_CODE, WRONG_PASSKEY, say_problem
from app.web.clinic.session import get_session
from app.web.services import get_services

_SEED: Final = "seed"


@blueprint.get("/enrol")
@allow_everybody
def show_enrolment() -> ResponseReturnValue:
    """Show how to set up the second factor."""
    access = _find_newcomer()
    return _begin_again() if access is None else _draw(access)


@blueprint.get("/enrol/code.svg")
@allow_everybody
def show_enrolment_code() -> ResponseReturnValue:
    """Return the QR code of the seed that is being set up in this session, and of no other."""
    member = find_member()
    access = find_pending() or (member.access if member else None)
    seed = get_session().get(_SEED)
    if access is None or seed is None:
        raise NotFound
    return Response(get_totp().generate_qrcode(access.person.login, seed), mimetype="image/svg+xml")


@blueprint.post("/enrol/app")
@allow_everybody
def enrol_app() -> ResponseReturnValue:
    """Take the first code of an authenticator app, and sign in."""
    access = _find_newcomer()
    if access is None:
        return _begin_again()
    codes = add_app(access, request.form.get("code", ""))
    if codes is None:
        return _draw(access, {"code": say_problem(WRONG_CODE)}), HTTPStatus.UNPROCESSABLE_ENTITY
    return _finish(access, codes)


@blueprint.post("/enrol/passkey")
@allow_everybody
def enrol_passkey() -> ResponseReturnValue:
    """Take a passkey, and sign in."""
    access = _find_newcomer()
    if access is None:
        return _begin_again()
    name = request.form.get("passkey-name", "")
    problems = find_passkey_name_problem("passkey-name", name)
    codes = None if problems else add_passkey_of(access, request.form.get("credential", ""), name)
    if codes is None:
        return _draw(access, problems or {"passkey-name": say_problem(WRONG_PASSKEY)}), HTTPStatus.UNPROCESSABLE_ENTITY
    return _finish(access, codes)


def find_seed() -> str:
    """Return the seed that is being set up in this session, made at the first call."""
    held = get_session()
    if _SEED not in held:
        held[_SEED] = get_totp().generate_totp_secret()
    return str(held[_SEED])


def add_app(access: Access, code: str) -> list[str] | None:
    """Give a person the authenticator app that shows this code, or return None where it is not the right one.

    Returns the recovery codes that go with it, where they had none.
    """
    seed = get_session().get(_SEED)
    match = get_totp().find_match(code, seed) if seed else None
    if seed is None or match is None:
        return None
    person_id = access.person.id
    with change_access(access, "factor.added", kind="authenticator app") as (connection, held):
        set_totp(connection, person_id, seal_seed(seed, person_id), match.counter)
        record(connection, "factor.added", subject=person_id, actor=person_id, kind="authenticator app")
        codes = [] if held.recovery_codes else _make_recovery_codes(connection, held)
    del get_session()[_SEED]
    return codes


def add_passkey_of(access: Access, answer: str, name: str) -> list[str] | None:
    """Give a person the passkey their browser made, or return None where it could not be.

    Returns the recovery codes that go with it, where they had none.
    """
    made = check_registration(answer)
    if made is None:
        return None
    person_id = access.person.id
    with change_access(access, "factor.added", kind="passkey") as (connection, held):
        is_known = find_access_by_credential(connection, made.credential_id) is not None
        if not is_known:
            add_passkey(
                connection,
                person_id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                name=name.strip() or say_problem("Passkey"),
                transports=made.transports,
                now=get_services().now(),
            )
            record(connection, "factor.added", subject=person_id, actor=person_id, kind="passkey")
        codes = [] if is_known or held.recovery_codes else _make_recovery_codes(connection, held)
    return None if is_known else codes


def renew_recovery_codes(access: Access) -> list[str]:
    """Give a person new recovery codes, and return them: they are shown once and nowhere kept."""
    with change_access(access, "factor.added", kind="recovery codes") as (connection, held):
        return _make_recovery_codes(connection, held)


def show_recovery_codes(codes: list[str], onward: str) -> ResponseReturnValue:
    """Show recovery codes, the only time they can be read."""
    return make_response(render_template("clinic/recovery_codes.html", codes=codes, onward=onward))


def _make_recovery_codes(connection: Connection, held: Access) -> list[str]:
    person_id, codes = held.person.id, make_recovery_codes()
    hashes = [hashed for code in codes if (hashed := hash_recovery_code(code)) is not None]
    set_recovery_codes(connection, person_id, hashes)
    record(connection, "factor.added", subject=person_id, actor=person_id, kind="recovery codes")
    return codes


def _finish(access: Access, codes: list[str]) -> ResponseReturnValue:
    admit(access, by="enrolment")
    return show_recovery_codes(codes, find_onward(access.person))


def _find_newcomer() -> Access | None:
    """Return whose password was right and who has no second factor yet: somebody who has one must show it."""
    access = find_pending()
    return None if access is None or access.has_second_factor else access


def _begin_again() -> ResponseReturnValue:
    return redirect(url_for("clinic.show_sign_in"), 303)


def _draw(access: Access, problems: Mapping[str, str] | None = None) -> str:
    seed = find_seed()
    return render_template(
        "clinic/enrol.html",
        problems=problems or {},
        key=get_totp().get_totp_pretty_key(seed),
        passkey=offer_registration(access),
        name=request.form.get("passkey-name", ""),
    )
