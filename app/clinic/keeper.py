"""The clinic as it is set now: read from the database and kept for some seconds, the same object until it changes.

Without settings, or without help lines for its country, there is no clinic: patients see *not open yet*. Without a
key to seal to they can print, and not send. Where the database does not answer, what was read last holds on.
It must never read a private key.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.clinic.profile import (
    DEMONSTRATION,
    ClinicSettings,
    build_clinic,
    has_own_country,
    load_settings,
    require_contacts,
)
from app.output.frame import Clinic
from app.questionnaire.crisis import CrisisSet
from app.storage.clinic_keys import find_newest_key
from app.storage.clinic_settings import find_settings
from app.storage.engine import begin_read
from app.vault.keys import PublicKey

_SECONDS: Final = 5.0
"""How long a change in another process may go unnoticed here."""

_NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is set now: `clinic` is None until it is all there; `revision` is 0 until something was set."""

    settings: ClinicSettings | None
    clinic: Clinic | None
    key: PublicKey | None
    revision: int


class ClinicKeeper:
    """Reads what is set and remembers it; safe to call from several threads."""

    def __init__(self, engine: Engine, *, is_demonstration: bool) -> None:
        """Read nothing but the crisis contacts; raises `StartError` when their file has faults."""
        self._engine = engine
        self._is_demonstration = is_demonstration
        self._contacts = require_contacts()
        self._lock = threading.Lock()
        self._profile: Profile | None = None
        self._read_at = _NEVER

    @property
    def contacts(self) -> dict[str, CrisisSet]:
        """Return the crisis contacts a clinic can choose from, by country."""
        return self._contacts

    def get(self) -> Profile:
        """Return what is set now."""
        profile = self._profile
        if profile is not None and not self._is_old():
            return profile
        # While one reads, the others go on with what there is; what this process itself has set is waited for.
        if not self._lock.acquire(blocking=profile is None or self._read_at == _NEVER) and profile is not None:
            return profile
        try:
            if self._profile is None or self._is_old():
                self._profile = self._read_or_keep()
                self._read_at = time.monotonic()
            return self._profile
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Read anew at the next call: something was set by this process."""
        self._read_at = _NEVER

    def _is_old(self) -> bool:
        return time.monotonic() - self._read_at >= _SECONDS

    def _read_or_keep(self) -> Profile:
        try:
            return self._read(self._profile)
        except (SQLAlchemyError, OSError):
            # The database is away: every page needs the clinic, also the one that says so and keeps what was typed.
            if self._profile is None:
                raise
            return self._profile

    def _read(self, before: Profile | None) -> Profile:
        with begin_read(self._engine) as connection:
            stored = find_settings(connection)
            key = find_newest_key(connection)
        revision = stored.revision if stored else 0
        if before is not None and before.revision == revision and before.key == key:
            return before  # the same object: what was drawn for it can be kept
        settings = load_settings(stored.content) if stored else DEMONSTRATION if self._is_demonstration else None
        clinic = None
        if settings is not None and has_own_country(settings, self._contacts):  # no other's number is ever a guess
            clinic = build_clinic(settings, self._contacts, is_demonstration=self._is_demonstration)
        return Profile(settings=settings, clinic=clinic, key=key, revision=revision)
