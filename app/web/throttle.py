"""Who has to wait before the next try: longer each time, the same for all processes, and never for ever (S9, S12).

Tries are counted before they are judged, so that fifty at once are fifty. Names and addresses are stored as keyed
hashes: what is typed as a name may be a password. Counts stand in Redis where there is one, else in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from flask import current_app

from app.storage.engine import begin_read, begin_write
from app.storage.throttles import DatabaseTallies, Tallies, Tally
from app.web.services import get_services

FORGOTTEN_AFTER: Final = timedelta(days=30)
"""How long a network is remembered as somebody's own."""

_IPV6_NETWORK: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How tries are slowed: `free` of them at once, then a wait that doubles from `first` to `longest`.

    After `memory` without a try all is forgotten.
    """

    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta

    def find_wait(self, tries: int) -> timedelta:
        """Return how long to wait after so many tries.

        >>> minute = timedelta(minutes=1)
        >>> policy = Policy(free=5, first=minute / 4, longest=15 * minute, memory=60 * minute)
        >>> [int(policy.find_wait(tries).total_seconds()) for tries in (4, 5, 6, 7, 50)]
        [0, 15, 30, 60, 900]
        """
        if tries < self.free:
            return timedelta()
        doublings = min(tries - self.free, 30)
        return min(self.first * (1 << doublings), self.longest)


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tries there are in a window of time, from its first one; then none before the window ends."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Slot:
    """What is counted: a key of the database, and how it is slowed."""

    key: str
    policy: Policy


def name_slot(policy: Policy, *about: str) -> Slot:
    """Return the slot for what is counted, such as an account and a network."""
    return Slot(name_key(*about), policy)


def name_key(*about: str) -> str:
    """Return the key under which something is counted."""
    secret = current_app.secret_key
    key = secret if isinstance(secret, bytes) else str(secret).encode()
    text = "\0".join(about).encode("utf-8", "surrogatepass")
    return hmac.new(key, b"foreword throttle 1\0" + text, hashlib.sha256).hexdigest()


def name_network(address: str | None, ipv6_bits: int = _IPV6_NETWORK) -> str:
    """Return the network an address counts for: itself, or for IPv6 the 64 bits that one household has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if parsed.version == 4:  # noqa: PLR2004  IPv4
        return str(parsed)
    return str(ipaddress.ip_network((parsed, ipv6_bits), strict=False))


@contextmanager
def read_tallies() -> Iterator[Tallies]:
    """Give the tallies to look at; raises `TalliesGoneError` where they stand in a Redis that does not answer."""
    services = get_services()
    if services.redis is not None:
        yield services.redis
        return
    with begin_read(services.engine) as connection:
        yield DatabaseTallies(connection)


@contextmanager
def open_tallies() -> Iterator[Tallies]:
    """Give the tallies to change: together, where they stand in the database; raises as `read_tallies` does."""
    services = get_services()
    if services.redis is not None:
        yield services.redis
        return
    with begin_write(services.engine) as connection:
        yield DatabaseTallies(connection)


def take_try(tallies: Tallies, slots: Iterable[Slot], now: datetime) -> timedelta:
    """Count a try in each slot and return zero, or count nothing and return how long to wait."""
    taken = list(slots)

    def decide(held: Sequence[Tally]) -> tuple[Sequence[Tally], timedelta]:
        waits = (_left(tally, now, slot.policy.longest) for slot, tally in zip(taken, held, strict=True))
        wait = max(waits, default=timedelta())
        if wait > timedelta():
            return held, wait
        return [_count(slot, tally, now) for slot, tally in zip(taken, held, strict=True)], timedelta()

    return tallies.change([slot.key for slot in taken], now, decide)


def find_wait(tallies: Tallies, slot: Slot, now: datetime) -> timedelta:
    """Return how long to wait, where only failures are counted."""
    tally = tallies.find(slot.key)
    return _left(tally, now, slot.policy.longest) if tally else timedelta()


def count_failure(tallies: Tallies, slot: Slot, now: datetime) -> None:
    """Count a try that failed."""
    tallies.change([slot.key], now, lambda held: ([_count(slot, held[0], now)], None))


def forgive(tallies: Tallies, slot: Slot) -> None:
    """Forget what was counted: the right one has come."""
    tallies.forget(slot.key)


def give_back(tallies: Tallies, slot: Slot, now: datetime) -> None:
    """Take one try back, if any was counted, and let the next one come at once."""
    if tallies.find(slot.key) is not None:
        tallies.change([slot.key], now, lambda held: ([_give_back(held[0], until=now)], None))


def find_spent(tallies: Tallies, key: str, budget: Budget, now: datetime) -> timedelta:
    """Return how long a budget that is spent stays so; zero while something is left of it."""
    tally = tallies.find(key)
    is_spent = tally is not None and tally.tries > budget.most
    return _left(tally, now, budget.window) if tally and is_spent else timedelta()


def spend(tallies: Tallies, key: str, budget: Budget, now: datetime) -> tuple[int, timedelta]:
    """Spend one try, and return how many that makes and how long to wait: more than zero where none was left."""

    def decide(held: Sequence[Tally]) -> tuple[Sequence[Tally], tuple[int, timedelta]]:
        [tally] = held
        if not _left(tally, now, budget.window):
            tally = Tally(tries=0, last_at=now, until=now + budget.window)
        if tally.tries > budget.most:
            return held, (tally.tries + 1, tally.until - now)
        spent = replace(tally, tries=tally.tries + 1, last_at=now)
        return [spent], (spent.tries, tally.until - now if spent.tries > budget.most else timedelta())

    return tallies.change([key], now, decide)


def refund(tallies: Tallies, key: str) -> None:
    """Take one try back: it was not a failure."""
    tally = tallies.find(key)
    if tally is not None and tally.tries > 0:
        tallies.change([key], tally.last_at, lambda held: ([_give_back(held[0], until=held[0].until)], None))


def _left(tally: Tally, now: datetime, longest: timedelta) -> timedelta:
    """Return how long is left to wait: nothing, where it is longer than anybody ever waits.

    Then a clock that was ahead has written it, and went back since: nobody is to be locked out by that.
    """
    left = tally.until - now
    return left if timedelta() < left <= longest else timedelta()


def _give_back(tally: Tally, until: datetime) -> Tally:
    return replace(tally, tries=max(tally.tries - 1, 0), until=until)


def _count(slot: Slot, tally: Tally, now: datetime) -> Tally:
    tries = 1 if now - tally.last_at >= slot.policy.memory else tally.tries + 1
    return Tally(tries=tries, last_at=now, until=now + slot.policy.find_wait(tries))
