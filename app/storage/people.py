"""The people of the clinic: who they are and what they may do. Their ids are never given to anybody else.

Nothing here may delete a person, and how they sign in stands in `access.py`.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from app.storage.staff_tables import PEOPLE

_ID_BYTES: Final = 16
_UNIQUIFIER_BYTES: Final = 24


class Role(StrEnum):
    """What somebody may do at the clinic; one person may have several roles."""

    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works at the clinic; `joined_at` is None until they chose how to sign in."""

    id: str
    login: str
    name: str
    roles: frozenset[Role]
    is_active: bool
    is_demonstration: bool
    created_at: datetime
    joined_at: datetime | None
    signed_in_at: datetime | None

    def has_role(self, role: Role) -> bool:
        """Tell whether the person has a role."""
        return role in self.roles


class LoginTakenError(Exception):
    """Somebody else signs in with this name already."""

    def __init__(self) -> None:
        super().__init__("another person signs in with this name")


COLUMNS: Final = (
    PEOPLE.c.id,
    PEOPLE.c.login,
    PEOPLE.c.name,
    PEOPLE.c.roles,
    PEOPLE.c.is_active,
    PEOPLE.c.is_demonstration,
    PEOPLE.c.created_at,
    PEOPLE.c.joined_at,
    PEOPLE.c.signed_in_at,
)
"""What `read_person` reads."""

_INSERT: Final = insert(PEOPLE)
_FIND: Final = select(*COLUMNS).where(PEOPLE.c.id == bindparam("id"))
_FIND_MANY: Final = select(*COLUMNS).where(PEOPLE.c.id.in_(bindparam("ids", expanding=True)))
_FIND_LOGIN: Final = select(*COLUMNS).where(PEOPLE.c.login == bindparam("login"))
_LIST: Final = select(*COLUMNS).order_by(PEOPLE.c.name, PEOPLE.c.id)


def normalize_login(typed: str) -> str:
    """Return a sign-in name as it is stored and compared: without outer spaces, in small letters."""
    return typed.strip().casefold()


def make_uniquifier() -> str:
    """Return a new value for what ties sessions to a person."""
    return secrets.token_hex(_UNIQUIFIER_BYTES)


def create_person(
    connection: Connection,
    *,
    login: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
    is_demonstration: bool = False,
) -> Person:
    """Store a new person who can sign in once they joined, or raise `LoginTakenError`."""
    if find_person_by_login(connection, login) is not None:
        raise LoginTakenError
    person = Person(
        id=secrets.token_hex(_ID_BYTES),
        login=normalize_login(login),
        name=name,
        roles=frozenset(roles),
        is_active=True,
        is_demonstration=is_demonstration,
        created_at=now,
        joined_at=now if is_demonstration else None,
        signed_in_at=None,
    )
    values = {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "roles": _write_roles(person.roles),
        "is_active": person.is_active,
        "is_demonstration": person.is_demonstration,
        "uniquifier": make_uniquifier(),
        "passkey_handle": make_uniquifier(),
        "created_at": now,
        "joined_at": person.joined_at,
    }
    connection.execute(_INSERT, values)
    return person


def find_person(connection: Connection, person_id: str) -> Person | None:
    """Return a person, also one who left."""
    row = connection.execute(_FIND, {"id": person_id}).mappings().one_or_none()
    return None if row is None else read_person(row)


def find_person_by_login(connection: Connection, login: str) -> Person | None:
    """Return the person who signs in with a name as somebody typed it."""
    row = connection.execute(_FIND_LOGIN, {"login": normalize_login(login)}).mappings().one_or_none()
    return None if row is None else read_person(row)


def find_people(connection: Connection, ids: Collection[str]) -> dict[str, Person]:
    """Return the people with these ids, by id."""
    rows = connection.execute(_FIND_MANY, {"ids": list(ids)}).mappings()
    return {row["id"]: read_person(row) for row in rows}


def list_people(connection: Connection) -> list[Person]:
    """Return everybody, also those who left, by name."""
    return [read_person(row) for row in connection.execute(_LIST).mappings()]


def hold_people(connection: Connection) -> list[Person]:
    """Return everybody, and let nobody else change anyone until this transaction ends."""
    rows = connection.execute(_LIST.with_for_update()).mappings()
    return [read_person(row) for row in rows]


def change_roles(connection: Connection, person_id: str, roles: Iterable[Role]) -> None:
    """Give a person other roles."""
    values = {"roles": _write_roles(frozenset(roles))}
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(values))


def change_name(connection: Connection, person_id: str, name: str) -> None:
    """Note what a person is called."""
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(name=name))


def change_activity(connection: Connection, person_id: str, *, is_active: bool) -> None:
    """Let a person sign in, or keep them out; their sessions end by `sessions.end_sessions_of`."""
    values = {"is_active": is_active, "uniquifier": make_uniquifier()}
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(values))


def note_sign_in(connection: Connection, person_id: str, now: datetime) -> None:
    """Note that a person signed in."""
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(signed_in_at=now))


def read_person(row: RowMapping) -> Person:
    """Return the person that a row with `COLUMNS` holds."""
    values = {column.name: row[column.name] for column in COLUMNS}
    return Person(**{**values, "roles": _read_roles(row["roles"])})


def _write_roles(roles: frozenset[Role]) -> str:
    return " ".join(role for role in Role if role in roles)


def _read_roles(text: str) -> frozenset[Role]:
    return frozenset(Role(word) for word in text.split())
