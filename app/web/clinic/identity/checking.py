"""Whether somebody is who they say: password and codes, slowed and accounted for, with one answer for all failures."""

from __future__ import annotations

from datetime import timedelta

from app.logs import record_failure
from app.storage.access import Access, find_access_by_login
from app.storage.engine import begin_read, begin_write
from app.storage.people import normalize_login
from app.vault.seal import SealError
from app.web.clinic.accounting import record
from app.web.clinic.identity.current import find_person
from app.web.clinic.identity.factors import get_recovery, get_totp, open_seed
from app.web.clinic.identity.limits import (
    CODE,
    PASSWORD,
    begin_try,
    count_passkey_failure,
    look,
    look_at_passkeys,
    note_passkey_success,
    note_success,
    take_challenge,
)
from app.web.clinic.identity.model import Member
from app.web.clinic.identity.passkeys import check_passkey
from app.web.clinic.identity.passwords import get_hasher
from app.web.services import get_services


class TooManyTriesError(Exception):
    """Somebody must wait before the next try; `wait` says how long."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__("too many tries")


def check_password(login: str, typed: str) -> Access | None:
    """Return who signs in with this name and password, or None.

    Raises `TooManyTriesError` and `BusyError`, as all do here. The work is the same whether there is such a person or
    not (S10).
    """
    account = normalize_login(login)
    seen = look(PASSWORD, account)
    _refuse(seen.wait)
    # The place comes before the count: a crowd must cost nobody their tries, and the database nothing.
    with get_hasher().take_place(is_known=seen.is_known or find_person() is not None):
        _refuse(begin_try(PASSWORD, account))
        access = _find_access(account)
        is_right = get_hasher().matches(Member(access) if access else None, typed)
    _note(PASSWORD, account, access, is_right=is_right)
    return access if is_right else None


def check_own_password(access: Access, typed: str) -> bool:
    """Tell whether somebody who is signed in typed their password again; raises as `check_password` does."""
    return check_password(access.person.login, typed) is not None


def check_code(access: Access, typed: str) -> bool:
    """Tell whether a code is of a person's authenticator app and was not used; raises `TooManyTriesError`."""
    _take_try(access)
    seed = _open_seed(access)
    is_right = seed is not None and get_totp().verify_totp(typed, seed, Member(access))
    _note(CODE, access.person.id, access, is_right=is_right)
    return is_right


def check_recovery_code(access: Access, typed: str) -> bool:
    """Tell whether a recovery code is a person's, and use it up; raises `TooManyTriesError`."""
    _take_try(access)
    is_right = get_recovery().check_recovery_code(Member(access), typed)
    _note(CODE, access.person.id, access, is_right=is_right)
    return is_right


def check_passkey_answer(answer: str, usage: str, access: Access | None) -> Access | None:
    """Return whose passkey answered, or None; `access` is who it must be. Raises `TooManyTriesError`.

    Nobody guesses a passkey: one that is right is taken however many others failed from the same network.
    """
    challenge, owner = check_passkey(answer, usage, access)
    if owner is None:
        _refuse(look_at_passkeys())
    if owner is not None:
        with begin_write(get_services().engine) as connection:
            if take_challenge(connection, challenge):
                note_passkey_success(connection, normalize_login(owner.person.login))
                return owner
    _refuse(count_passkey_failure(access.person.id if access else ""))
    return None


def _take_try(access: Access) -> None:
    _refuse(look(CODE, access.person.id).wait)
    _refuse(begin_try(CODE, access.person.id))


def _refuse(wait: timedelta) -> None:
    if wait > timedelta():
        raise TooManyTriesError(wait)


def _find_access(account: str) -> Access | None:
    if not _can_be_stored(account):
        return None
    with begin_read(get_services().engine) as connection:
        return find_access_by_login(connection, account)


def _can_be_stored(text: str) -> bool:
    """Tell whether a database takes a text: neither half characters nor NUL (S34)."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _open_seed(access: Access) -> str | None:
    try:
        return open_seed(access)
    except SealError as error:
        record_failure(error, "authenticator seed refused")
        return None


def _note(step: str, account: str, access: Access | None, *, is_right: bool) -> None:
    if is_right:
        note_success(step, account)
    else:
        subject = access.person.id if access else ""
        with begin_write(get_services().engine) as connection:
            record(connection, "person.sign-in-failed", subject=subject, outcome="refused", step=step)
