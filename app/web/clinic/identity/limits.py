"""How often somebody may try to sign in: for each name and network, and more slowly for each name (S9).

A name that nobody has is slowed like any other (S11). Whoever signed in from a network before is not slowed there by
what others try elsewhere, and nobody is locked out for ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import request
from sqlalchemy import Connection

from app.storage.engine import begin_write
from app.storage.throttles import find_tally
from app.web.services import get_services
from app.web.throttle import (
    FORGOTTEN_AFTER,
    Policy,
    Slot,
    count_failure,
    forgive,
    give_back,
    name_network,
    name_slot,
    take_try,
)

PASSWORD: Final = "password"  # noqa: S105  the name of a step
CODE: Final = "code"
"""The steps at which tries are counted."""

_MINUTE: Final = timedelta(minutes=1)
_HERE: Final = Policy(free=5, first=_MINUTE / 4, longest=15 * _MINUTE, memory=60 * _MINUTE)
_ANYWHERE: Final = {
    PASSWORD: Policy(free=50, first=_MINUTE / 4, longest=_MINUTE, memory=24 * 60 * _MINUTE),
    # Whoever guesses codes knows the password already: a hundred guesses a day, of a million.
    CODE: Policy(free=20, first=_MINUTE, longest=15 * _MINUTE, memory=24 * 60 * _MINUTE),
}
_KNOWN: Final = Policy(free=1, first=timedelta(), longest=timedelta(), memory=timedelta())


def begin_try(step: str, account: str) -> timedelta:
    """Count a try at a step and return zero, or return how long to wait."""
    services = get_services()
    now = services.now()
    with begin_write(services.engine) as connection:
        return take_try(connection, _list_slots(connection, step, account), now)


def take_back(step: str, account: str) -> None:
    """Take back a try that was counted and not judged."""
    services = get_services()
    with begin_write(services.engine) as connection:
        for slot in _list_slots(connection, step, account):
            give_back(connection, slot, services.now())


def note_success(connection: Connection, step: str, account: str) -> None:
    """Forget the tries here, take back this one elsewhere, and remember that this network is the person's own."""
    now = get_services().now()
    here, anywhere, known = _name_slots(step, account)
    forgive(connection, here)
    if find_tally(connection, anywhere.key) is not None:
        give_back(connection, anywhere, now)
    count_failure(connection, known, now)


def begin_passkey_try() -> timedelta:
    """Count a try with a passkey and return zero, or return how long to wait: nobody says whose it is before."""
    services = get_services()
    with begin_write(services.engine) as connection:
        return take_try(connection, [_name_passkey_slot()], services.now())


def note_passkey_success(connection: Connection) -> None:
    """Forget the tries with passkeys from here."""
    forgive(connection, _name_passkey_slot())


def _name_passkey_slot() -> Slot:
    return name_slot(_HERE, "here", "passkey", name_network(request.remote_addr))


def _list_slots(connection: Connection, step: str, account: str) -> list[Slot]:
    here, anywhere, known = _name_slots(step, account)
    tally = find_tally(connection, known.key)
    is_known = tally is not None and get_services().now() - tally.last_at < FORGOTTEN_AFTER
    return [here] if is_known else [anywhere, here]


def _name_slots(step: str, account: str) -> tuple[Slot, Slot, Slot]:
    network = name_network(request.remote_addr)
    return (
        name_slot(_HERE, "here", step, account, network),
        name_slot(_ANYWHERE[step], "anywhere", step, account),
        name_slot(_KNOWN, "known", account, network),
    )
