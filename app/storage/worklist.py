"""The work list: responses that fit a filter, a page at a time by keyset, so that it costs no more as the years go by.

What a person looks for by name, birth or answer comes in as sealed tokens; nothing here knows what they mean.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal_column, select, tuple_

from app.storage.responses import COLUMNS, ReviewStatus, StoredResponse, read_response
from app.storage.tables import RESPONSE_TOKENS, RESPONSES

PAGE: Final = 25
"""How many responses a page of the list has."""

MOST_COUNTED: Final = 1000
"""How far responses are counted; what is more is told as *more than*, so that counting costs no more than this."""

_FEW: Final = 5000
"""A token that no more responses have is where a search begins: measured with a hundred thousand of them."""


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
        for part in _divide(connection, wanted)
        for row in connection.execute(part.order(part.narrow(part.select_all())).limit(limit)).mappings()
    ]
    found.sort(key=lambda one: (one.received_at, one.reference), reverse=wanted.is_newest_first)
    return found[:limit]


def count_responses(connection: Connection, wanted: ResponseFilter, at_most: int = MOST_COUNTED) -> int:
    """Return how many responses fit, counting no further than one more than `at_most`."""
    total = 0
    for part in _divide(connection, wanted):
        some = part.narrow(select(part.responses.reference)).limit(at_most + 1).subquery()
        total += connection.execute(select(func.count()).select_from(some)).scalar_one()
        if total > at_most:
            return at_most + 1
    return total


def count_by_status(connection: Connection) -> dict[ReviewStatus, int]:
    """Return how many responses are in each state now."""
    statement = select(RESPONSES.c.review_status, func.count()).group_by(RESPONSES.c.review_status)
    counted = {ReviewStatus(status): count for status, count in connection.execute(statement)}
    return {status: counted.get(status, 0) for status in ReviewStatus}


@dataclass(frozen=True, slots=True)
class _Part:
    """A look-up of its own: some states, among all responses or among the few that have a rare token."""

    wanted: ResponseFilter
    statuses: tuple[ReviewStatus, ...]
    tokens: tuple[str, ...]
    responses: Any

    def select_all(self) -> Select[Any]:
        return select(*(self.responses[column.name] for column in COLUMNS))

    def narrow(self, statement: Select[Any]) -> Select[Any]:
        responses, wanted = self.responses, self.wanted
        states = [status.value for status in self.statuses]
        statement = statement.where(
            responses.review_status.in_(states) if states[1:] else responses.review_status == states[0]
        )
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
        for token in self.tokens:
            statement = statement.where(_has_token(responses, token))
        return statement

    def order(self, statement: Select[Any]) -> Select[Any]:
        responses, wanted = self.responses, self.wanted
        key = tuple_(responses.received_at, responses.reference)
        if wanted.after is not None:
            place = (wanted.after.received_at, wanted.after.reference)
            statement = statement.where(key < place if wanted.is_newest_first else key > place)
        columns = (responses.received_at, responses.reference)
        return statement.order_by(*((column.desc() for column in columns) if wanted.is_newest_first else columns))


def _divide(connection: Connection, wanted: ResponseFilter) -> list[_Part]:
    """Return the look-ups that together find what is wanted.

    What has a rare token is looked up by that token, all states at once. Otherwise there is no token, or so many have
    each of them that they are soon met on the way through the index of a state.
    """
    if not wanted.statuses:
        return []
    counts = {token: _count_token(connection, token) for token in wanted.tokens}
    rarest = min(counts, key=lambda token: counts[token], default=None)
    if rarest is None or counts[rarest] > _FEW:
        return [_Part(wanted, (status,), wanted.tokens, RESPONSES.c) for status in wanted.statuses]
    first = RESPONSE_TOKENS.alias().c
    holders = select(first.reference).where(first.token == rarest)
    for token in wanted.tokens:
        if token != rarest:  # whoever lacks another one is not even looked up
            holders = holders.where(_has_token(first, token))
    # With a limit of its own it stays a look-up of its own: nothing outside can make another index look better.
    few = select(*COLUMNS).where(RESPONSES.c.reference.in_(holders)).limit(_FEW).subquery()
    return [_Part(wanted, wanted.statuses, (), few.c)]


def _has_token(row: Any, token: str) -> Any:  # noqa: ANN401  columns, and a condition on them
    """Return the condition that a response has a token, for a row that says which response and when it came."""
    held = RESPONSE_TOKENS.alias().c
    # By the whole key: by the reference alone SQLite would read every entry of the token for each response. And looked
    # up for each response: PostgreSQL makes a join of EXISTS, over all the responses there are and all their tokens.
    is_here = (held.token == token, held.received_at == row.received_at, held.reference == row.reference)
    return select(literal_column("1")).where(*is_here).scalar_subquery().is_not(None)


def _count_token(connection: Connection, token: str) -> int:
    some = select(RESPONSE_TOKENS.c.reference).where(RESPONSE_TOKENS.c.token == token).limit(_FEW + 1).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
