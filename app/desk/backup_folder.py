"""The folder of sealed backups: a new one each night, the older ones until their days are over, and what was erased.

A file has its name only once it was restored and is on the disk: whatever breaks off leaves nothing that looks like a
backup. Nothing of another clinic is ever touched, which the sealed head of each file tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.desk.backup import (
    BackupError,
    Manifest,
    Pace,
    accept_those_of,
    hurry,
    prove_backup,
    read_manifest,
    write_backup,
)
from app.desk.keyring import Desk
from app.files import clear_partials, replace_whole, sync_folder
from app.vault.box import name_key

AHEAD: Final = timedelta(days=2)
"""How far ahead of the clock the date of a backup may be: two machines may disagree about the day, no further."""

_ENDING: Final = ".backup"
_MOMENT: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(r"foreword-[0-9a-f]{16}-(\d{8}T\d{6}Z)\.backup")

_NAMED: Final = 3
_KEPT: Final = 7
"""How many are kept besides the newest, whatever their age: one night with the clock ahead makes all of them old."""

Steps = Callable[[Iterator[int]], Iterable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a backup is made of: the database, the keys it is proved with, and the data folder that this happens in."""

    engine: Engine
    desk: Desk = field(repr=False)
    data: Path


def make_backup(
    path: Path, key: bytes, source: Source, now: datetime, show: Steps = iter, pace: Pace = hurry
) -> Manifest:
    """Write a backup to a file of this name and return what it says of itself.

    `show` is given the steps of writing to walk, `pace` is called after each of proving. Raises `BackupError`,
    `OSError` or `SQLAlchemyError`, and then nothing is left of it. What is wrong with the database itself is in the
    backup as well, and in what it says of itself.
    """
    with replace_whole(path) as file:
        for _ in show(write_backup(source.engine, key, file, now)):
            pass
        accept = accept_those_of(source.engine, source.desk, pace)
        return prove_backup(file, key, source.desk, source.data, pace, accept)


def name_backup(folder: Path, key: bytes, now: datetime) -> Path:
    """Return where a backup of a moment is put: its clinic and its moment are its name."""
    return folder / f"foreword-{name_key(key)}-{now.astimezone(UTC):{_MOMENT}}{_ENDING}"


def list_backups(folder: Path, key: bytes) -> list[tuple[datetime, Path]]:
    """Return the backups in a folder that are sealed with a key, each with its moment, oldest first."""
    found = ((_read_moment(path), path) for path in folder.glob(f"foreword-{name_key(key)}-*{_ENDING}"))
    return sorted((moment, path) for moment, path in found if moment is not None)


def find_newest(folder: Path, key: bytes, now: datetime) -> Path:
    """Return the newest backup in a folder, or raise `BackupError` where none is, or none can be told to be it.

    A date is only what a clock said. One ahead of now is not believed, nor one whose audit log is shorter than that of
    an older backup: whoever restores says which it is to be.
    """
    found = list_backups(folder, key)
    if not found:
        raise BackupError(_describe_missing(folder, key))
    believed = [path for moment, path in found if moment <= now + AHEAD]
    if not believed:
        raise BackupError(
            "every backup there is dated ahead of this machine’s clock; set the clock, or name the file you want"
        )
    newest = believed[-1]
    entries = {path: _count_entries(path, key) for path in believed}
    longest = max(reversed(believed), key=lambda path: entries[path])
    if 0 < entries[newest] < entries[longest]:
        raise BackupError(
            f"{newest.name} has the later date, and {longest.name} the longer audit log: a clock was wrong, or an "
            "older backup was restored in between; name the file you want"
        )
    return newest


def _describe_missing(folder: Path, key: bytes) -> str:
    message = f"none of the nightly backups of this key (foreword-{name_key(key)}-….backup) lies there"
    others = sorted(path.name for path in folder.glob(f"*{_ENDING}"))
    return f"{message}; name the file you want, such as {', '.join(others[:_NAMED])}" if others else message


def remove_old(folder: Path, key: bytes, days: int, now: datetime) -> int:
    """Remove the backups that are older than so many days and return how many; call it after a newer one was proved.

    The newest ones stay whatever their age. Those dated ahead of now are neither removed nor counted among them.
    """
    believed = [(moment, path) for moment, path in list_backups(folder, key) if moment <= now + AHEAD]
    rest = believed[: -(min(days, _KEPT) + 1)]
    old = [path for moment, path in rest if now - moment > timedelta(days=days)]
    for path in old:
        path.unlink(missing_ok=True)
    sync_folder(folder)
    return len(old)


def clear_folder(folder: Path, key: bytes) -> int:
    """Remove what was killed while it wrote a backup or the list there, and return how many; none that is written."""
    return clear_partials(folder, f"foreword-{name_key(key)}")


def _read_moment(path: Path) -> datetime | None:
    name = _NAME.fullmatch(path.name)
    try:
        return datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC) if name else None
    except ValueError:
        return None  # no day of any calendar: this program did not name it


def _count_entries(path: Path, key: bytes) -> int:
    """Return how long a backup says its audit log is; 0 where that cannot be read, which a proof will tell."""
    try:
        with path.open("rb") as file:
            return read_manifest(file, key).head.number
    except (BackupError, OSError):
        return 0
