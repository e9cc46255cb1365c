"""The files of the private keys, locked with the passphrase after they were made without it or with the one before.

A passphrase that is set later does nothing by itself to keys that exist: they go on opening without it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.desk.keyring import DESK_FILE, FOLDER, Desk, list_response_keys, read_key
from app.files import is_partial, replace_whole
from app.settings import Settings, StartError
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write
from app.vault.keys import KeyFileError, dump_private_key, is_locked, load_private_key

_ACTION: Final = "key.locked"


def list_unlocked(settings: Settings) -> list[Path]:
    """Return the key files that are not locked with the passphrase, where one is set; none that cannot be read.

    One that only a passphrase opens which is not known here is left out as well: nobody can lock it anew.
    """
    if not settings.key_passphrase:
        return []
    return [path for path in sorted((settings.data / FOLDER).glob("*.pem")) if _has_to_be_locked(path, settings)]


def lock_keys(engine: Engine, settings: Settings, desk: Desk, now: datetime, *, actor: str) -> list[Path]:
    """Lock every key file that is not locked with the passphrase, and return which; raises `StartError`.

    Each is read before the first is changed, accounted for, and replaced whole: whatever stops this, every key opens,
    with the passphrase or as it did before, and the next run locks the others. What `list_strangers` tells stays.
    """
    if not settings.key_passphrase:
        raise StartError("FOREWORD_KEY_PASSPHRASE: none is set; set it here and for the server, and run this again")
    paths = [path for path in _list_keys(settings) if _has_to_be_locked(path, settings)]
    keys = [read_key(path, *settings.key_passphrases) for path in paths]
    for path, key in zip(paths, keys, strict=True):
        locked = dump_private_key(key, settings.key_passphrase)
        _account(engine, desk, path, now, actor)
        try:
            with replace_whole(path) as file:  # made with mode 0600
                file.write(locked)
        except OSError as error:
            _account(engine, desk, path, now, actor, outcome="refused")
            raise StartError(
                f"{path}: the key cannot be written: {error.strerror}; let this program write there"
            ) from None
    return paths


def list_strangers(settings: Settings) -> list[Path]:
    """Return what is in the folder of the keys and has no name of a key: it is read, locked and replaced by nobody."""
    there = {path for path in (settings.data / FOLDER).iterdir() if not is_partial(path)}
    return sorted(there - set(_list_keys(settings)))


def _list_keys(settings: Settings) -> list[Path]:
    folder = settings.data / FOLDER
    return [folder / DESK_FILE, *list_response_keys(folder)]


def _account(engine: Engine, desk: Desk, path: Path, now: datetime, actor: str, outcome: str = "done") -> None:
    with begin_write(engine) as connection:
        subject = path.name.removeprefix("response-").removesuffix(".pem")  # a key's id, or "desk"
        event = Event(action=_ACTION, actor=actor, subject=subject, outcome=outcome)
        append_event(connection, desk.chain_key, event, now)


def _has_to_be_locked(path: Path, settings: Settings) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return not is_locked(content) or (
        not _opens(content, settings.key_passphrase) and _opens(content, settings.key_passphrase_before)
    )


def _opens(content: bytes, passphrase: str) -> bool:
    try:
        load_private_key(content, passphrase)
    except KeyFileError:
        return False
    return True
