"""How often wrong resume codes may come from one address: often, for a waiting room shares one (security.md S12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import request

from app.storage.engine import begin_read, begin_write
from app.web.services import get_services
from app.web.throttle import Policy, Slot, count_failure, find_wait, name_network, name_slot

_MINUTE: Final = timedelta(minutes=1)
_POLICY: Final = Policy(free=100, first=_MINUTE, longest=10 * _MINUTE, memory=60 * _MINUTE)


def must_wait() -> bool:
    """Tell whether so many wrong codes came from here that the next one has to wait."""
    services = get_services()
    with begin_read(services.engine) as connection:
        return find_wait(connection, _name_slot(), services.now()) > timedelta()


def note_wrong_code() -> None:
    """Count a code that opens nothing; right ones are not counted."""
    services = get_services()
    with begin_write(services.engine) as connection:
        count_failure(connection, _name_slot(), services.now())


def _name_slot() -> Slot:
    return name_slot(_POLICY, "resume", name_network(request.remote_addr))
