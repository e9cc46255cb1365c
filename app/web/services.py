"""What every request may reach: settings, database, editions, the clinic, the clock. Made once in `create_app`.

It must never hold anything about a patient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import Engine

from app.output.frame import Clinic
from app.settings import Settings
from app.web.edition import EditionKeeper

_EXTENSION = "foreword-services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts a request works with; `clinic` is None until the clinic is set up: *not open yet*."""

    settings: Settings
    engine: Engine
    editions: EditionKeeper
    clinic: Clinic | None
    now: Callable[[], datetime]

    def localize(self, moment: datetime) -> datetime:
        """Return a moment on the clinic's clock: the one that people write dates by."""
        return moment.astimezone(ZoneInfo(self.clinic.time_zone) if self.clinic else UTC)

    def today(self) -> date:
        """Return today's date at the clinic."""
        return self.localize(self.now()).date()


def init_app(app: Flask, services: Services) -> None:
    """Give an application its services."""
    app.extensions[_EXTENSION] = services


def get_services() -> Services:
    """Return the services of the running application."""
    return cast("Services", current_app.extensions[_EXTENSION])


def read_clock() -> datetime:
    """Return the present moment in UTC: the only place where the web reads a clock."""
    return datetime.now(UTC)
