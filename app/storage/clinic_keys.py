"""The public halves of the clinic's keys: all that is needed to seal, and nothing that opens."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from app.storage.tables import CLINIC_KEYS
from app.vault.keys import PublicKey

_INSERT: Final = insert(CLINIC_KEYS)
_NEWEST: Final = select(CLINIC_KEYS.c.public).order_by(CLINIC_KEYS.c.made_at.desc(), CLINIC_KEYS.c.id).limit(1)
_ALL: Final = select(CLINIC_KEYS.c.public).order_by(CLINIC_KEYS.c.made_at, CLINIC_KEYS.c.id.desc())


def record_key(connection: Connection, public: PublicKey, now: datetime) -> None:
    """Store the key that is sealed to from now on."""
    connection.execute(_INSERT, {"id": public.id, "public": public.raw, "made_at": now})


def find_newest_key(connection: Connection) -> PublicKey | None:
    """Return the key to seal to; None until the clinic's side was started once."""
    raw: bytes | None = connection.execute(_NEWEST).scalar()
    return None if raw is None else PublicKey(bytes(raw))


def list_keys(connection: Connection) -> list[PublicKey]:
    """Return every key there was, oldest first."""
    return [PublicKey(bytes(raw)) for raw in connection.execute(_ALL).scalars()]
