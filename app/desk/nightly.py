"""What the clinic's side does by itself once a day, however many processes run: purge, notice, check.

Each chore is one process's while it is being done, and done for the day only when it succeeded: what failed, or died
with its process, is tried again half an hour later. A failure is logged, and stops neither the others nor a page. They
are for a thread of their own: the check asks other machines, and goes through the whole audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from app.clinic.keeper import ClinicKeeper
from app.clinic.profile import DEMONSTRATION, load_settings
from app.desk.doctor import examine
from app.desk.keyring import Desk
from app.desk.notice import send_notice
from app.desk.retention import CHORE, is_clock_believed, purge_all
from app.logs import get_log, record_failure
from app.settings import Settings
from app.storage.chores import find_last_time, hold_chore, note_time
from app.storage.clinic_settings import find_settings
from app.storage.engine import begin_write

PURGE: Final = CHORE
NOTICE: Final = "notice"
CHECK: Final = "check"

_HOURS: Final = {PURGE: 2, CHECK: 3, NOTICE: 7}
"""From which hour on, by the clinic's clock, each chore is done."""

_TIME_TO_HOLD: Final = timedelta(days=1)
"""How long nothing is purged after a restore: the legal holds that it lost are set by people, by day."""

ACTOR: Final = "program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What the chores work with."""

    settings: Settings
    engine: Engine
    keeper: ClinicKeeper
    desk: Desk = field(repr=False)


def run_due_chores(night: Night, now: datetime) -> tuple[str, ...]:
    """Do the chores that are due and that nobody did today; return which of them this process tried."""
    settings = night.keeper.get().settings
    if settings is None:
        return ()
    local = now.astimezone(ZoneInfo(settings.time_zone))
    tried = []
    for name, chore in _CHORES.items():
        try:
            if local.hour < _HOURS[name]:
                continue
            if name == PURGE and not _may_purge(night, now):
                continue  # not begun, so that the last one stays known; the check tells of it, and so does the doctor
            with hold_chore(night.engine, name, local.date(), now) as is_ours:
                if not is_ours:
                    continue
                tried.append(name)
                chore(night, now)
                with begin_write(night.engine) as connection:
                    note_time(connection, name, local.date(), now)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are done, and the pages go on
            record_failure(error, "chore failed", chore=name)
    return tuple(tried)


def put_off_purge(connection: Connection, since: datetime, now: datetime) -> datetime:
    """Have no night purge within a day from now, and return when the first one does, by the clinic's clock.

    `since` is of when the database is. The last purge stays as long ago as it was: no clock is believed for this.
    """
    stored = find_settings(connection)
    settings = load_settings(stored.content) if stored else DEMONSTRATION  # a clinic without settings has no nights
    zone, hour = ZoneInfo(settings.time_zone), _HOURS[PURGE]
    last_free = (now.astimezone(zone) + _TIME_TO_HOLD - timedelta(hours=hour)).date()
    note_time(connection, PURGE, last_free, min(find_last_time(connection, PURGE) or since, now))
    return datetime.combine(last_free + timedelta(days=1), time(hour), zone)


def _may_purge(night: Night, now: datetime) -> bool:
    """Tell whether the clock is believed; a demonstration erases only what is made up, and lies idle for months."""
    return night.settings.is_demo or is_clock_believed(night.engine, now)


def _purge(night: Night, now: datetime) -> None:
    purge_all(night.engine, night.desk.chain_key, now, actor=ACTOR)


def _send(night: Night, now: datetime) -> None:
    send_notice(night.engine, night.settings, night.keeper.get().settings, now)


def _check(night: Night, now: datetime) -> None:
    if night.settings.is_demo:
        return  # nobody runs it: what the doctor says of every demonstration would only be in the way
    for part in examine(night.settings, night.engine, now, is_online=True):
        if part.findings:
            get_log().warning("doctor found something", part=part.name, count=len(part.findings))


_CHORES: Final[dict[str, Callable[[Night, datetime], None]]] = {PURGE: _purge, CHECK: _check, NOTICE: _send}
