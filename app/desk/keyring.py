"""The clinic's private keys, in files of the data folder: made at the first start, found at every other.

`keys/response-<id>.pem` opens what patients sent; `keys/desk.pem` yields the keys for the audit chain, for search
tokens and for whatever else the clinic's side seals for itself. They are two, so that a new response key leaves the log
as it is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from app.files import make_data_folder, read_private, write_once
from app.settings import Settings, StartError
from app.storage.audit import Event, append_event, is_foreign, lock_log
from app.storage.clinic_keys import list_keys, record_key
from app.storage.engine import begin_write
from app.storage.trouble import is_new, is_unbegun
from app.vault.keys import KEY_ID_LENGTH, KeyFileError, PrivateKey, dump_private_key, load_private_key, make_private_key

FOLDER: Final = "keys"
"""The folder of the private keys, in the data folder."""

DESK_FILE: Final = "desk.pem"
"""The file of the desk's own key, in that folder."""

_RESPONSE_FILE: Final = re.compile(rf"response-[0-9a-f]{{{2 * KEY_ID_LENGTH}}}\.pem")


class KeyRing(Mapping[str, PrivateKey]):
    """The response keys in a folder by their ids; one that another process made meanwhile is found when asked for."""

    def __init__(self, folder: Path, passphrases: Sequence[str]) -> None:
        """Read every key there is, or raise `StartError`."""
        self._folder = folder
        self._passphrases = passphrases
        found = [read_key(path, *passphrases) for path in list_response_keys(folder)]
        self._known = {key.public.id: key for key in found}

    def __getitem__(self, key_id: str) -> PrivateKey:
        if key_id not in self._known:
            path = self._folder / name_response_key(key_id)
            if not path.exists():
                raise KeyError(key_id)
            try:
                found = read_key(path, *self._passphrases)
            except StartError:
                raise KeyError(key_id) from None  # what is sealed to it does not open; `foreword doctor` says why
            if found.public.id != key_id:
                raise KeyError(key_id)  # somebody put another key's file under this name
            self._known[key_id] = found
        return self._known[key_id]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._known))

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The keys of a running clinic's side; `keys` are its response keys by their ids."""

    keys: Mapping[str, PrivateKey] = field(repr=False)
    own: PrivateKey = field(repr=False)
    chain_key: bytes = field(repr=False)
    token_key: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for another purpose of the clinic's side."""
        return self.own.derive(purpose)


class DeskKeeper:
    """Opens the desk once, when it is first asked for; safe to call from several threads."""

    def __init__(self, engine: Engine, settings: Settings, now: Callable[[], datetime]) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._settings = settings
        self._now = now
        self._lock = threading.Lock()
        self._desk: Desk | None = None

    def get(self) -> Desk:
        """Return the desk; raises `StartError` when its keys cannot be used."""
        with self._lock:
            if self._desk is None:
                self._desk = open_desk(self._engine, self._settings, self._now())
            return self._desk

    def forget(self) -> None:
        """Read the keys anew at the next call: there are others now."""
        with self._lock:
            self._desk = None


def open_desk(engine: Engine, settings: Settings, now: datetime, *, has_to_fit: bool = True) -> Desk:
    """Return the desk with the keys in the data folder, made where there are none yet, or raise `StartError`.

    The audit log has to be this key's, unless the caller is about to tell what is wrong with it.
    """
    folder = settings.data / FOLDER
    make_data_folder(settings.data)
    make_data_folder(folder)
    with begin_write(engine) as connection:
        lock_log(connection)  # of processes that start together one makes the keys
        known = list_keys(connection)
        own_path = folder / DESK_FILE
        if known and not own_path.exists():
            raise StartError(
                f"{own_path}: the key that belongs to this database is missing; put it back from your copy"
            )
        if not own_path.exists():
            write_key(own_path, make_private_key(), settings.key_passphrase)
        desk = _build_desk(folder, settings.key_passphrases)
        if has_to_fit and is_foreign(connection, desk.chain_key):
            raise StartError(
                f"{own_path}: this key did not write this database’s audit log: it belongs to another database, or the "
                "log was rewritten; put back your copy of the right one, or look: foreword audit verify"
            )
        if known and known[-1].id not in desk.keys:
            raise StartError(f"{folder}: the key {known[-1].id}, to which answers are sealed, is missing; put it back")
        return desk if known else _register_keys(connection, folder, desk, settings, now)


def require_own_database(engine: Engine, settings: Settings) -> None:
    """Raise `StartError` where keys are there and the database they belong to is not: an empty one is no replacement.

    Whoever went on with it would believe that nobody had ever sent anything. One that has its tables and nothing else
    is what a restore leaves that broke off.
    """
    folder = settings.data / FOLDER
    has_keys = (folder / DESK_FILE).exists()
    has_sealed = has_keys and bool(list_response_keys(folder))
    if (has_keys and is_new(engine)) or (has_sealed and is_unbegun(engine)):
        raise StartError(
            f"FOREWORD_DATABASE_URL: the database is empty, and {folder} has the keys of one that was "
            "not; restore the newest backup: foreword restore (or, to begin anew, move that folder away)"
        )


def read_desk(settings: Settings) -> Desk:
    """Return the desk with the keys that are there, without a database, or raise `StartError`."""
    folder = settings.data / FOLDER
    if not (folder / DESK_FILE).exists():
        raise StartError(f"{folder / DESK_FILE}: the key is missing; put your copy of the folder {FOLDER}/ there first")
    return _build_desk(folder, settings.key_passphrases)


def name_response_key(key_id: str) -> str:
    """Return the file name of a response key."""
    return f"response-{key_id}.pem"


def list_response_keys(folder: Path) -> list[Path]:
    """Return the files in a folder that are called as response keys are: a copy under another name is nobody's key."""
    return sorted(path for path in folder.glob(name_response_key("*")) if _RESPONSE_FILE.fullmatch(path.name))


def write_key(path: Path, key: PrivateKey, passphrase: str) -> None:
    """Write a private key, readable by its owner only; raises `StartError`."""
    try:
        write_once(path, dump_private_key(key, passphrase))
    except OSError as error:
        raise StartError(f"{path}: the key cannot be written: {error.strerror}; let this program write there") from None


def read_key(path: Path, *passphrases: str) -> PrivateKey:
    """Return the private key in a file that is locked with one of these passphrases, or raise `StartError`."""
    content = read_private(path, f"run: chmod 600 '{path}'")
    for passphrase in passphrases:
        with suppress(KeyFileError):
            return load_private_key(content, passphrase)
    raise StartError(f"{path}: {KeyFileError()}; set FOREWORD_KEY_PASSPHRASE, or put back your copy of the file")


def _build_desk(folder: Path, passphrases: Sequence[str]) -> Desk:
    own = read_key(folder / DESK_FILE, *passphrases)
    return Desk(
        keys=KeyRing(folder, passphrases),
        own=own,
        chain_key=own.derive("audit chain"),
        token_key=own.derive("search tokens"),
    )


def _register_keys(connection: Connection, folder: Path, desk: Desk, settings: Settings, now: datetime) -> Desk:
    """Record the public halves of the keys there are, of a new one where there is none."""
    if not desk.keys:
        made = make_private_key()
        write_key(folder / name_response_key(made.public.id), made, settings.key_passphrase)
        desk = _build_desk(folder, settings.key_passphrases)
    for key in desk.keys.values():
        record_key(connection, key.public, now)
        append_event(connection, desk.chain_key, Event(action="key.made", actor="program", subject=key.public.id), now)
    return desk
