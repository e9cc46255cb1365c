"""Notes of staff on a response: append-only, signed, dated, sealed like the response itself."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from app.storage.tables import NOTES

_ID_BYTES: Final = 16
_INSERT: Final = insert(NOTES)
_LIST: Final = select(NOTES).where(NOTES.c.reference == bindparam("reference")).order_by(NOTES.c.written_at, NOTES.c.id)
_HAS: Final = select(NOTES.c.id).where(NOTES.c.id == bindparam("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNote:
    """One note as it is stored; `author` is a person's id."""

    id: str
    reference: str
    author: str
    written_at: datetime
    sealed: bytes = field(repr=False)


def make_note_id() -> str:
    """Return the id of a note to come: it is sealed into the note, so that it is needed before the row."""
    return secrets.token_hex(_ID_BYTES)


def add_note(connection: Connection, note: StoredNote) -> None:
    """Store a note."""
    connection.execute(
        _INSERT,
        {
            "id": note.id,
            "reference": note.reference,
            "author": note.author,
            "written_at": note.written_at,
            "sealed": note.sealed,
        },
    )


def has_note(connection: Connection, note_id: str) -> bool:
    """Tell whether there is a note with this id: a form that is sent twice writes its note once."""
    return connection.execute(_HAS, {"id": note_id}).one_or_none() is not None


def list_notes(connection: Connection, reference: str) -> list[StoredNote]:
    """Return a response's notes, oldest first."""
    return [StoredNote(**row) for row in connection.execute(_LIST, {"reference": reference}).mappings()]
