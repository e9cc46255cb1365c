"""Opening what patients sent and what staff noted, with the clinic's private keys.

A letter that does not open is named and never hides another (S13). Opening is not recorded here: whoever asks does it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from app.clinic.sending import PURPOSE
from app.desk.keyring import Desk
from app.questionnaire.edition import Edition
from app.questionnaire.errors import StoredAnswerError
from app.questionnaire.sent import SentResponse, load_sent
from app.storage.notes import StoredNote, list_notes, make_note_id
from app.storage.responses import StoredResponse, StoredVersion, list_versions
from app.vault.keys import PublicKey
from app.vault.letter import LetterError, open_letter, seal_letter

FindEdition = Callable[[str], Edition | None]

NOTE_PURPOSE = "note"
"""What a letter with a note is sealed for."""


class UnreadableError(Exception):
    """A version cannot be opened or read: changed, moved, its key or its edition missing. Never says what was in it."""

    def __init__(self, reference: str, version: int) -> None:
        self.reference = reference
        self.version = version
        super().__init__(f"version {version} of response {reference} cannot be opened")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedVersion:
    """One version of a response, opened, with its own edition."""

    reference: str
    version: int
    sent_at: datetime
    sent: SentResponse = field(repr=False)
    edition: Edition = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note, opened. `link_id` is the question it is about, or empty for the whole; `kind` note or correction."""

    id: str
    author: str
    written_at: datetime
    text: str = field(repr=False)
    link_id: str = field(default="", repr=False)
    version: int = 0
    kind: str = "note"


def open_version(desk: Desk, find_edition: FindEdition, stored: StoredVersion) -> OpenedVersion:
    """Return a version, opened, or raise `UnreadableError`."""
    edition = find_edition(stored.edition_hash)
    bound = (stored.id, stored.reference, stored.edition_hash)
    try:
        sent = load_sent(open_letter(desk.keys, stored.sealed, PURPOSE, *bound))
    except (LetterError, StoredAnswerError):
        raise UnreadableError(stored.reference, stored.version) from None
    answers = sent.response.answers.keys()
    if edition is None or sent.response.edition != edition.hash or not answers <= edition.items.keys():
        raise UnreadableError(stored.reference, stored.version)
    return OpenedVersion(
        reference=stored.reference, version=stored.version, sent_at=stored.sent_at, sent=sent, edition=edition
    )


def open_newest(
    connection: Connection, desk: Desk, find_edition: FindEdition, response: StoredResponse
) -> OpenedVersion:
    """Return the newest version of a response, opened, or raise `UnreadableError`."""
    versions = list_versions(connection, response.reference)
    if not versions or versions[-1].version != response.version:
        raise UnreadableError(response.reference, response.version)
    return open_version(desk, find_edition, versions[-1])


def seal_note(key: PublicKey, note: Note, reference: str) -> StoredNote:
    """Return a note as it is stored: sealed to the clinic, and tied to its response, its author and its time."""
    content = {"text": note.text, "about": note.link_id, "version": note.version, "kind": note.kind}
    # Escapes keep a lone surrogate that a browser let through; UTF-8 itself has no place for one.
    letter = seal_letter(
        key, json.dumps(content).encode(), NOTE_PURPOSE, *bind_note(note.id, reference, note.author, note.written_at)
    )
    return StoredNote(id=note.id, reference=reference, author=note.author, written_at=note.written_at, sealed=letter)


def make_note(
    author: str, text: str, now: datetime, *, link_id: str = "", version: int = 0, kind: str = "note"
) -> Note:
    """Return a new note."""
    return Note(
        id=make_note_id(), author=author, written_at=now, text=text, link_id=link_id, version=version, kind=kind
    )


def open_note(desk: Desk, stored: StoredNote) -> Note | None:
    """Return a note, opened; None when it was changed or moved."""
    bound = bind_note(stored.id, stored.reference, stored.author, stored.written_at)
    try:
        content = json.loads(open_letter(desk.keys, stored.sealed, NOTE_PURPOSE, *bound))
    except (LetterError, ValueError):
        return None
    return Note(
        id=stored.id,
        author=stored.author,
        written_at=stored.written_at,
        text=content["text"],
        link_id=content["about"],
        version=content["version"],
        kind=content["kind"],
    )


def open_notes(connection: Connection, desk: Desk, reference: str) -> list[Note | None]:
    """Return a response's notes, oldest first; None in the place of each that does not open."""
    return [open_note(desk, stored) for stored in list_notes(connection, reference)]


def bind_note(note_id: str, reference: str, author: str, written_at: datetime) -> tuple[str, ...]:
    """Return what ties a note to its row."""
    return note_id, reference, author, written_at.isoformat()
