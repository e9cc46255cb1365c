"""Passkeys (WebAuthn): registered on one's account, used as the second factor, or alone where they ask who holds them.

What the browser is asked stands in the page as data, and its challenge in the session; each challenge works once, which
the caller sees to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, cast

import webauthn
from flask import current_app, request
from flask_security import UserMixin, WebauthnUtil
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.storage.access import Access, Passkey, find_access_by_credential, use_passkey
from app.storage.engine import begin_read, begin_write
from app.web.clinic.identity.model import Member, is_admitted
from app.web.clinic.session import get_session
from app.web.services import get_services

FIRST: Final = "first"
SECOND: Final = "secondary"
REGISTER: Final = "register"
"""What a challenge is for."""

_CHALLENGES: Final = "challenges"
_LONGEST: Final = 20_000
_FAILURES: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What becomes of an answer that no browser makes: text in the place of an object, say, or lists in lists in lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey that a browser made for this session, and that is nobody's yet."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


class StaffWebauthnUtil(WebauthnUtil):
    """Flask-Security's choices for passkeys, with ours: found without a name, and asking who holds them."""

    def authenticator_selection(self, user: UserMixin, usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ARG002  Flask-Security passes them
        """Return what a passkey must be able to do: be found by itself, so that it can also sign in alone."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        )

    def user_verification(self, user: UserMixin | None, usage: list[str]) -> UserVerificationRequirement:  # noqa: ARG002  as above
        """Return whether a passkey must ask who holds it: yes, where it is all that is asked."""
        return UserVerificationRequirement.REQUIRED if FIRST in usage else UserVerificationRequirement.PREFERRED


def offer_sign_in() -> str:
    """Return, as JSON, what a browser is asked on the sign-in page: any passkey of this clinic."""
    return _ask(FIRST, None)


def offer_second(access: Access) -> str:
    """Return, as JSON, what a browser is asked after the password: one of the person's passkeys."""
    return _ask(SECOND, access)


def offer_registration(access: Access) -> str:
    """Return, as JSON, what a browser is asked to make a passkey."""
    util, member = _get_util(), Member(access)
    challenge = util.generate_challenge()
    given = {
        "challenge": challenge.encode(),
        "rp_name": "Foreword",
        "rp_id": _find_party(),
        "user_id": access.passkey_handle.encode(),
        "user_name": access.person.login,
        "user_display_name": access.person.name,
        "exclude_credentials": _describe(access.passkeys),
    }
    options = webauthn.generate_registration_options(**util.registration_options(member, SECOND, given))
    _remember(REGISTER, challenge)
    return webauthn.options_to_json(options)


def check_registration(answer: str) -> NewPasskey | None:
    """Return the passkey that a browser made as this session asked it to, or None."""
    challenge = _take(REGISTER)
    if challenge is None or not _is_readable(answer):
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge.encode(),
            expected_rp_id=_find_party(),
            expected_origin=_get_util().origin(),
        )
        transports = _read_transports(answer)
    except _FAILURES:
        return None
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=tuple(transports),
    )


def check_passkey(answer: str, usage: str, access: Access | None = None) -> tuple[str, Access | None]:
    """Return the challenge of this session and whose passkey answered it, or None; `access` is who it must be."""
    challenge = _take(usage) or ""
    return challenge, _find_owner(answer, challenge, usage, access) if challenge and _is_readable(answer) else None


def _find_owner(answer: str, challenge: str, usage: str, access: Access | None) -> Access | None:
    try:
        credential_id = base64url_to_bytes(json.loads(answer)["rawId"])
    except _FAILURES:
        return None
    with begin_read(get_services().engine) as connection:
        owner = find_access_by_credential(connection, credential_id)
    if owner is None or not is_admitted(owner) or (access is not None and owner.person.id != access.person.id):
        return None
    passkey = next(one for one in owner.passkeys if one.credential_id == credential_id)
    return owner if _verify(answer, challenge, owner, passkey, must_verify=usage == FIRST) else None


def _verify(answer: str, challenge: str, owner: Access, passkey: Passkey, *, must_verify: bool) -> bool:
    try:
        handle = json.loads(answer)["response"].get("userHandle")
        if handle and base64url_to_bytes(handle) != owner.passkey_handle.encode():
            return False
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.encode(),
            expected_rp_id=_find_party(),
            expected_origin=_get_util().origin(),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=must_verify,
        )
    except _FAILURES:
        return False
    services = get_services()
    with begin_write(services.engine) as connection:
        return use_passkey(connection, passkey, verified.new_sign_count, services.now())


def _ask(usage: str, access: Access | None) -> str:
    util = _get_util()
    challenge = util.generate_challenge()
    given: dict[str, Any] = {
        "challenge": challenge.encode(),
        "rp_id": _find_party(),
        "allow_credentials": _describe(access.passkeys) if access else None,
    }
    member = Member(access) if access else None
    options = webauthn.generate_authentication_options(**util.authentication_options(member, [usage], given))
    _remember(usage, challenge)
    return webauthn.options_to_json(options)


def _remember(usage: str, challenge: str) -> None:
    held = get_session()
    held[_CHALLENGES] = {**held.get(_CHALLENGES, {}), usage: challenge}


def _take(usage: str) -> str | None:
    held = get_session()
    challenges = dict(held.get(_CHALLENGES, {}))
    challenge: str | None = challenges.pop(usage, None)
    held[_CHALLENGES] = challenges
    return challenge


def _describe(passkeys: tuple[Passkey, ...]) -> list[PublicKeyCredentialDescriptor]:
    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(name) for name in passkey.transports if name in known],
        )
        for passkey in passkeys
    ]


def _read_transports(answer: str) -> list[str]:
    known = {transport.value for transport in AuthenticatorTransport}
    said = json.loads(answer)["response"].get("transports") or []
    return list(dict.fromkeys(name for name in said if name in known))


def _is_readable(answer: str) -> bool:
    return 0 < len(answer) <= _LONGEST


def _find_party() -> str:
    return request.host.partition(":")[0]


def _get_util() -> StaffWebauthnUtil:
    return cast("StaffWebauthnUtil", current_app.extensions["security"].webauthn_util)


def name_credential(credential_id: bytes) -> str:
    """Return a credential's id as browsers write it."""
    return bytes_to_base64url(credential_id)
