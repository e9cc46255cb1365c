"""Rotation: a new key pair, and everything that is sealed to older ones sealed again to it, in batches (S14).

A letter takes the place of the one it was made of, in one transaction with its batch, and only if that one is still
there: whatever stops this, every row opens, and the next run goes on from there. The old key's file stays until its
owner removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, Table

from app.clinic.sending import PURPOSE
from app.desk.keyring import FOLDER, Desk, name_response_key, write_key
from app.desk.opening import NOTE_PURPOSE, bind_note
from app.settings import Settings
from app.storage.audit import Event, append_event, lock_log
from app.storage.clinic_keys import find_newest_key, record_key
from app.storage.engine import begin_read, begin_write, checkpoint
from app.storage.letters import SEALED, Row, count_letters, list_letters, replace_letter
from app.vault.keys import PublicKey, make_private_key
from app.vault.letter import LetterError, open_letter, seal_letter

BATCH: Final = 50
"""How many letters are sealed again at once: few enough that a patient who saves a page does not wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """One key: whether it is sealed to now, whether its private half is here, and how many letters are for it."""

    id: str
    is_newest: bool
    is_here: bool
    letters: int


@dataclass(slots=True, kw_only=True)
class Resealed:
    """How far a rotation is: letters sealed again, and rows whose letters do not open with any key that is here."""

    done: int = 0
    unreadable: list[str] = field(default_factory=list)


def list_key_states(engine: Engine, desk: Desk) -> list[KeyState]:
    """Return every key that something is sealed to or that is here, the newest first."""
    with begin_read(engine) as connection:
        counts = count_letters(connection)
        newest = find_newest_key(connection)
    newest_id = newest.id if newest else ""
    ids = {newest_id, *counts, *desk.keys} - {""}
    states = [
        KeyState(id=one, is_newest=one == newest_id, is_here=one in desk.keys, letters=counts.get(one, 0))
        for one in ids
    ]
    return sorted(states, key=lambda state: (not state.is_newest, state.id))


def count_older(engine: Engine) -> int:
    """Return how many letters are not for the newest key: more than none when a rotation was interrupted."""
    with begin_read(engine) as connection:
        newest = find_newest_key(connection)
        return sum(count for key_id, count in count_letters(connection).items() if newest and key_id != newest.id)


def make_newest_key(engine: Engine, settings: Settings, desk: Desk, now: datetime, *, actor: str) -> PublicKey:
    """Make a new pair and have everything sealed to it from now on; its file is written before anybody hears of it."""
    made = make_private_key()
    write_key(settings.data / FOLDER / name_response_key(made.public.id), made, settings.key_passphrase)
    with begin_write(engine) as connection:
        lock_log(connection)
        record_key(connection, made.public, now)
        append_event(connection, desk.chain_key, Event(action="key.made", actor=actor, subject=made.public.id), now)
    return made.public


def reseal(engine: Engine, desk: Desk, newest: PublicKey, resealed: Resealed, batch: int = BATCH) -> Iterator[int]:
    """Seal everything that is for older keys again, to the newest, and give the number of each batch."""
    for table in SEALED:
        after = ""
        while True:
            with begin_read(engine) as connection:  # it may look through all there is: whoever writes goes on meanwhile
                rows = list(list_letters(connection, table, newest.id, after, batch))
            if rows:
                _replace(engine, table, [(row, _seal_again(desk, newest, table, row)) for row in rows], resealed)
                after = rows[-1].id
                yield len(rows)
            if len(rows) < batch:
                break


def finish(engine: Engine, desk: Desk, newest: PublicKey, resealed: Resealed, now: datetime, *, actor: str) -> None:
    """Account for a rotation that went through, and leave nothing of the old letters in SQLite's journal."""
    about = {"resealed": resealed.done, "unreadable": len(resealed.unreadable)}
    with begin_write(engine) as connection:
        event = Event(action="key.rotated", actor=actor, subject=newest.id, about=about)
        append_event(connection, desk.chain_key, event, now)
    checkpoint(engine)


def _replace(engine: Engine, table: Table, letters: list[tuple[Row, bytes | None]], resealed: Resealed) -> None:
    with begin_write(engine) as connection:
        for row, letter in letters:
            if letter is None:
                resealed.unreadable.append(f"{row.values['reference']}")
            elif replace_letter(connection, table, row.id, row.sealed, letter):
                resealed.done += 1


def _seal_again(desk: Desk, newest: PublicKey, table: Table, row: Row) -> bytes | None:
    purpose, bind = _BOUND[table.name]
    bound = bind(row.values)
    try:
        content = open_letter(desk.keys, row.sealed, purpose, *bound)
    except LetterError:
        return None
    return seal_letter(newest, content, purpose, *bound)


def _bind_version(values: Mapping[str, Any]) -> tuple[str, ...]:
    return values["id"], values["reference"], values["edition_hash"]


def _bind_note(values: Mapping[str, Any]) -> tuple[str, ...]:
    return bind_note(values["id"], values["reference"], values["author"], values["written_at"])


_BOUND: Final[dict[str, tuple[str, Callable[[Mapping[str, Any]], tuple[str, ...]]]]] = {
    "response_versions": (PURPOSE, _bind_version),
    "notes": (NOTE_PURPOSE, _bind_note),
}
"""What the letters of each table are sealed for, and what ties them to their rows, as `opening.py` has it."""
