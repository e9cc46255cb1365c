"""Counts about responses, for the overview and for exports: numbers only, each found by an index.

Every statement looks back a given time and no further, so that it costs no more as the years go by. What is sealed is
neither read nor needed; what a token means is known elsewhere.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, select

from app.storage.responses import ReviewStatus
from app.storage.tables import EDITIONS, RESPONSE_TOKENS, RESPONSES

_SINCE: Final = RESPONSES.c.received_at >= bindparam("since")
_BETWEEN: Final = select(func.count()).where(_SINCE, RESPONSES.c.received_at < bindparam("until"))
_BEFORE: Final = select(func.count()).where(RESPONSES.c.received_at < bindparam("since"))
_AFTER: Final = select(func.count()).where(RESPONSES.c.received_at >= bindparam("until"))
_OUTSIDE: Final = select(_BEFORE.scalar_subquery() + _AFTER.scalar_subquery())
_NEWEST_FIRST: Final = (
    select(RESPONSES.c.received_at)
    .where(_SINCE)
    .order_by(RESPONSES.c.received_at.desc(), RESPONSES.c.reference.desc())
    .offset(bindparam("number"))
    .limit(1)
)
_OLDEST: Final = select(func.min(RESPONSES.c.received_at))
_NEWEST: Final = select(func.max(RESPONSES.c.received_at))
_REVIEW_TIMES: Final = (
    select(RESPONSES.c.sent_at, RESPONSES.c.reviewed_at)
    .where(
        RESPONSES.c.review_status == ReviewStatus.COMPLETED.value,
        _SINCE,
        RESPONSES.c.received_at < bindparam("until"),
    )
    .order_by(RESPONSES.c.received_at.desc())
    .limit(bindparam("limit"))
)
_BY_EDITION: Final = _BETWEEN.where(RESPONSES.c.edition_hash == bindparam("edition_hash"))
_EDITIONS_USED: Final = (
    select(EDITIONS.c.hash)
    .where(exists().where(RESPONSES.c.edition_hash == EDITIONS.c.hash))
    .order_by(EDITIONS.c.first_used_at.desc(), EDITIONS.c.hash)
)
_TOKEN: Final = select(func.count()).where(
    RESPONSE_TOKENS.c.token == bindparam("token"), RESPONSE_TOKENS.c.received_at >= bindparam("since")
)

_RESTRICTED: Final = select(RESPONSES.c.reference).where(RESPONSES.c.is_restricted.is_(True), _SINCE)
_TOKENS_OF: Final = select(RESPONSE_TOKENS.c.token).where(RESPONSE_TOKENS.c.reference == bindparam("key"))


def find_oldest_time(connection: Connection) -> datetime | None:
    """Return when the oldest response that is kept came in; None where there is none."""
    found: datetime | None = connection.execute(_OLDEST).scalar()
    return found


def find_newest_time(connection: Connection) -> datetime | None:
    """Return when the newest response that is kept came in; None where there is none."""
    found: datetime | None = connection.execute(_NEWEST).scalar()
    return found


def count_received(connection: Connection, moments: Sequence[datetime]) -> list[int]:
    """Return how many responses came in between each of these moments and the next."""
    return [
        connection.execute(_BETWEEN, {"since": since, "until": until}).scalar_one()
        for since, until in pairwise(moments)
    ]


def count_outside(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how many of the responses that are kept came in before a moment, or not before another."""
    found: int = connection.execute(_OUTSIDE, {"since": since, "until": until}).scalar_one()
    return found


def begin_last(connection: Connection, count: int, since: datetime) -> datetime:
    """Return the moment from which on the last responses came in, so many of them, or all since a moment."""
    found: datetime | None = connection.execute(_NEWEST_FIRST, {"number": count - 1, "since": since}).scalar()
    return found or since


def list_review_times(connection: Connection, since: datetime, until: datetime, limit: int) -> list[timedelta]:
    """Return how long reviewed responses that came in between two moments waited since they were last sent.

    Those received last come first, and no more than `limit`.
    """
    rows = connection.execute(_REVIEW_TIMES, {"since": since, "until": until, "limit": limit})
    return [max(reviewed_at - sent_at, timedelta()) for sent_at, reviewed_at in rows if reviewed_at is not None]


def list_used_editions(connection: Connection) -> list[str]:
    """Return the hashes of the editions that a response has, the newest first."""
    return list(connection.execute(_EDITIONS_USED).scalars())


def count_by_edition(
    connection: Connection, editions: Collection[str], since: datetime, until: datetime
) -> Mapping[str, int]:
    """Return how many responses that came in between two moments have each of these editions."""
    times = {"since": since, "until": until}
    return {
        edition: connection.execute(_BY_EDITION, {"edition_hash": edition, **times}).scalar_one()
        for edition in editions
    }


def count_tokens_since(connection: Connection, tokens: Collection[str], since: datetime) -> Mapping[str, int]:
    """Return how many responses since a moment have each of these search tokens; restricted ones are not among them."""
    restricted = connection.execute(_RESTRICTED, {"since": since}).scalars().all()
    away = Counter(token for one in restricted for token in connection.execute(_TOKENS_OF, {"key": one}).scalars())
    return {
        token: connection.execute(_TOKEN, {"token": token, "since": since}).scalar_one() - away[token]
        for token in tokens
    }
