"""Where staff are signed in: one row a session, found by the hash of an id that only a cookie holds (S1).

What a session holds is opaque and sealed by whoever calls. An ended one stays for a day as a name without content:
it tells whose a form is that was sent too late (S38). What was typed into such a form has a row of its own, of nobody's
session, until its writer signs in. Nothing here decides how long a session lives.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from app.storage.staff_tables import STAFF_SESSIONS

MOST_KEPT: Final = 5
"""How many texts that were sent too late are kept for one person."""

_HANDLE_LENGTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as it was stored; `person_id` is None until somebody signed in."""

    id_hash: str
    person_id: str | None
    form_hash: str | None
    sealed: bytes | None = field(repr=False)
    address: str
    created_at: datetime
    used_at: datetime
    ended_at: datetime | None

    @property
    def handle(self) -> str:
        """Return a name for this session that opens nothing."""
        return self.id_hash[:_HANDLE_LENGTH]


# Built once, for they run at every request of staff.
_FIND: Final = select(STAFF_SESSIONS).where(STAFF_SESSIONS.c.id_hash == bindparam("key"))
_INSERT: Final = insert(STAFF_SESSIONS)
_SAVE: Final = (
    update(STAFF_SESSIONS)
    .where(STAFF_SESSIONS.c.id_hash == bindparam("key"), STAFF_SESSIONS.c.ended_at.is_(None))
    .values({name: bindparam(name) for name in ("person_id", "form_hash", "sealed", "used_at")})
)
_TOUCH: Final = (
    update(STAFF_SESSIONS)
    .where(STAFF_SESSIONS.c.id_hash == bindparam("key"), STAFF_SESSIONS.c.ended_at.is_(None))
    .values(used_at=bindparam("used_at"))
)
_END: Final = (
    update(STAFF_SESSIONS)
    .where(STAFF_SESSIONS.c.id_hash == bindparam("key"), STAFF_SESSIONS.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), sealed=None)
)


def create_session(connection: Connection, session: StoredSession) -> None:
    """Store a session that was begun."""
    values = {column.name: getattr(session, column.name) for column in STAFF_SESSIONS.c}
    connection.execute(_INSERT, values)


def find_session(connection: Connection, id_hash: str) -> StoredSession | None:
    """Return a session, also one that has ended, or None when there is none."""
    row = connection.execute(_FIND, {"key": id_hash}).mappings().one_or_none()
    return None if row is None else _read(row)


def find_writer(connection: Connection, form_hash: str) -> str | None:
    """Return whose session a form was drawn in, by the hash of the token in the form."""
    statement = select(STAFF_SESSIONS.c.person_id).where(STAFF_SESSIONS.c.form_hash == form_hash)
    person: str | None = connection.execute(statement.limit(1)).scalar()
    return person


def save_session(
    connection: Connection, id_hash: str, *, person_id: str | None, form_hash: str | None, sealed: bytes, now: datetime
) -> bool:
    """Store what a session holds now, and tell whether it still lives."""
    values = {"key": id_hash, "person_id": person_id, "form_hash": form_hash, "sealed": sealed, "used_at": now}
    return connection.execute(_SAVE, values).rowcount == 1


def touch_session(connection: Connection, id_hash: str, now: datetime) -> None:
    """Note that a session was used."""
    connection.execute(_TOUCH, {"key": id_hash, "used_at": now})


def end_session(connection: Connection, id_hash: str, now: datetime) -> bool:
    """End a session at once, and tell whether it lived: nobody with a copy of its cookie is let in any more."""
    return connection.execute(_END, {"key": id_hash, "now": now}).rowcount == 1


def end_sessions_of(connection: Connection, person_id: str, now: datetime, *, but: str | None = None) -> int:
    """End all sessions of a person, except `but` where it is given, and return how many there were."""
    statement = update(STAFF_SESSIONS).where(
        STAFF_SESSIONS.c.person_id == person_id,
        STAFF_SESSIONS.c.ended_at.is_(None),
        STAFF_SESSIONS.c.id_hash != (but or ""),
    )
    return connection.execute(statement.values(ended_at=now, sealed=None)).rowcount


def list_sessions(connection: Connection, person_id: str, *, since: datetime) -> list[StoredSession]:
    """Return the sessions of a person that did not end and were used `since`, the newest first."""
    statement = (
        select(STAFF_SESSIONS)
        .where(
            STAFF_SESSIONS.c.person_id == person_id,
            STAFF_SESSIONS.c.ended_at.is_(None),
            STAFF_SESSIONS.c.used_at > since,
        )
        .order_by(STAFF_SESSIONS.c.used_at.desc())
    )
    return [_read(row) for row in connection.execute(statement).mappings()]


def keep_text(connection: Connection, key: str, writer: str, sealed: bytes, now: datetime) -> None:
    """Store what somebody typed too late, by the hash of its ticket; of each writer, also a hash, the newest five."""
    row = StoredSession(
        id_hash=key,
        person_id=None,
        form_hash=writer,
        sealed=sealed,
        address="",
        created_at=now,
        used_at=now,
        ended_at=None,
    )
    theirs = STAFF_SESSIONS.c.form_hash == writer
    newest = select(STAFF_SESSIONS.c.id_hash).where(theirs).order_by(STAFF_SESSIONS.c.created_at.desc())
    staying = list(connection.scalars(newest.limit(MOST_KEPT - 1)))
    connection.execute(delete(STAFF_SESSIONS).where(theirs, STAFF_SESSIONS.c.id_hash.not_in(staying)))
    create_session(connection, row)


def take_text(connection: Connection, key: str) -> bytes | None:
    """Return what is kept under a ticket's hash, and delete it; None when there is nothing."""
    mine = STAFF_SESSIONS.c.id_hash == key
    sealed: bytes | None = connection.execute(select(STAFF_SESSIONS.c.sealed).where(mine)).scalar()
    connection.execute(delete(STAFF_SESSIONS).where(mine))
    return sealed


def purge_sessions(connection: Connection, *, anonymous_before: datetime, before: datetime) -> int:
    """Delete the sessions begun `before`, and those of nobody last used before, and return how many."""
    is_nobodys = STAFF_SESSIONS.c.person_id.is_(None) & (STAFF_SESSIONS.c.used_at <= anonymous_before)
    return connection.execute(
        delete(STAFF_SESSIONS).where(or_(STAFF_SESSIONS.c.created_at <= before, is_nobodys))
    ).rowcount


def _read(row: Any) -> StoredSession:  # noqa: ANN401  SQLAlchemy's row mapping holds anything
    return StoredSession(**row)
