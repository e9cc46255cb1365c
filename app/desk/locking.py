"""The files of the private keys, locked with the passphrase after they were made without one.

A passphrase that is set later does nothing by itself to keys that exist: they go on opening without it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from app.desk.keyring import FOLDER, Desk, read_key
from app.files import replace_whole
from app.settings import Settings, StartError
from app.storage.audit import Event, append_event, lock_log
from app.storage.engine import begin_write
from app.vault.keys import dump_private_key, is_locked


def list_unlocked(settings: Settings) -> list[Path]:
    """Return the key files that open without the passphrase, where one is set; one that cannot be read is left out."""
    if not settings.key_passphrase:
        return []
    return [path for path in sorted((settings.data / FOLDER).glob("*.pem")) if _is_open(path)]


def lock_keys(engine: Engine, settings: Settings, desk: Desk, now: datetime, *, actor: str) -> list[Path]:
    """Lock every key file that is not locked, and return which; raises `StartError`.

    Each file is replaced whole: whatever stops this, every key opens, and the next run locks the others.
    """
    if not settings.key_passphrase:
        raise StartError("FOREWORD_KEY_PASSPHRASE: none is set; set it here and for the server, and run this again")
    paths = list_unlocked(settings)
    for path in paths:
        with begin_write(engine) as connection:
            lock_log(connection)
            _lock(path, settings.key_passphrase)
            append_event(connection, desk.chain_key, Event(action="key.locked", actor=actor, subject=path.name), now)
    return paths


def _is_open(path: Path) -> bool:
    try:
        return not is_locked(path.read_bytes())
    except OSError:
        return False


def _lock(path: Path, passphrase: str) -> None:
    locked = dump_private_key(read_key(path, passphrase), passphrase)
    try:
        with replace_whole(path) as file:  # made with mode 0600
            file.write(locked)
    except OSError as error:
        raise StartError(f"{path}: the key cannot be written: {error.strerror}; let this program write there") from None
