"""The doctor's look at what has to last: schema, keys, audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Engine

from app.desk.finding import Finding, Look
from app.desk.keyring import DESK_FILE, FOLDER, name_response_key, read_key
from app.desk.locking import list_unlocked
from app.settings import StartError
from app.storage.audit import verify_log
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read, begin_snapshot, find_revision
from app.storage.letters import count_letters
from app.storage.metadata import SCHEMA_REVISION

_QUICK_ENTRIES: Final = 5_000
_QUICK_LETTERS: Final = 10_000


def look_at_schema(look: Look) -> Iterator[Finding]:
    """Look whether database and program belong together."""
    found = find_revision(look.engine)
    if found is not None and found > SCHEMA_REVISION:
        yield Finding(
            "database",
            f"its schema is {found}, and this program’s {SCHEMA_REVISION}: a newer program brought it up to date",
            "update this program as well; until then it makes no backup and no new key",
        )
    elif found != SCHEMA_REVISION:
        yield Finding(
            "database", f"its schema is {found or 'missing'}, this program’s {SCHEMA_REVISION}", "restart the program"
        )


def look_at_keys(look: Look) -> Iterator[Finding]:
    """Look whether everything that is sealed has its key here."""
    folder = look.settings.data / FOLDER
    for path in list_unlocked(look.settings):
        yield Finding(
            str(path), "a passphrase is set, and this key is not locked with it", "lock it: foreword keys lock"
        )
    with begin_read(look.engine) as connection:
        counts = _count_letters(connection, is_quick=look.is_quick)
        newest = find_newest_key(connection)
    if newest is None:
        yield Finding("keys", "there is no key to seal to", "start the program once: foreword serve")
        return
    for key_id in sorted({newest.id, *counts}):
        path = folder / name_response_key(key_id)
        count = counts.get(key_id, "0")
        try:
            if read_key(path, *look.settings.key_passphrases).public.id != key_id:
                yield Finding(str(path), "it holds another key than its name says", "put back your copy of it")
        except StartError as error:
            yield Finding(
                f"key {key_id}",
                f"{count} sealed responses and notes do not open without it",
                f"see: {error.problems[0]}",
            )


def look_for_stray_keys(look: Look) -> Iterator[Finding]:
    """Look whether a machine that serves patients only has a private key: it needs none (design D-7)."""
    folder = look.settings.data / FOLDER
    if any(folder.glob("*.pem")):
        yield Finding(
            str(folder), "private keys are on a machine that serves patients only", "move them to the clinic's machine"
        )


def list_used_keys(engine: Engine, *, is_quick: bool = False) -> list[str]:
    """Return the id of each key that something is sealed to, with how much that is: the newest key first (S14).

    A quick list is of some thousands of what is sealed, whichever come first.
    """
    with begin_read(engine) as connection:
        counts = _count_letters(connection, is_quick=is_quick)
        newest = find_newest_key(connection)
    first = [newest.id] if newest else []
    return [f"{key_id} ({counts.get(key_id, '0')})" for key_id in [*first, *sorted(counts.keys() - set(first))]]


def _count_letters(connection: Connection, *, is_quick: bool) -> dict[str, str]:
    """Return how much is sealed to each key, as it is told: with a plus where there may be more."""
    if not is_quick:
        return {key_id: str(count) for key_id, count in count_letters(connection).items()}
    counts = count_letters(connection, _QUICK_LETTERS)
    more = "+" if sum(counts.values()) >= _QUICK_LETTERS else ""
    return {key_id: f"{count}{more}" for key_id, count in counts.items()}


def look_at_audit(look: Look) -> Iterator[Finding]:
    """Look whether the audit log is whole."""
    path = look.settings.data / FOLDER / DESK_FILE
    try:
        key = read_key(path, *look.settings.key_passphrases).derive("audit chain")
    except StartError as error:
        yield Finding("audit log", "it cannot be verified", error.problems[0])
        return
    with begin_snapshot(look.engine) as connection:
        breach = verify_log(connection, key, newest=_QUICK_ENTRIES if look.is_quick else None)
    if breach is not None:
        yield Finding("audit log", breach.fault, "keep a copy of the database, and find out who has access to it")
