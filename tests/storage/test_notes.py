"""Notes: added, never changed, listed in the order they were written."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.storage.engine import begin_read, begin_write
from app.storage.notes import StoredNote, add_note, has_note, list_notes, make_note_id
from app.storage.responses import StoredResponse, erase_response
from app.storage.tables import NOTES
from tests.storage.sending import Sender


@pytest.fixture
def stored(engine: Engine, edition_hash: str, now: datetime) -> StoredResponse:
    """Return a response that has come in."""
    response, _ = Sender(engine, edition_hash, now).send()
    return response


def write(engine: Engine, stored: StoredResponse, at: datetime, sealed: bytes = b"sealed") -> StoredNote:
    note = StoredNote(id=make_note_id(), reference=stored.reference, author="a" * 32, written_at=at, sealed=sealed)
    with begin_write(engine) as connection:
        add_note(connection, note)
    return note


def test_notes_are_listed_in_the_order_they_were_written(engine: Engine, stored: StoredResponse, now: datetime) -> None:
    late = write(engine, stored, now + timedelta(minutes=1))
    early = write(engine, stored, now)
    with begin_read(engine) as connection:
        assert list_notes(connection, stored.reference) == [early, late]
        assert list_notes(connection, "0" * 10) == []


def test_a_note_is_known_by_its_id_and_is_stored_once(engine: Engine, stored: StoredResponse, now: datetime) -> None:
    note = write(engine, stored, now)
    with begin_read(engine) as connection:
        assert has_note(connection, note.id)
        assert not has_note(connection, make_note_id())
    with pytest.raises(IntegrityError), begin_write(engine) as connection:
        add_note(connection, note)


def test_a_note_is_never_given_to_another_author_and_goes_with_its_response_alone(
    engine: Engine, stored: StoredResponse, now: datetime
) -> None:
    note = write(engine, stored, now)
    with pytest.raises(DBAPIError, match="never change"), begin_write(engine) as connection:
        connection.execute(update(NOTES).where(NOTES.c.id == note.id).values(author="b" * 32))
    with begin_write(engine) as connection:
        erase_response(connection, stored.reference)
    with begin_read(engine) as connection:
        assert not has_note(connection, note.id)
