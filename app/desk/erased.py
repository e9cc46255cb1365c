"""The list of what staff erased, sealed and beside the backups, so that a restore does not bring it back (S18).

It holds references and moments, and of nobody anything else. It only ever grows: a backup that is restored years later
may have any of them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from app.desk.backup import BackupError
from app.files import replace_whole
from app.storage.audit import AuditFilter, Event, append_event, count_entries, stream_entries
from app.storage.engine import begin_read
from app.storage.responses import erase_response
from app.vault.box import PREFIX_LENGTH, BoxError, name_key, open_stream, seal_stream

_ACTION: Final = "response.erased"
_DONE: Final = AuditFilter(action=_ACTION, outcome="done")
_FORMAT: Final = 1
_LINES: Final = 1_000


class ErasedList:
    """Keeps the list of a folder up to date with what a database's audit log says."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """Nothing was looked at yet."""
        self._folder = folder
        self._key = key
        self._known: int | None = None

    def update(self, engine: Engine) -> int:
        """Write what was erased since the last time and return how many the list has then, 0 where it was up to date.

        The first time it is written even if nothing was erased: that is what it then says.

        Raises `BackupError` where the list that is there does not open: it is left as it is, and no other is begun.
        """
        with begin_read(engine) as connection:
            count = count_entries(connection, _DONE)
            if count == self._known:
                return 0
            erased = {entry.event.subject: entry.at.isoformat() for entry in stream_entries(connection, _DONE)}
        path = name_list(self._folder, self._key)
        merged = {**read_list(path, self._key), **erased}
        _write(path, self._key, merged)
        self._known = count
        return len(merged)


def name_list(folder: Path, key: bytes) -> Path:
    """Return where the list is that belongs to the backups of a key."""
    return folder / f"foreword-{name_key(key)}.erased"


def count_unlisted(engine: Engine, path: Path, key: bytes, until: datetime) -> int:
    """Return how many responses were erased before a moment and are not on the list; raises `BackupError`."""
    listed = read_list(path, key)
    with begin_read(engine) as connection:
        wanted = AuditFilter(action=_ACTION, outcome="done", until=until)
        return len({entry.event.subject for entry in stream_entries(connection, wanted)} - listed.keys())


def read_list(path: Path, key: bytes) -> Mapping[str, str]:
    """Return what was erased, each reference with its moment: nothing where there is no list; raises `BackupError`."""
    try:
        with path.open("rb") as file:
            text = b"".join(open_stream(key, file.read))
        lines = [json.loads(line) for line in text.splitlines()]
        return {str(reference): str(moment) for part in lines for reference, moment in part["erased"].items()}
    except FileNotFoundError:
        return {}
    except BoxError as error:
        raise BackupError(f"the list of what was erased, {path.name}: {error.fault}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"the list of what was erased, {path.name}: it is not what this program writes") from None


def erase_again(
    connection: Connection, chain_key: bytes, erased: Mapping[str, str], now: datetime, *, actor: str
) -> int:
    """Erase what is on the list and there again, account for each, and return how many that were."""
    count = 0
    for reference in sorted(erased):
        if erase_response(connection, reference):
            event = Event(action=_ACTION, actor=actor, subject=reference, about={"reason": "restored-backup"})
            append_event(connection, chain_key, event, now)
            count += 1
    return count


def _write(path: Path, key: bytes, erased: Mapping[str, str]) -> None:
    with replace_whole(path) as file:
        for part in seal_stream(key, _list_parts(erased), secrets.token_bytes(PREFIX_LENGTH)):
            file.write(part)


def _list_parts(erased: Mapping[str, str]) -> Iterator[bytes]:
    all_of_it = sorted(erased.items())
    for start in range(0, len(all_of_it), _LINES):
        part = {"foreword": _FORMAT, "erased": dict(all_of_it[start : start + _LINES])}
        yield json.dumps(part, separators=(",", ":")).encode() + b"\n"
