"""How people sign in: their password's hash, their second factors, and which codes were used already.

What is stored was hashed or sealed by whoever calls; nothing here may be logged.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from app.storage.people import COLUMNS, Person, make_uniquifier, normalize_login, read_person
from app.storage.staff_tables import PASSKEYS, PEOPLE, RECOVERY_CODES

_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey that a person registered."""

    id: str
    person_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    transports: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A person with all that lets them in."""

    person: Person
    password_hash: str | None = field(repr=False)
    uniquifier: str = field(repr=False)
    passkey_handle: str
    totp_sealed: bytes | None = field(repr=False)
    totp_step: int | None
    passkeys: tuple[Passkey, ...]
    recovery_codes: int

    @property
    def has_second_factor(self) -> bool:
        """Tell whether the person has something besides the password."""
        return self.totp_sealed is not None or bool(self.passkeys)


_COLUMNS: Final = (
    *COLUMNS,
    PEOPLE.c.password_hash,
    PEOPLE.c.uniquifier,
    PEOPLE.c.passkey_handle,
    PEOPLE.c.totp_sealed,
    PEOPLE.c.totp_step,
)


def find_access(connection: Connection, person_id: str) -> Access | None:
    """Return how a person signs in, by their id."""
    return _find(connection, PEOPLE.c.id == person_id)


def hold_access(connection: Connection, person_id: str) -> Access | None:
    """Return how a person signs in, and let nobody else hold it until this transaction ends."""
    connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.id == person_id).with_for_update())
    return find_access(connection, person_id)


def hold_unchanged(connection: Connection, access: Access) -> Access | None:
    """Hold how a person signs in, and return it; None where it is another by now than `access` says.

    It is after a reset, a closing or another password, and once somebody who had no second factor has one.
    """
    held = hold_access(connection, access.person.id)
    if held is None or held.uniquifier != access.uniquifier or held.has_second_factor != access.has_second_factor:
        return None
    return held


def find_access_by_login(connection: Connection, login: str) -> Access | None:
    """Return how a person signs in, by the name that somebody typed."""
    return _find(connection, PEOPLE.c.login == normalize_login(login))


def find_access_by_uniquifier(connection: Connection, uniquifier: str) -> Access | None:
    """Return how a person signs in, by what ties their sessions to them."""
    return _find(connection, PEOPLE.c.uniquifier == uniquifier)


def find_access_by_credential(connection: Connection, credential_id: bytes) -> Access | None:
    """Return how the person signs in who registered a passkey."""
    owner = select(PASSKEYS.c.person_id).where(PASSKEYS.c.credential_id == credential_id)
    return _find(connection, PEOPLE.c.id.in_(owner))


def set_password(connection: Connection, person_id: str, password_hash: str, now: datetime) -> None:
    """Give a person a new password, and end what was begun with the old one."""
    values = {
        "password_hash": password_hash,
        "uniquifier": make_uniquifier(),
        "joined_at": func.coalesce(PEOPLE.c.joined_at, now),
    }
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(values))


def replace_password(connection: Connection, access: Access, password_hash: str) -> bool:
    """Give a person another password, and tell whether what let them in was still what `access` says.

    One statement: of two requests that know the old password one is told so, and none after a reset or a closing.
    """
    was_so = (PEOPLE.c.id == access.person.id) & (PEOPLE.c.uniquifier == access.uniquifier)
    values = {"password_hash": password_hash, "uniquifier": make_uniquifier()}
    return connection.execute(update(PEOPLE).where(was_so).values(values)).rowcount == 1


def replace_hash(connection: Connection, person_id: str, old: str, new: str) -> None:
    """Store the same password hashed at a higher cost, unless it was changed meanwhile."""
    connection.execute(
        update(PEOPLE).where(PEOPLE.c.id == person_id, PEOPLE.c.password_hash == old).values(password_hash=new)
    )


def set_totp(connection: Connection, person_id: str, sealed: bytes | None, step: int | None = None) -> None:
    """Give a person another authenticator app, or none; `step` is the one its first code was for."""
    values = {"totp_sealed": sealed, "totp_step": step}
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(values))


def take_totp_step(connection: Connection, access: Access, step: int) -> bool:
    """Note that a code of this step was used, and tell whether it is the first time (S8).

    One statement, so that of fifty requests with one code exactly one is told so, and none of an app that is gone.
    """
    is_theirs = (PEOPLE.c.id == access.person.id) & (PEOPLE.c.totp_sealed == access.totp_sealed)
    is_later = or_(PEOPLE.c.totp_step.is_(None), PEOPLE.c.totp_step < step)
    statement = update(PEOPLE).where(is_theirs, is_later).values(totp_step=step)
    return connection.execute(statement).rowcount == 1


def set_recovery_codes(connection: Connection, person_id: str, hashes: Iterable[str]) -> None:
    """Give a person new recovery codes in place of all they had."""
    connection.execute(delete(RECOVERY_CODES).where(RECOVERY_CODES.c.person_id == person_id))
    rows = [{"person_id": person_id, "code_hash": code_hash} for code_hash in hashes]
    if rows:
        connection.execute(insert(RECOVERY_CODES), rows)


def has_recovery_code(connection: Connection, person_id: str, code_hash: str) -> bool:
    """Tell whether a person has this recovery code and did not use it."""
    statement = select(RECOVERY_CODES.c.code_hash).where(
        RECOVERY_CODES.c.person_id == person_id, RECOVERY_CODES.c.code_hash == code_hash
    )
    return connection.execute(statement).one_or_none() is not None


def take_recovery_code(connection: Connection, person_id: str, code_hash: str) -> bool:
    """Use up a recovery code, and tell whether there was one: of two requests with one code, one is told so."""
    statement = delete(RECOVERY_CODES).where(
        RECOVERY_CODES.c.person_id == person_id, RECOVERY_CODES.c.code_hash == code_hash
    )
    return connection.execute(statement).rowcount == 1


def add_passkey(
    connection: Connection,
    person_id: str,
    *,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    name: str,
    transports: Iterable[str],
    now: datetime,
) -> None:
    """Store a passkey that a person registered."""
    values = {
        "id": secrets.token_hex(_ID_BYTES),
        "person_id": person_id,
        "credential_id": credential_id,
        "public_key": public_key,
        "sign_count": sign_count,
        "name": name,
        "transports": " ".join(transports),
        "created_at": now,
    }
    connection.execute(insert(PASSKEYS), values)


def use_passkey(connection: Connection, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    """Note that a passkey was used, and tell whether its count is still the one that was checked."""
    statement = (
        update(PASSKEYS)
        .where(PASSKEYS.c.id == passkey.id, PASSKEYS.c.sign_count == passkey.sign_count)
        .values(sign_count=sign_count, used_at=now)
    )
    return connection.execute(statement).rowcount == 1


def remove_passkey(connection: Connection, person_id: str, passkey_id: str) -> bool:
    """Take a passkey from its owner, and tell whether there was one."""
    statement = delete(PASSKEYS).where(PASSKEYS.c.id == passkey_id, PASSKEYS.c.person_id == person_id)
    return connection.execute(statement).rowcount == 1


def clear_access(connection: Connection, person_id: str) -> None:
    """Take away everything a person signs in with: they join anew by an invitation."""
    values = {"password_hash": None, "totp_sealed": None, "totp_step": None, "uniquifier": make_uniquifier()}
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(values))
    for table in (PASSKEYS, RECOVERY_CODES):
        connection.execute(delete(table).where(table.c.person_id == person_id))


def _find(connection: Connection, condition: ColumnElement[bool]) -> Access | None:
    row = connection.execute(select(*_COLUMNS).where(condition)).mappings().one_or_none()
    if row is None:
        return None
    person = read_person(row)
    codes = select(func.count()).select_from(RECOVERY_CODES).where(RECOVERY_CODES.c.person_id == person.id)
    return Access(
        person=person,
        password_hash=row["password_hash"],
        uniquifier=row["uniquifier"],
        passkey_handle=row["passkey_handle"],
        totp_sealed=row["totp_sealed"],
        totp_step=row["totp_step"],
        passkeys=_list_passkeys(connection, person.id),
        recovery_codes=connection.execute(codes).scalar_one(),
    )


def _list_passkeys(connection: Connection, person_id: str) -> tuple[Passkey, ...]:
    statement = select(PASSKEYS).where(PASSKEYS.c.person_id == person_id).order_by(PASSKEYS.c.created_at, PASSKEYS.c.id)
    rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(statement).mappings()]
    return tuple(Passkey(**{**row, "transports": tuple(row["transports"].split())}) for row in rows)
