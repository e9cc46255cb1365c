"""The public halves of the clinic's keys: all that is needed to seal, and nothing that opens."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select

from app.storage.tables import CLINIC_KEYS
from app.vault.keys import PublicKey

_INSERT: Final = insert(CLINIC_KEYS)
_LAST_TIME: Final = select(func.max(CLINIC_KEYS.c.made_at))
_NEWEST: Final = select(CLINIC_KEYS.c.public).order_by(CLINIC_KEYS.c.made_at.desc(), CLINIC_KEYS.c.id).limit(1)
_ALL: Final = select(CLINIC_KEYS.c.public).order_by(CLINIC_KEYS.c.made_at, CLINIC_KEYS.c.id.desc())


def record_key(connection: Connection, public: PublicKey, now: datetime) -> None:
    """Store the key that is sealed to from now on, in a transaction that holds the audit log.

    Its time is after every other key's, also where the clock went back since: the newest is told by it.
    """
    last: datetime | None = connection.execute(_LAST_TIME).scalar()
    made_at = now if last is None else max(now, last + timedelta(microseconds=1))
    connection.execute(_INSERT, {"id": public.id, "public": public.raw, "made_at": made_at})


def find_newest_key(connection: Connection) -> PublicKey | None:
    """Return the key to seal to; None until the clinic's side was started once."""
    raw: bytes | None = connection.execute(_NEWEST).scalar()
    return None if raw is None else PublicKey(bytes(raw))


def list_keys(connection: Connection) -> list[PublicKey]:
    """Return every key there was, oldest first."""
    return [PublicKey(bytes(raw)) for raw in connection.execute(_ALL).scalars()]
