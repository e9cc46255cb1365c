"""Counts in Redis, for several machines: short to ask, quick to give up, and nothing in it that says anything (S9).

Nothing here is imported where FOREWORD_REDIS_URL is not set: it takes a tenth of a cold start.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import RedisError, WatchError
from redis.retry import Retry

from app.storage.throttles import Decide, TalliesGoneError, Tally

T = TypeVar("T")

_PREFIX: Final = "foreword:tries:"
_SECONDS: Final = 1.0
"""How long Redis may take to answer: a page waits no longer for it."""
_REST_SECONDS: Final = 2.0
"""How long it is not asked again after it did not answer: a page waits for it once, and the next pages not at all."""
_ATTEMPTS: Final = 200
_PAUSE: Final = 4_000
"""Microseconds that somebody who was overtaken rests at most, by chance: else the same ones meet again and again."""
_KEPT: Final = timedelta(days=1)  # the longest memory of a policy, as for the rows of the database


class RedisTallies:
    """Tallies in Redis; safe to use from several threads.

    Each call raises `TalliesGoneError` where Redis does not answer, or with what is no tally.

    What is changed is changed at once: there is no transaction around several calls.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet."""
        # Once more where a connection was lost, as after a restart of Redis; where it keeps silent, it is given up.
        once_more = Retry(NoBackoff(), 1, supported_errors=(LostError,))
        self._redis: Redis = Redis.from_url(
            url, decode_responses=True, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=once_more
        )
        self._rested_at = float("-inf")

    def find(self, key: str) -> Tally | None:
        """Return a tally, or None when nothing was counted."""
        with self._ask():
            return _read(self._redis.get(_PREFIX + key))

    def change(self, keys: Sequence[str], now: datetime, decide: Decide[T]) -> T:
        """Put what `decide` says in the place of these tallies, if nobody changed one meanwhile; else ask it again."""
        names = [_PREFIX + key for key in keys]
        with self._ask(), self._redis.pipeline() as pipeline:
            for _ in range(_ATTEMPTS):
                try:
                    return self._change(pipeline, names, now, decide)
                except WatchError:
                    time.sleep(secrets.randbelow(_PAUSE) / 1_000_000)
        raise TalliesGoneError

    def forget(self, key: str) -> None:
        """Delete a tally."""
        with self._ask():
            self._redis.delete(_PREFIX + key)

    def examine(self) -> str | None:
        """Return what is wrong with this Redis, in words for an operator, or None."""
        try:
            with self._ask():
                policy = str(self._redis.info("memory").get("maxmemory_policy", "noeviction"))
        except TalliesGoneError as error:
            return f"it does not answer ({type(error.__cause__).__name__}), so that nobody signs in with a password"
        if policy != "noeviction":
            return f"it forgets counts when its memory is full (maxmemory-policy {policy}): guessing goes on unslowed"
        return None

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    @staticmethod
    def _change(pipeline: Pipeline, names: Sequence[str], now: datetime, decide: Decide[T]) -> T:
        pipeline.watch(*names)
        fresh = Tally(tries=0, last_at=now, until=now)
        held = [_read(value) or fresh for value in pipeline.mget(names)]
        wanted, told = decide(held)
        changed = [(name, after) for name, before, after in zip(names, held, wanted, strict=True) if after != before]
        pipeline.multi()
        for name, tally in changed:
            life = max(tally.until, tally.last_at) - now + _KEPT
            pipeline.set(name, _write(tally), px=life)
        if changed:
            pipeline.execute()
        else:
            pipeline.reset()
        return told

    @contextmanager
    def _ask(self) -> Iterator[None]:
        if time.monotonic() < self._rested_at + _REST_SECONDS:
            raise TalliesGoneError
        try:
            yield
        except RedisError as error:
            self._rested_at = time.monotonic()
            raise TalliesGoneError from error


def _write(tally: Tally) -> str:
    return f"{tally.tries} {tally.last_at.isoformat()} {tally.until.isoformat()}"


def _read(value: object) -> Tally | None:
    """Return what a value says, or None where there is none; one that is no tally counts as no answer."""
    if value is None:
        return None
    try:
        tries, last_at, until = str(value).split()
        tally = Tally(tries=int(tries), last_at=datetime.fromisoformat(last_at), until=datetime.fromisoformat(until))
    except ValueError as error:
        raise TalliesGoneError from error
    if tally.tries < 0 or tally.last_at.tzinfo is None or tally.until.tzinfo is None:
        raise TalliesGoneError
    return tally
