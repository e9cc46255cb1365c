"""The doctor's look at backups: whether one is made by itself, when the last good one was, and whether it is there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.bounded import BoundedByKey, SlowError
from app.desk.backup import KEY_FILE, BackupError, read_backup_key
from app.desk.backup_folder import AHEAD, list_backups
from app.desk.erased import count_unlisted, name_list
from app.desk.finding import Finding, Look
from app.settings import StartError
from app.storage.audit import AuditFilter, list_entries
from app.storage.chores import find_last_time
from app.storage.engine import begin_read

LAST_GOOD: Final = "backup"
"""The chore under which the last good backup is noted, whoever made it."""

ACTION: Final = "backup.made"
FAILED: Final = "failed"
"""The outcome of one that was not made."""

_FOLDER_SECONDS: Final = 2.0
# The folder may be mounted from a machine that is gone. Then one look hangs, and not each.
_LOOKS: Final = BoundedByKey[Path, list[Finding]]()
_OLDEST: Final = timedelta(days=2)
_SKEW: Final = timedelta(hours=1)
"""How far ahead the clock of another machine may be without a word."""
_LISTED_AFTER: Final = timedelta(minutes=10)
"""How long the list of what was erased may take to have it."""
_REASONS: Final = {
    "no-key": "there is no usable key",
    "no-folder": "the folder was not there",
    "not-written": "it could not be written",
    "not-good": "it did not restore",
    "no-database": "the database failed",
}


def describe_last(engine: Engine, now: datetime) -> str:
    """Return when the last good backup was made, and how long ago that is."""
    with begin_read(engine) as connection:
        last = find_last_time(connection, LAST_GOOD)
    if last is None:
        return "none"
    if last - now > _SKEW:
        return f"{last:%Y-%m-%d %H:%M} UTC (ahead of the clock)"
    hours = max(now - last, timedelta()) // timedelta(hours=1)
    ago = f"{hours} h" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004  two days are counted as hours
    return f"{last:%Y-%m-%d %H:%M} UTC ({ago} ago)"


def look_at_backup(look: Look) -> Iterator[Finding]:
    """Look whether there is a good backup of these days, and whether the next one will be made."""
    folder = look.settings.backup_folder
    if folder is not None:
        try:
            run = _LOOKS.begin(folder, lambda: list(_look_at_folder(look, folder)))
            yield from run.wait(time.monotonic() + _FOLDER_SECONDS)
        except SlowError:
            yield Finding(
                str(folder), "it does not answer", "look at its disk, or at the machine that it is mounted from"
            )
    with begin_read(look.engine) as connection:
        last = find_last_time(connection, LAST_GOOD)
        # One made while the clock was ahead would hide all that came after it.
        tries = list_entries(connection, AuditFilter(action=ACTION, until=look.now + _SKEW), 1)
    remedy = "run: foreword backup FILE, and set FOREWORD_BACKUP_FOLDER for one every night"
    if folder is not None:
        remedy = "run: foreword backup, and look whether a server with the role clinic or all runs at night"
    if tries and tries[0].event.outcome == FAILED:
        reason = _REASONS.get(str(tries[0].event.about.get("reason")), "see the log")
        yield Finding("backup", f"the one tried at {tries[0].at:%Y-%m-%d %H:%M} UTC failed: {reason}", remedy)
    elif tries and folder is not None and tries[0].event.about.get("flaws"):
        yield Finding(
            str(folder),
            "no older backup is removed, because the newest one has the faults of the database itself",
            "put back what the parts Audit log and Keys name; where nothing brings that back, remove old ones by hand",
        )
    if last is None:
        yield Finding("backup", "none was made yet" + ("" if folder else ", and none is made by itself"), remedy)
    elif last - look.now > _SKEW:
        yield Finding(
            "backup",
            f"the last good one is dated {last:%Y-%m-%d %H:%M} UTC, which is still to come",
            f"look at the clock; then {remedy}",
        )
    elif look.now - last > _OLDEST:
        yield Finding("backup", f"the last good one is of {last:%Y-%m-%d %H:%M} UTC", remedy)


def _look_at_folder(look: Look, folder: Path) -> Iterator[Finding]:
    path = look.settings.data / KEY_FILE
    if not path.exists():
        yield Finding(
            str(path),
            "there is no backup key, and no backup is made by itself",
            "run: foreword backup, and copy the key elsewhere",
        )
        return
    try:
        key = read_backup_key(path)
    except StartError as error:
        yield Finding(str(path), "backups cannot be sealed", error.problems[0])
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(str(folder), "this program cannot write there", "make it or mount it, for this program's user")
        return
    yield from _look_at_list(look, folder, key)
    backups = list_backups(folder, key)
    for moment, path in backups:
        if moment > look.now + AHEAD:
            yield Finding(
                str(path),
                "this backup is dated ahead of the clock, and is left out when the newest is restored or old ones go",
                "look at the clock; if it is right now, move that file away once there is a newer one",
            )
    with begin_read(look.engine) as connection:
        last = find_last_time(connection, LAST_GOOD)
    if last is not None and not backups:
        yield Finding(str(folder), "no backup is in it any more", "run: foreword backup, and find out who removed them")


def _look_at_list(look: Look, folder: Path, key: bytes) -> Iterator[Finding]:
    path = name_list(folder, key)
    try:
        count = count_unlisted(look.engine, path, key, look.now - _LISTED_AFTER)
    except BackupError as error:
        yield Finding(str(folder), f"{error}", "put it back from a copy of the folder, or move it away")
        return
    if count:
        yield Finding(
            str(path),
            f"{count} responses that staff erased are not on the list: a restore would bring them back",
            "look into the log for why it was not written, and whether a server with the role clinic or all runs",
        )
