"""How often somebody may try to sign in: for each name and network, for each name, and for each network (S9).

A name that nobody has is slowed like any other (S11). Whoever signed in from a network before is not slowed there by
what others try, and nobody is locked out for ever. Whoever is slowed costs the database no write.

Where counts stand in Redis and it does not answer, no password and no code is judged. What must not be forgotten with
them stays in the database: which networks are somebody's own, and which passkey's challenges were used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import request
from sqlalchemy import Connection

from app.logs import record_failure
from app.storage.engine import begin_read, begin_write
from app.storage.throttles import DatabaseTallies, Tallies, TalliesGoneError
from app.web.clinic.accounting import record
from app.web.clinic.identity.passwords import BusyError
from app.web.clinic.identity.words import CLOSED
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
    open_tallies,
    read_tallies,
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


class ClosedError(BusyError):
    """Tries cannot be counted at this moment, so that none is judged (security.md S9)."""

    sentence = CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of whoever tries, before anything is counted."""

    wait: timedelta
    is_known: bool


def look(step: str, account: str) -> Look:
    """Return how long somebody has to wait, and whether they signed in from here before; writes nothing.

    Raises `ClosedError`, as all do that follow and need the counts.
    """
    now = get_services().now()
    is_known = _is_known(step, account)
    with _is_closed_without(), read_tallies() as tallies:
        waits = [find_wait(tallies, slot, now) for slot in _list_slots(step, account, is_known=is_known)]
        if step == PASSWORD and not is_known:
            waits.append(find_spent(tallies, _name_budget(), NETWORK_BUDGET, now))
    return Look(wait=max(waits), is_known=is_known)


def begin_try(step: str, account: str) -> timedelta:
    """Count a try at a step and return zero, or return how long to wait."""
    is_known = _is_known(step, account)
    has_budget = step == PASSWORD and not is_known
    with _is_closed_without(), open_tallies() as tallies:
        wait = _spend(tallies) if has_budget else timedelta()
        if wait > timedelta():
            return wait
        wait = take_try(tallies, _list_slots(step, account, is_known=is_known), get_services().now())
        if wait > timedelta() and has_budget:
            refund(tallies, _name_budget())
        return wait


def note_success(step: str, account: str) -> None:
    """Take this try back, forget the ones here, and remember that this network is the person's own.

    Tallies are held in the order of `begin_try`, so that no two people wait for each other.
    """
    now = get_services().now()
    here, anywhere, known = _name_slots(step, account)
    has_budget = step == PASSWORD and not _is_known(step, account)
    with _is_closed_without(), open_tallies() as tallies:
        if has_budget:
            refund(tallies, _name_budget())
        give_back(tallies, anywhere, now)
        forgive(tallies, here)
        with _write_beside(tallies) as connection:
            count_failure(DatabaseTallies(connection), known, now)


def look_at_passkeys() -> timedelta:
    """Return how long passkeys that open nothing are not counted here any more. Writes nothing."""
    with _is_closed_without(), read_tallies() as tallies:
        return find_spent(tallies, _name_budget(), NETWORK_BUDGET, get_services().now())


def count_passkey_failure(subject: str) -> timedelta:
    """Count and log a passkey that opened nothing and return zero, or return how long others are not counted."""
    with _is_closed_without(), open_tallies() as tallies:
        wait = _spend(tallies)
        if not wait:
            with _write_beside(tallies) as connection:
                record(connection, "person.sign-in-failed", subject=subject, outcome="refused", step="passkey")
        return wait


def note_passkey_success(connection: Connection, account: str) -> None:
    """Remember that this network is the person's own."""
    *_, known = _name_slots(PASSWORD, account)
    count_failure(DatabaseTallies(connection), known, get_services().now())


def take_challenge(connection: Connection, challenge: str) -> bool:
    """Use a challenge up, and tell whether it is the first time: a copied cookie holds it for an hour."""
    slot = name_slot(_CHALLENGE, "challenge", challenge)
    return not take_try(DatabaseTallies(connection), [slot], get_services().now())


@contextmanager
def _is_closed_without() -> Iterator[None]:
    try:
        yield
    except TalliesGoneError as error:
        record_failure(error, "tries not counted")
        raise ClosedError from error


@contextmanager
def _write_beside(tallies: Tallies) -> Iterator[Connection]:
    """Give the transaction in which tallies are changed, or one of its own where they stand elsewhere."""
    if isinstance(tallies, DatabaseTallies):
        yield tallies.connection
        return
    with begin_write(get_services().engine) as connection:
        yield connection


def _spend(tallies: Tallies) -> timedelta:
    """Spend one of this network's tries and return zero, or return how long there are none; told once in the log."""
    count, wait = spend(tallies, _name_budget(), NETWORK_BUDGET, get_services().now())
    if count == NETWORK_BUDGET.most + 1:
        with _write_beside(tallies) as connection:
            record(connection, "person.sign-in-failed", outcome="refused", step="network", tries=NETWORK_BUDGET.most)
    return wait


def _is_known(step: str, account: str) -> bool:
    *_, known = _name_slots(step, account)
    services = get_services()
    with begin_read(services.engine) as connection:
        return find_wait(DatabaseTallies(connection), known, services.now()) > timedelta()


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
