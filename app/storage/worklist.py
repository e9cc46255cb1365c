"""The work list: responses that fit a filter, a page at a time by keyset, so that it costs no more as the years go by.

What a person looks for by name, birth or answer comes in as sealed tokens; nothing here knows what they mean.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, tuple_

from app.storage.responses import COLUMNS, ReviewStatus, StoredResponse, read_response
from app.storage.tables import RESPONSE_TOKENS, RESPONSES

PAGE: Final = 25
"""How many responses a page of the list has."""

MOST_COUNTED: Final = 1000
"""How far responses are counted; what is more is told as *more than*, so that counting costs no more than this."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: the response after, or before, which a page begins."""

    received_at: datetime
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFilter:
    """Which responses to list: those that fit all that is set. `tokens` must all be there.

    `is_newest_first` is the order; `after` continues behind a place in that order.
    """

    statuses: tuple[ReviewStatus, ...] = tuple(ReviewStatus)
    reference: str = ""
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None
    edition_hash: str = ""
    tokens: tuple[str, ...] = ()
    has_restricted: bool = False
    is_newest_first: bool = False
    after: Place | None = None


def list_responses(connection: Connection, wanted: ResponseFilter, limit: int = PAGE) -> list[StoredResponse]:
    """Return the first responses that fit, in the filter's order.

    Each state is looked up by itself: so each look-up follows an index in order, and the rest is a merge.
    """
    found = [
        read_response(row)
        for status in wanted.statuses
        for row in connection.execute(_order(_narrow(select(*COLUMNS), wanted, status), wanted).limit(limit)).mappings()
    ]
    found.sort(key=lambda one: (one.received_at, one.reference), reverse=wanted.is_newest_first)
    return found[:limit]


def count_responses(connection: Connection, wanted: ResponseFilter, at_most: int = MOST_COUNTED) -> int:
    """Return how many responses fit, counting no further than one more than `at_most`."""
    total = 0
    for status in wanted.statuses:
        some = _narrow(select(RESPONSES.c.reference), wanted, status).limit(at_most + 1).subquery()
        total += connection.execute(select(func.count()).select_from(some)).scalar_one()
        if total > at_most:
            return at_most + 1
    return total


def count_by_status(connection: Connection) -> dict[ReviewStatus, int]:
    """Return how many responses are in each state now."""
    statement = select(RESPONSES.c.review_status, func.count()).group_by(RESPONSES.c.review_status)
    counted = {ReviewStatus(status): count for status, count in connection.execute(statement)}
    return {status: counted.get(status, 0) for status in ReviewStatus}


def _narrow(statement: Select[Any], wanted: ResponseFilter, status: ReviewStatus) -> Select[Any]:
    responses = RESPONSES.c
    statement = statement.where(responses.review_status == status.value)
    if not wanted.has_restricted:
        statement = statement.where(responses.is_restricted.is_(False))
    if wanted.reference:
        statement = statement.where(responses.reference == wanted.reference)
    if wanted.owner:
        statement = statement.where(responses.owner == wanted.owner)
    if wanted.edition_hash:
        statement = statement.where(responses.edition_hash == wanted.edition_hash)
    if wanted.since is not None:
        statement = statement.where(responses.received_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(responses.received_at < wanted.until)
    for token in wanted.tokens:
        held = RESPONSE_TOKENS.alias()
        statement = statement.join(held, held.c.reference == responses.reference).where(held.c.token == token)
    return statement


def _order(statement: Select[Any], wanted: ResponseFilter) -> Select[Any]:
    key = tuple_(RESPONSES.c.received_at, RESPONSES.c.reference)
    if wanted.after is not None:
        place = (wanted.after.received_at, wanted.after.reference)
        statement = statement.where(key < place if wanted.is_newest_first else key > place)
    columns = (RESPONSES.c.received_at, RESPONSES.c.reference)
    return statement.order_by(*((column.desc() for column in columns) if wanted.is_newest_first else columns))
