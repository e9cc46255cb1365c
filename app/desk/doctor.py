"""The doctor: looks at everything that can be wrong with a running clinic, and tells all of it at once.

It changes nothing, and says nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from app.desk import doctor_backup, doctor_clinic, doctor_record, doctor_server
from app.desk.finding import Finding, Look
from app.logs import record_failure
from app.settings import Settings

PARTS: Final[tuple[tuple[str, Callable[[Look], Iterator[Finding]]], ...]] = (
    ("Address and encryption", doctor_server.look_at_address),
    ("Demonstration", doctor_server.look_at_demonstration),
    ("The clinic’s settings and help lines", doctor_clinic.look_at_settings),
    ("Questionnaire", doctor_clinic.look_at_questionnaire),
    ("People", doctor_clinic.look_at_people),
    ("Intake", doctor_clinic.look_at_intake),
    ("Retention", doctor_clinic.look_at_retention),
    ("E-mail notice", doctor_clinic.look_at_mail),
    ("Backup", doctor_backup.look_at_backup),
    ("Keys", doctor_record.look_at_keys),
    ("Audit log", doctor_record.look_at_audit),
    ("Database schema", doctor_record.look_at_schema),
    ("Redis", doctor_server.look_at_redis),
    ("Files", doctor_server.look_at_files),
    ("Disk", doctor_server.look_at_disk),
    ("Clock", doctor_server.look_at_clock),
)
"""What is looked at, by the name an administrator reads."""

_PATIENTS_ONLY: Final[tuple[tuple[str, Callable[[Look], Iterator[Finding]]], ...]] = (
    ("Private keys", doctor_record.look_for_stray_keys),
)
_ELSEWHERE: Final = frozenset({"Redis"})  # of which nothing can be told but by asking another machine
_CLOSED_HALF: Final = frozenset(
    {"People", "Intake", "Retention", "E-mail notice", "Backup", "Keys", "Audit log"}
)  # the business of the machine that has the private keys


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the clinic, and what was found there: nothing, when it is in order."""

    name: str
    findings: tuple[Finding, ...]


def examine(
    settings: Settings, engine: Engine, now: datetime, *, is_online: bool = False, is_quick: bool = False
) -> list[Part]:
    """Return every part with what is not in order there; a look that fails is a finding itself.

    `is_online` asks other machines than the database as well; a folder of backups is looked at in any case, wherever it
    lies, and waited for two seconds. `is_quick` believes all but the newest entries of the audit log, and looks at some
    thousands of what is sealed.
    """
    look = Look(settings=settings, engine=engine, now=now, is_online=is_online, is_quick=is_quick)
    parts = PARTS
    if not settings.has_staff:
        parts = tuple((name, see) for name, see in PARTS if name not in _CLOSED_HALF) + _PATIENTS_ONLY
    if not is_online:
        parts = tuple((name, see) for name, see in parts if name not in _ELSEWHERE)
    return [Part(name, tuple(_look(name, see, look))) for name, see in parts]


def _look(name: str, see: Callable[[Look], Iterator[Finding]], look: Look) -> Iterator[Finding]:
    try:
        yield from see(look)
    except Exception as error:  # noqa: BLE001  whatever it is, the other parts are looked at
        record_failure(error, "doctor failed", part=name)
        yield Finding(name, f"it could not be looked at ({type(error).__name__})", "see the log for the place")
