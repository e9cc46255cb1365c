"""How many forms may be sent from one network in an hour: many, for a waiting room shares one address (security.md S9).

Where nobody can count them, patients go on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import request
from sqlalchemy import Connection

from app.logs import record_failure
from app.storage.throttles import DatabaseTallies, TalliesGoneError
from app.web.services import get_services
from app.web.throttle import Budget, name_key, name_network, spend

_HOUR: Final = timedelta(hours=1)


def take_place(connection: Connection) -> timedelta:
    """Count a form that this transaction sends and return zero, or return how long no more come from its network."""
    services = get_services()
    budget = Budget(most=services.settings.sends_an_hour, window=_HOUR)
    key = name_key("sends", name_network(request.remote_addr))
    try:
        _, wait = spend(services.redis or DatabaseTallies(connection), key, budget, services.now())
    except TalliesGoneError as error:
        record_failure(error, "tries not counted")
        return timedelta()
    return wait
