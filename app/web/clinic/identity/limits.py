"""How often somebody may try to sign in: for each name and network, for each name, and for each network (S9).

A name that nobody has is slowed like any other (S11). Whoever signed in from a network before is not slowed there by
what others try, and nobody is locked out for ever. Whoever is slowed costs the database no write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import request
from sqlalchemy import Connection

from app.storage.engine import begin_read, begin_write
from app.storage.throttles import find_tally
from app.web.clinic.accounting import record
from app.web.services import get_services
from app.web.throttle import (
    FORGOTTEN_AFTER,
    Budget,
    Policy,
    Slot,
    count_failure,
    find_spent,
    find_wait,
    forgive,
    give_back,
    name_network,
    name_slot,
    refund,
    spend,
    take_try,
)

PASSWORD: Final = "password"  # noqa: S105  the name of a step
CODE: Final = "code"
"""The steps at which tries are counted."""

NETWORK_BUDGET: Final = Budget(most=100, window=timedelta(hours=1))
"""How many tries of people nobody knows fail from one network: many, for a clinic and its waiting room share one."""

_IPV6_SITE: Final = 48  # what one customer gets of a provider: single households of it cost nothing to make up
_MINUTE: Final = timedelta(minutes=1)
_HERE: Final = Policy(free=5, first=_MINUTE / 4, longest=15 * _MINUTE, memory=60 * _MINUTE)
_ANYWHERE: Final = {
    PASSWORD: Policy(free=50, first=_MINUTE / 4, longest=_MINUTE, memory=24 * 60 * _MINUTE),
    # Whoever guesses codes knows the password already: a hundred guesses a day, of a million.
    CODE: Policy(free=20, first=_MINUTE, longest=15 * _MINUTE, memory=24 * 60 * _MINUTE),
}
_KNOWN: Final = Policy(free=1, first=FORGOTTEN_AFTER, longest=FORGOTTEN_AFTER, memory=timedelta())  # its wait: how long
_CHALLENGE: Final = Policy(free=1, first=24 * 60 * _MINUTE, longest=24 * 60 * _MINUTE, memory=24 * 60 * _MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of whoever tries, before anything is counted."""

    wait: timedelta
    is_known: bool


def look(step: str, account: str) -> Look:
    """Return how long somebody has to wait, and whether they signed in from here before; writes nothing."""
    services = get_services()
    now = services.now()
    with begin_read(services.engine) as connection:
        is_known = _is_known(connection, step, account)
        waits = [find_wait(connection, slot, now) for slot in _list_slots(step, account, is_known=is_known)]
        if step == PASSWORD and not is_known:
            waits.append(find_spent(connection, _name_budget(), NETWORK_BUDGET, now))
    return Look(wait=max(waits), is_known=is_known)


def begin_try(step: str, account: str) -> timedelta:
    """Count a try at a step and return zero, or return how long to wait."""
    services = get_services()
    now = services.now()
    with begin_write(services.engine) as connection:
        is_known = _is_known(connection, step, account)
        if step == PASSWORD and not is_known:
            wait = _spend(connection)
            if wait > timedelta():
                return wait
        wait = take_try(connection, _list_slots(step, account, is_known=is_known), now)
        if wait > timedelta() and step == PASSWORD and not is_known:
            refund(connection, _name_budget())
        return wait


def note_success(connection: Connection, step: str, account: str) -> None:
    """Take this try back, forget the ones here, and remember that this network is the person's own.

    Tallies are held in the order of `begin_try`, so that no two people wait for each other.
    """
    now = get_services().now()
    here, anywhere, known = _name_slots(step, account)
    if step == PASSWORD and not _is_known(connection, step, account):
        refund(connection, _name_budget())
    if find_tally(connection, anywhere.key) is not None:
        give_back(connection, anywhere, now)
    forgive(connection, here)
    count_failure(connection, known, now)


def look_at_passkeys() -> timedelta:
    """Return how long passkeys that open nothing are not counted here any more. Writes nothing."""
    services = get_services()
    with begin_read(services.engine) as connection:
        return find_spent(connection, _name_budget(), NETWORK_BUDGET, services.now())


def count_passkey_failure(connection: Connection) -> timedelta:
    """Count a passkey that opened nothing and return zero, or return how long others are not counted."""
    return _spend(connection)


def note_passkey_success(connection: Connection, account: str) -> None:
    """Remember that this network is the person's own."""
    *_, known = _name_slots(PASSWORD, account)
    count_failure(connection, known, get_services().now())


def take_challenge(connection: Connection, challenge: str) -> bool:
    """Use a challenge up, and tell whether it is the first time: a copied cookie holds it for an hour."""
    return not take_try(connection, [name_slot(_CHALLENGE, "challenge", challenge)], get_services().now())


def _spend(connection: Connection) -> timedelta:
    """Spend one of this network's tries and return zero, or return how long there are none; told once in the log."""
    count, wait = spend(connection, _name_budget(), NETWORK_BUDGET, get_services().now())
    if count == NETWORK_BUDGET.most + 1:
        record(connection, "person.sign-in-failed", outcome="refused", step="network", tries=NETWORK_BUDGET.most)
    return wait


def _is_known(connection: Connection, step: str, account: str) -> bool:
    *_, known = _name_slots(step, account)
    return find_wait(connection, known, get_services().now()) > timedelta()


def _list_slots(step: str, account: str, *, is_known: bool) -> list[Slot]:
    here, anywhere, _ = _name_slots(step, account)
    return [here] if is_known else [anywhere, here]


def _name_slots(step: str, account: str) -> tuple[Slot, Slot, Slot]:
    network = name_network(request.remote_addr)
    return (
        name_slot(_HERE, "here", step, account, network),
        name_slot(_ANYWHERE[step], "anywhere", step, account),
        name_slot(_KNOWN, "known", account, network),
    )


def _name_budget() -> str:
    return name_slot(_HERE, "network", name_network(request.remote_addr, _IPV6_SITE)).key
