"""The folder of sealed backups: a new one each night, the older ones until their days are over, and what was erased.

A file has its name only once it was restored and is on the disk: whatever breaks off leaves nothing that looks like a
backup. Nothing of another clinic is ever touched, which the sealed head of each file tells.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.desk.backup import BackupError, Manifest, prove_backup, write_backup
from app.desk.keyring import Desk
from app.vault.box import name_key

_ENDING: Final = ".backup"
_PARTIAL: Final = ".partial"
_MOMENT: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"foreword-[0-9a-f]{16}-(\d{8}T\d{6}Z)\.backup")

Steps = Callable[[Iterator[int]], Iterable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a backup is made of: the database, the keys it is proved with, and the data folder that this happens in."""

    engine: Engine
    desk: Desk = field(repr=False)
    data: Path


def make_backup(path: Path, key: bytes, source: Source, now: datetime, show: Steps = iter) -> Manifest:
    """Write a backup to a file of this name and return what it says of itself; `show` is given the steps to walk.

    Raises `BackupError` or `OSError`, and then nothing is left of it.
    """
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)  # whatever the umask is
    with os.fdopen(handle, "w+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH)  # so that nobody takes it for what somebody left
            for _ in show(write_backup(source.engine, key, file, now)):
                pass
            file.flush()
            os.fsync(file.fileno())
            manifest = prove_backup(file, key, source.desk, source.data)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)
    return manifest


def name_backup(folder: Path, key: bytes, now: datetime) -> Path:
    """Return where a backup of a moment is put: its clinic and its moment are its name."""
    return folder / f"foreword-{name_key(key)}-{now.astimezone(UTC):{_MOMENT}}{_ENDING}"


def list_backups(folder: Path, key: bytes) -> list[tuple[datetime, Path]]:
    """Return the backups in a folder that are sealed with a key, each with its moment, oldest first."""
    return sorted(
        (datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC), path)
        for path in folder.glob(f"foreword-{name_key(key)}-*{_ENDING}")
        if (name := _NAME.fullmatch(path.name))
    )


def find_newest(folder: Path, key: bytes) -> Path:
    """Return the newest backup in a folder, or raise `BackupError`."""
    found = list_backups(folder, key)
    if not found:
        raise BackupError("no backup that is sealed with this key lies there")
    return found[-1][1]


def remove_old(folder: Path, key: bytes, days: int, now: datetime) -> int:
    """Remove the backups that are older than so many days and return how many; call it after a newer one was proved.

    The newest is never removed, whatever its name says.
    """
    old = [path for moment, path in list_backups(folder, key)[:-1] if now - moment > timedelta(days=days)]
    for path in old:
        path.unlink(missing_ok=True)
    sync_folder(folder)
    return len(old)


def clear_partials(folder: Path, key: bytes) -> int:
    """Remove what a backup left that was killed, and return how many that were; none that somebody writes."""
    count = 0
    for path in folder.glob(f".foreword-{name_key(key)}-*{_ENDING}{_PARTIAL}"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            count += 1
    return count


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
