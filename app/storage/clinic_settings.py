"""What the clinic has set, whole, at each change: earlier ones stay, so that it can be told what held when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from app.storage.tables import CLINIC_SETTINGS


class StaleSettingsError(Exception):
    """Somebody else changed the settings since they were read; `changed_by` is who."""

    def __init__(self, changed_by: str) -> None:
        self.changed_by = changed_by
        super().__init__("the clinic's settings were changed meanwhile")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSettings:
    """One state of the settings; `content` is JSON. `revision` counts from 1."""

    revision: int
    content: str
    changed_at: datetime
    changed_by: str


_NEWEST: Final = select(CLINIC_SETTINGS).order_by(CLINIC_SETTINGS.c.revision.desc()).limit(1)
_ALL: Final = select(CLINIC_SETTINGS).order_by(CLINIC_SETTINGS.c.revision.desc())
_INSERT: Final = insert(CLINIC_SETTINGS)


def find_settings(connection: Connection) -> StoredSettings | None:
    """Return what is set now; None until the clinic was set up."""
    row = connection.execute(_NEWEST).mappings().one_or_none()
    return None if row is None else StoredSettings(**row)


def list_settings(connection: Connection, limit: int) -> list[StoredSettings]:
    """Return the newest states of the settings, the one that holds now first."""
    return [StoredSettings(**row) for row in connection.execute(_ALL.limit(limit)).mappings()]


def save_settings(connection: Connection, content: str, *, seen: int, changed_by: str, now: datetime) -> StoredSettings:
    """Store the settings as they are from now on; raises `StaleSettingsError` if they moved on from revision `seen`."""
    saved = StoredSettings(revision=seen + 1, content=content, changed_at=now, changed_by=changed_by)
    newest = find_settings(connection)
    if newest is not None and newest.revision != seen:
        raise StaleSettingsError(newest.changed_by)
    values = {"revision": saved.revision, "content": content, "changed_at": now, "changed_by": changed_by}
    try:
        connection.execute(_INSERT, values)
    except IntegrityError:
        raise StaleSettingsError("") from None
    return saved
