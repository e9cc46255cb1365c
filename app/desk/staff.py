"""Links by which people join: made by an administrator's page, by a command, or by the first start.

A link's secret is returned once, to be handed over; the database has its hash.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from app.storage.access import clear_access, find_access
from app.storage.invitations import Purpose, create_invitation, find_invitation_of, hold_invitations, purge_invitations
from app.storage.people import Person, Role, hold_people, list_people
from app.storage.sessions import end_sessions_of, purge_sessions
from app.storage.throttles import purge_tallies
from app.vault.staff import hash_token, make_token

_ANONYMOUS_LIFE: Final = timedelta(hours=1)
# As long as a form's token lives: until then an ended session says whose a form is that comes too late (S38).
_ENDED_LIFE: Final = timedelta(days=1)
_TALLY_LIFE: Final = timedelta(days=1)  # the longest memory of a policy; what holds longer says so itself

JOIN_PATH: Final = "/clinic/join/"
"""Where a link leads, with its secret behind."""


def hash_invitation(secret: str) -> str:
    """Return what is stored of a link's secret."""
    return hash_token("invitation", secret)


def invite(connection: Connection, person: Person, purpose: Purpose, now: datetime) -> str:
    """Return the secret of a new link for a person; their older links open nothing any more."""
    secret = make_token()
    create_invitation(connection, secret_hash=hash_invitation(secret), purpose=purpose, person_id=person.id, now=now)
    return secret


def reset(connection: Connection, person: Person, now: datetime) -> str:
    """Take away all that a person signs in with, end their sessions, and return the secret of a link to join anew."""
    clear_access(connection, person.id)
    end_sessions_of(connection, person.id, now)
    return invite(connection, person, Purpose.RESET, now)


def make_first_invitation(connection: Connection, now: datetime) -> str | None:
    """Return the secret of a link for the first administrator, or None: there is one, or a link that can be used."""
    hold_people(connection)  # people before invitations, as everybody does who holds both
    hold_invitations(connection)
    if any(can_administer(connection, person) for person in list_people(connection)):
        return None
    if find_invitation_of(connection, None, now) is not None:
        return None
    secret = make_token()
    create_invitation(
        connection,
        secret_hash=hash_invitation(secret),
        purpose=Purpose.FIRST_ADMINISTRATOR,
        person_id=None,
        now=now,
    )
    return secret


def is_last_administrator(connection: Connection, person: Person) -> bool:
    """Tell whether nobody else could run the clinic; nobody can change that before the transaction ends."""
    able = [one.id for one in hold_people(connection) if can_administer(connection, one)]
    return able == [person.id]


def purge_staff(connection: Connection, now: datetime) -> None:
    """Delete what signing in leaves behind: sessions, links and counts that are past their time."""
    purge_sessions(connection, anonymous_before=now - _ANONYMOUS_LIFE, before=now - _ENDED_LIFE)
    purge_invitations(connection, now - _ENDED_LIFE)
    purge_tallies(connection, now - _TALLY_LIFE)


def can_administer(connection: Connection, person: Person) -> bool:
    """Tell whether a person can sign in and run the clinic; those of a demonstration run nothing real."""
    if not person.is_active or person.is_demonstration or not person.has_role(Role.ADMINISTRATOR):
        return False
    access = find_access(connection, person.id)
    return access is not None and access.password_hash is not None
