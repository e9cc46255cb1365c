"""The second factor: codes of an authenticator app, each taken once, and recovery codes (security.md S8).

A seed is sealed to its person's row, and stands in no page once it is in use.
"""

from __future__ import annotations

from typing import Any, Final

from flask import current_app
from flask_security import MfRecoveryCodesUtil, Totp, UserMixin
from passlib.totp import TokenError, TotpMatch, UsedTokenError

from app.output.qr import draw_qr_svg
from app.storage.access import Access, take_recovery_code, take_totp_step
from app.storage.engine import begin_write
from app.vault.codes import ResumeCodeError, format_resume_code, make_secret, parse_resume_code
from app.vault.staff import hash_token, open_for_row, seal_for_row
from app.web.clinic.identity.model import Member
from app.web.services import get_services

RECOVERY_CODES: Final = 8
"""How many recovery codes somebody gets."""

_STEP: Final = 30
_PURPOSE: Final = "totp"


class StaffTotp(Totp):
    """Flask-Security's codes on the program's clock, each taken once, of now and of the step before."""

    def generate_totp_secret(self) -> str:
        """Return a new seed; the caller seals it."""
        return str(self._totp.new().to_json(encrypt=False))

    def find_match(self, token: str, seed: str, last: int | None = None) -> TotpMatch | None:
        """Return the step a code is for, if it is now or the one before, and later than `last`."""
        # Half a step back and half a step around it: passlib's window alone would let the step after this one in.
        try:
            return self._totp.verify(
                token,
                seed,
                time=get_services().now(),
                skew=-_STEP // 2,
                window=_STEP // 2,
                last_counter=last,
            )
        except TokenError:
            return None

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:  # noqa: ARG002  the window is ours
        """Tell whether a code is a person's and was not used, and use it."""
        match = self.find_match(token, totp_secret, self.get_last_counter(user))
        if match is None:
            return False
        try:
            self.set_last_counter(user, match)
        except UsedTokenError:
            return False
        return True

    def get_last_counter(self, user: UserMixin) -> int | None:
        """Return the last step that a code was taken for."""
        return user.access.totp_step if isinstance(user, Member) else None

    def set_last_counter(self, user: UserMixin, tmatch: TotpMatch) -> None:
        """Use a step up, or raise `UsedTokenError` where another request was quicker."""
        if not isinstance(user, Member):
            raise TypeError
        with begin_write(get_services().engine) as connection:
            if not take_totp_step(connection, user.access, tmatch.counter):
                raise UsedTokenError

    def generate_qrcode(self, username: str, totp: str) -> str:
        """Return the QR code as SVG; pages show it from an address of ours, for the policy lets in no `data:` (S4)."""
        return draw_qr_svg(self.get_totp_uri(username, totp)).decode()

    def generate_recovery_codes(self, number: int) -> list[str]:
        """Return codes of 120 bits: enough for a plain hash to be stored (ASVS 6.5.2)."""
        return [format_resume_code(make_secret()) for _ in range(number)]


class StaffRecoveryCodes(MfRecoveryCodesUtil):
    """Flask-Security's recovery codes, stored as hashes and used up in one statement."""

    def check_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Tell whether a code as somebody typed it is a person's, and use it up."""
        return self.delete_recovery_code(user, code)

    def delete_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Use a code up, and tell whether there was one."""
        hashed = hash_recovery_code(code)
        if hashed is None or not isinstance(user, Member):
            return False
        with begin_write(get_services().engine) as connection:
            return take_recovery_code(connection, user.access.person.id, hashed)


def make_recovery_codes() -> list[str]:
    """Return new recovery codes, as people read them."""
    return get_totp().generate_recovery_codes(RECOVERY_CODES)


def hash_recovery_code(typed: str) -> str | None:
    """Return what is stored of a recovery code as somebody typed it, or None when it is none."""
    try:
        return hash_token("recovery code", parse_resume_code(typed).hex())
    except ResumeCodeError:
        return None


def seal_seed(seed: str, person_id: str) -> bytes:
    """Return a seed as the database holds it."""
    return seal_for_row(_find_key(), seed.encode(), person_id)


def open_seed(access: Access) -> str | None:
    """Return a person's seed, or None when they have no authenticator app; raises `SealError` when it was changed."""
    if access.totp_sealed is None:
        return None
    return open_for_row(_find_key(), access.totp_sealed, access.person.id).decode()


def get_totp() -> StaffTotp:
    """Return what makes and checks codes."""
    factory = _find_security().totp_factory
    if not isinstance(factory, StaffTotp):
        raise TypeError
    return factory


def get_recovery() -> StaffRecoveryCodes:
    """Return what checks recovery codes."""
    util = _find_security().mf_recovery_codes_util
    if not isinstance(util, StaffRecoveryCodes):
        raise TypeError
    return util


def _find_key() -> bytes:
    return get_services().desk.derive(_PURPOSE)


def _find_security() -> Any:  # noqa: ANN401  Flask's extensions are of any type
    return current_app.extensions["security"]
