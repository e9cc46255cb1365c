"""Links by which people join the clinic or come back to it: each opens once, and none for longer than a day.

The database holds a link's hash. To look one up never spends it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, text, update

from app.storage.staff_tables import INVITATIONS

INVITATION_LIFE: Final = timedelta(days=1)
"""How long a link can be used."""


class Purpose(StrEnum):
    """What an invitation is for."""

    FIRST_ADMINISTRATOR = "first-administrator"
    PERSON = "person"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that can be used; `person_id` is None for the first administrator."""

    secret_hash: str
    purpose: Purpose
    person_id: str | None
    expires_at: datetime


def create_invitation(
    connection: Connection, *, secret_hash: str, purpose: Purpose, person_id: str | None, now: datetime
) -> Invitation:
    """Store an invitation, in place of those that the same person had."""
    revoke_invitations(connection, person_id)
    invitation = Invitation(
        secret_hash=secret_hash, purpose=purpose, person_id=person_id, expires_at=now + INVITATION_LIFE
    )
    values = {
        "secret_hash": secret_hash,
        "purpose": purpose.value,
        "person_id": person_id,
        "made_at": now,
        "expires_at": invitation.expires_at,
    }
    connection.execute(insert(INVITATIONS), values)
    return invitation


def hold_invitations(connection: Connection) -> None:
    """Let nobody else make an invitation before this transaction ends: there may be no row yet to hold."""
    if connection.dialect.name == "postgresql":  # on SQLite only one at a time writes
        connection.execute(text("LOCK TABLE invitations IN SHARE ROW EXCLUSIVE MODE"))


def find_invitation(connection: Connection, secret_hash: str, now: datetime) -> Invitation | None:
    """Return an invitation that can be used now, or None; looking spends nothing."""
    return _find(connection, INVITATIONS.c.secret_hash == secret_hash, now)


def find_invitation_of(connection: Connection, person_id: str | None, now: datetime) -> Invitation | None:
    """Return the invitation that a person can use now, or with None the first administrator."""
    return _find(connection, _belongs_to(person_id), now)


def spend_invitation(connection: Connection, secret_hash: str, now: datetime) -> bool:
    """Use an invitation up, and tell whether it could be used: of two who try, one is told so."""
    statement = (
        update(INVITATIONS)
        .where(
            INVITATIONS.c.secret_hash == secret_hash,
            INVITATIONS.c.used_at.is_(None),
            INVITATIONS.c.expires_at > now,
        )
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount == 1


def revoke_invitations(connection: Connection, person_id: str | None) -> None:
    """Make a person's unused invitations useless, or with None the first administrator's."""
    connection.execute(delete(INVITATIONS).where(_belongs_to(person_id), INVITATIONS.c.used_at.is_(None)))


def purge_invitations(connection: Connection, before: datetime) -> int:
    """Delete the invitations that ran out before, and return how many."""
    return connection.execute(delete(INVITATIONS).where(INVITATIONS.c.expires_at <= before)).rowcount


def _belongs_to(person_id: str | None) -> ColumnElement[bool]:
    return INVITATIONS.c.person_id.is_(None) if person_id is None else INVITATIONS.c.person_id == person_id


def _find(connection: Connection, condition: ColumnElement[bool], now: datetime) -> Invitation | None:
    statement = select(
        INVITATIONS.c.secret_hash, INVITATIONS.c.purpose, INVITATIONS.c.person_id, INVITATIONS.c.expires_at
    ).where(condition, INVITATIONS.c.used_at.is_(None), INVITATIONS.c.expires_at > now)
    row = connection.execute(statement.limit(1)).mappings().one_or_none()
    return None if row is None else Invitation(**{**row, "purpose": Purpose(row["purpose"])})
