"""The work list: responses that fit a filter, a page at a time by keyset, so that it costs no more as the years go by.

What a person looks for by name, birth or answer comes in as sealed tokens; nothing here knows what they mean.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, func, literal_column, select, tuple_

from app.storage.responses import COLUMNS, ReviewStatus, StoredResponse, read_response
from app.storage.tables import RESPONSE_TOKENS, RESPONSES

PAGE: Final = 25
"""How many responses a page of the list has."""

MOST_COUNTED: Final = 1000
"""How far responses are counted; what is more is told as *more than*, so that counting costs no more than this."""

_AHEAD: Final = 1000
"""How far a token, or a state, is looked along to tell how thinly it is spread there."""

_FOLLOWED: Final = RESPONSE_TOKENS.alias("followed").c
_HELD: Final = RESPONSE_TOKENS.alias("held").c
_ITS: Final = RESPONSES.alias("its").c  # named once: a name of a table takes longer to make than a look-up


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

    Each look-up follows an index in order and stops where it has enough; the rest is a merge.
    """
    found = [
        read_response(row)
        for part in _divide(connection, wanted)
        for row in connection.execute(part.select_all(limit)).mappings()
    ]
    found.sort(key=lambda one: (one.received_at, one.reference), reverse=wanted.is_newest_first)
    return found[:limit]


def count_responses(connection: Connection, wanted: ResponseFilter, at_most: int = MOST_COUNTED) -> int:
    """Return how many responses fit, counting no further than one more than `at_most`."""
    total = 0
    for part in _divide(connection, wanted):
        some = part.select_references(at_most + 1).subquery()
        total += connection.execute(select(func.count()).select_from(some)).scalar_one()
        if total > at_most:
            return at_most + 1
    return total


def count_by_status(
    connection: Connection, statuses: Collection[ReviewStatus] = tuple(ReviewStatus)
) -> dict[ReviewStatus, int]:
    """Return how many responses are in each of these states now."""
    statement = (
        select(RESPONSES.c.review_status, func.count())
        .where(RESPONSES.c.review_status.in_([status.value for status in statuses]))
        .group_by(RESPONSES.c.review_status)
    )
    counted = {ReviewStatus(status): count for status, count in connection.execute(statement)}
    return {status: counted.get(status, 0) for status in statuses}


@dataclass(frozen=True, slots=True)
class _Part:
    """A look-up of its own: some states, met in order among those who have a token, or a state among all responses.

    Whoever is met is asked for the other tokens, the rarest first: few are asked for the rest.
    """

    wanted: ResponseFilter
    statuses: tuple[ReviewStatus, ...]
    token: str = ""
    others: tuple[str, ...] = ()

    def select_all(self, limit: int) -> Select[Any]:
        found = self.select_references(limit)
        if not self.token:
            return found.with_only_columns(*COLUMNS)
        return select(*COLUMNS).where(RESPONSES.c.reference.in_(found))

    def select_references(self, limit: int) -> Select[Any]:
        if self.token:
            row = _FOLLOWED
            fits = _is_there(_ITS.reference == row.reference, *self._fit(_ITS))
            follows = (row.token == self.token, fits)
        else:
            row = RESPONSES.c
            follows = tuple(self._fit(row))
        others = [_has_token(row, token) for token in self.others]
        statement = select(row.reference).where(*others, *follows, *_limit_times(row, self.wanted))
        return _order(row, statement, self.wanted).limit(limit)

    def _fit(self, row: Any) -> Iterator[Any]:  # noqa: ANN401  columns, and conditions on them
        """Give what a response's own row must be like."""
        wanted, states = self.wanted, [status.value for status in self.statuses]
        yield row.review_status.in_(states) if states[1:] else row.review_status == states[0]
        if not wanted.has_restricted:
            yield row.is_restricted.is_(False)
        if wanted.reference:
            yield row.reference == wanted.reference
        if wanted.owner:
            yield row.owner == wanted.owner
        if wanted.edition_hash:
            yield row.edition_hash == wanted.edition_hash


def _limit_times(row: Any, wanted: ResponseFilter) -> Iterator[Any]:  # noqa: ANN401  columns, and conditions on them
    if wanted.since is not None:
        yield row.received_at >= wanted.since
    if wanted.until is not None:
        yield row.received_at < wanted.until
    if wanted.after is not None:
        key, place = tuple_(row.received_at, row.reference), (wanted.after.received_at, wanted.after.reference)
        yield key < place if wanted.is_newest_first else key > place


def _order(row: Any, statement: Select[Any], wanted: ResponseFilter) -> Select[Any]:  # noqa: ANN401  columns
    columns = (row.received_at, row.reference)
    return statement.order_by(*((column.desc() for column in columns) if wanted.is_newest_first else columns))


def _divide(connection: Connection, wanted: ResponseFilter) -> list[_Part]:
    """Return the look-ups that together find what is wanted.

    Where there are tokens, the thinnest of all rows is followed, and who stands there is asked for the rest: at a
    million responses thousands have a name, and a state may be that of a few or of nearly all.
    """
    if not wanted.tokens or wanted.reference:
        return [_Part(wanted, (status,), others=wanted.tokens) for status in wanted.statuses]
    row = RESPONSE_TOKENS.c
    ranked = sorted((_look_along(connection, wanted, row, row.token == one), one) for one in set(wanted.tokens))
    thinness, tokens = ranked[0][0], tuple(token for _, token in ranked)
    by_state: list[ReviewStatus] = []
    if thinness.met == _AHEAD and set(wanted.statuses) != set(ReviewStatus):
        row = RESPONSES.c
        by_state = [
            status
            for status in wanted.statuses
            if _look_along(connection, wanted, row, row.review_status == status.value) < thinness
        ]
    by_token = tuple(status for status in wanted.statuses if status not in by_state)
    parts = [_Part(wanted, (status,), others=tokens) for status in by_state]
    return [*parts, _Part(wanted, by_token, tokens[0], tokens[1:])] if by_token else parts


class _Thinness(NamedTuple):
    """How many are met within the first thousand, and of a whole thousand how soon it ends: the lesser the thinner."""

    met: int
    nearness: float


def _look_along(
    connection: Connection,
    wanted: ResponseFilter,
    row: Any,  # noqa: ANN401  columns
    condition: Any,  # noqa: ANN401  one on them
) -> _Thinness:
    """Return how thinly these responses are spread where the page begins."""
    some = _order(row, select(row.received_at).where(condition, *_limit_times(row, wanted)), wanted)
    found = some.limit(_AHEAD).subquery()
    end = (func.min if wanted.is_newest_first else func.max)(found.c.received_at)
    met, last = connection.execute(select(func.count(), end)).one()
    away = last.timestamp() if last is not None else 0.0
    return _Thinness(met, away if wanted.is_newest_first else -away)


def _has_token(row: Any, token: str) -> Any:  # noqa: ANN401  columns, and a condition on them
    """Return the condition that a response has a token, for a row that says which response and when it came."""
    # By the whole key: by the reference alone SQLite would read every entry of the token for each response.
    return _is_there(_HELD.token == token, _HELD.received_at == row.received_at, _HELD.reference == row.reference)


def _is_there(*conditions: Any) -> Any:  # noqa: ANN401  conditions, and one more
    """Return the condition that a row of another table is there.

    It is looked up for each row: PostgreSQL makes a join of EXISTS, over all the responses there are and their tokens.
    """
    return select(literal_column("1")).where(*conditions).scalar_subquery().is_not(None)
