"""How often wrong resume codes may come from one address: often, for a waiting room shares one (security.md S12).

Where nobody can count them, patients go on: a code has 120 bits, and its throttle is there for the server's sake.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import request

from app.logs import record_failure
from app.storage.throttles import TalliesGoneError
from app.web.services import get_services
from app.web.throttle import (
    Policy,
    Slot,
    count_failure,
    find_wait,
    name_network,
    name_slot,
    open_tallies,
    read_tallies,
)

_MINUTE: Final = timedelta(minutes=1)
_POLICY: Final = Policy(free=100, first=_MINUTE, longest=10 * _MINUTE, memory=60 * _MINUTE)


def must_wait() -> bool:
    """Tell whether so many wrong codes came from here that the next one has to wait."""
    try:
        with read_tallies() as tallies:
            return find_wait(tallies, _name_slot(), get_services().now()) > timedelta()
    except TalliesGoneError as error:
        record_failure(error, "tries not counted")
        return False


def note_wrong_code() -> None:
    """Count a code that opens nothing; right ones are not counted."""
    try:
        with open_tallies() as tallies:
            count_failure(tallies, _name_slot(), get_services().now())
    except TalliesGoneError as error:
        record_failure(error, "tries not counted")


def _name_slot() -> Slot:
    return name_slot(_POLICY, "resume", name_network(request.remote_addr))
