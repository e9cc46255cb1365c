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

from app.clinic.keeper import ClinicKeeper
from app.desk.keyring import Desk, DeskKeeper
from app.output.frame import Clinic
from app.settings import Settings
from app.storage.throttles import Tallies
from app.web.edition import EditionKeeper

_EXTENSION = "foreword-services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts a request works with; `desks` is None where only patients are served: no private key is needed.

    `redis` is None where tries are counted in the database.
    """

    settings: Settings
    engine: Engine
    editions: EditionKeeper
    keeper: ClinicKeeper
    desks: DeskKeeper | None
    now: Callable[[], datetime]
    redis: Tallies | None = None

    @property
    def clinic(self) -> Clinic | None:
        """Return the clinic as it is set now; None until it is set up: *not open yet*."""
        return self.keeper.get().clinic

    @property
    def desk(self) -> Desk:
        """Return the clinic's private keys; raises LookupError where only patients are served (design D-7)."""
        if self.desks is None:
            raise LookupError("no private key is needed to serve patients, and none is here")
        return self.desks.get()

    def localize(self, moment: datetime) -> datetime:
        """Return a moment on the clinic's clock: the one that people write dates by."""
        clinic = self.clinic
        return moment.astimezone(ZoneInfo(clinic.time_zone) if clinic else UTC)

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
