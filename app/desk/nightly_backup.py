"""The backup of the night, however many processes run: made, proved, entered in the log, and the old ones removed.

One that fails is an entry in the log and leaves the older ones where they are. It is for a thread of its own: it takes
as long as there is much to keep, and nobody may wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.desk.backup import KEY_FILE, NO_FLAWS, BackupError, Manifest, Pace, read_backup_key
from app.desk.backup_folder import Source, Steps, clear_folder, make_backup, name_backup, remove_old
from app.desk.doctor_backup import ACTION, FAILED, LAST_GOOD
from app.desk.keyring import Desk
from app.desk.nightly import ACTOR, Night
from app.logs import get_log, record_failure
from app.settings import Settings, StartError
from app.storage.audit import Event, append_event
from app.storage.chores import hold_chore, note_time
from app.storage.engine import begin_read, begin_write, is_current

CHORE: Final = "nightly backup"
_RESTS: Final = 1.0
"""How long it rests after each step, as a share of how long the step took: patients come first."""

FAILURES: Final = (BackupError, OSError, StartError, SQLAlchemyError)
"""Whatever a backup is known to fail with."""


class Rest:
    """Rests after each step as long as the step took: whoever is served by the same process waits less."""

    def __init__(self) -> None:
        """Begin the first step."""
        self._began = time.monotonic()

    def __call__(self) -> None:
        """Rest, and begin the next step."""
        time.sleep((time.monotonic() - self._began) * _RESTS)
        self._began = time.monotonic()


def run_due_backup(night: Night, now: datetime) -> bool:
    """Make the backup of this night if nobody made it; return whether this process tried.

    Whatever fails is logged, and tried again half an hour later: it is called where nobody would catch it.
    """
    try:
        return _run_if_due(night, now)
    except Exception as error:  # noqa: BLE001  whatever it is, the pages go on, and the next night has its backup
        record_failure(error, "backup failed")
        return True


def _run_if_due(night: Night, now: datetime) -> bool:
    settings, clinic = night.settings, night.keeper.get().settings
    if settings.backup_folder is None or clinic is None or not (settings.data / KEY_FILE).exists():
        return False
    if not _is_ours(night.engine):
        return False
    # A night lasts until the hour at which the next one begins: what fails before midnight is tried again after it.
    begun = (now.astimezone(ZoneInfo(clinic.time_zone)) - timedelta(hours=settings.backup_hour)).date()
    with hold_chore(night.engine, CHORE, begun, now) as is_ours:
        if not is_ours:
            return False
        back_up(settings, night.engine, night.desk, now, actor=ACTOR, pace=Rest())
        with begin_write(night.engine) as connection:
            note_time(connection, CHORE, begun, now)
    return True


def walk_slowly(steps: Iterator[int]) -> Iterable[int]:
    """Give the steps, with a rest after each."""
    rest = Rest()
    for step in steps:
        rest()
        yield step


def back_up(
    settings: Settings,
    engine: Engine,
    desk: Desk,
    now: datetime,
    *,
    actor: str,
    show: Steps = walk_slowly,
    pace: Pace,
) -> tuple[Path, Manifest]:
    """Put a proved backup into the folder of the settings and remove those whose days are over.

    Raises one of `FAILURES`; then the log says that it failed, and the older ones are there.
    """
    folder = settings.backup_folder
    if folder is None:
        raise StartError("FOREWORD_BACKUP_FOLDER: no folder is set; set one, or name a file")
    try:
        key = read_backup_key(settings.data / KEY_FILE)
        clear_folder(folder, key)
        path = name_backup(folder, key, now)
        source = Source(engine=engine, desk=desk, data=settings.data)
        manifest = make_backup(path, key, source, now, show, pace)
    except FAILURES as error:
        account_failure(engine, desk, error, now, actor=actor)
        raise
    account(engine, desk, manifest, now, actor=actor)
    if manifest.flaws == NO_FLAWS:  # older ones may be from before
        remove_old(folder, key, settings.backup_days, now)
    return path, manifest


def account(engine: Engine, desk: Desk, manifest: Manifest, now: datetime, *, actor: str) -> None:
    """Enter a good backup in the log, and note that it was the last."""
    about = {"rows": manifest.rows, "entries": manifest.head.number}
    if flaws := manifest.flaws.describe():
        about["flaws"] = len(flaws)
        get_log().error("the database that was backed up has faults; run foreword doctor", faults=flaws)
    with begin_write(engine) as connection:
        note_time(connection, LAST_GOOD, now.date(), now)
        append_event(connection, desk.chain_key, Event(action=ACTION, actor=actor, about=about), now)


def account_failure(engine: Engine, desk: Desk, error: Exception, now: datetime, *, actor: str) -> None:
    """Enter a backup that was not made in the log, if the database takes it: it may be what failed."""
    event = Event(action=ACTION, actor=actor, outcome=FAILED, about={"reason": _name_reason(error)})
    with suppress(SQLAlchemyError), begin_write(engine) as connection:
        append_event(connection, desk.chain_key, event, now)


def _name_reason(error: Exception) -> str:
    if isinstance(error, BackupError):
        return "not-good"
    if isinstance(error, StartError):
        return "no-key"
    if isinstance(error, SQLAlchemyError):
        return "no-database"
    return "no-folder" if isinstance(error, FileNotFoundError | NotADirectoryError) else "not-written"


def _is_ours(engine: Engine) -> bool:
    with begin_read(engine) as connection:
        return is_current(connection)
