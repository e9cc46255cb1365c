"""Editions of the questionnaire, kept for ever under the hash of their content (D-9).

Nothing here may change or delete one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Executable, bindparam, select, text

from app.storage.metadata import UtcDateTime
from app.storage.tables import EDITIONS


class EditionConflictError(Exception):
    """Another text is already stored under an edition's hash: the hash was not made from the text."""

    def __init__(self, edition_hash: str) -> None:
        self.edition_hash = edition_hash
        super().__init__(f"edition {edition_hash} is stored with another content")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdition:
    """One edition as it was first recorded, and when this server last accepted it as the one to serve."""

    hash: str
    canonical: str = field(repr=False)
    language: str
    title: str
    first_used_at: datetime
    accepted_at: datetime


# One statement that both databases know, so that two processes recording the same edition at once both succeed.
_RECORD: Final = text(
    "INSERT INTO editions (hash, canonical, language, title, first_used_at, accepted_at) "
    "VALUES (:hash, :canonical, :language, :title, :now, :now) "
    "ON CONFLICT (hash) DO UPDATE SET accepted_at = excluded.accepted_at "
    "WHERE editions.canonical = excluded.canonical"
).bindparams(bindparam("now", type_=UtcDateTime))

_EDITIONS: Final = select(
    EDITIONS.c.hash,
    EDITIONS.c.canonical,
    EDITIONS.c.language,
    EDITIONS.c.title,
    EDITIONS.c.first_used_at,
    EDITIONS.c.accepted_at,
)
_FIND: Final = _EDITIONS.where(EDITIONS.c.hash == bindparam("hash"))
_FIND_LATEST: Final = _EDITIONS.order_by(EDITIONS.c.accepted_at.desc(), EDITIONS.c.first_used_at.desc()).limit(1)
_LIST: Final = _EDITIONS.order_by(EDITIONS.c.first_used_at.desc(), EDITIONS.c.hash)
_LIST_DAYS: Final = select(EDITIONS.c.hash, EDITIONS.c.first_used_at).order_by(
    EDITIONS.c.first_used_at.desc(), EDITIONS.c.hash
)


def record_edition(
    connection: Connection, edition_hash: str, canonical: str, *, language: str, title: str, now: datetime
) -> None:
    """Store an edition unless it is there, and note that it was accepted now; or raise `EditionConflictError`."""
    values = {"hash": edition_hash, "canonical": canonical, "language": language, "title": title, "now": now}
    if connection.execute(_RECORD, values).rowcount != 1:
        raise EditionConflictError(edition_hash)


def find_edition(connection: Connection, edition_hash: str) -> StoredEdition | None:
    """Return the edition with this hash, which a draft names for as long as it lives."""
    return _find_one(connection, _FIND, {"hash": edition_hash})


def find_latest_edition(connection: Connection) -> StoredEdition | None:
    """Return the edition accepted last: the one to go on serving while `questions.yaml` does not pass its check."""
    return _find_one(connection, _FIND_LATEST, {})


def list_editions(connection: Connection) -> list[StoredEdition]:
    """Return every edition, the newest first."""
    return [StoredEdition(**row) for row in connection.execute(_LIST).mappings()]


def list_edition_days(connection: Connection) -> list[tuple[str, datetime]]:
    """Return every edition's hash and when it was first used, the newest first, without their long texts."""
    return [(row.hash, row.first_used_at) for row in connection.execute(_LIST_DAYS)]


def _find_one(connection: Connection, statement: Executable, values: dict[str, str]) -> StoredEdition | None:
    row = connection.execute(statement, values).mappings().one_or_none()
    return None if row is None else StoredEdition(**row)
