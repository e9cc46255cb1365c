"""The review of a response: who has it and where it stands, changed by one person at a time.

Each change names the revision it saw, and is done only from the states it belongs to: of two reviewers at once the
second is told who was first, and nothing is lost.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, update

from app.storage.responses import OPEN, ReviewStatus, StoredResponse, find_response
from app.storage.tables import RESPONSES

_CHANGE: Final[dict[tuple[str, ...], Update]] = {
    names: update(RESPONSES)
    .where(
        RESPONSES.c.reference == bindparam("key"),
        RESPONSES.c.revision == bindparam("seen"),
        *([RESPONSES.c.review_status.in_(bindparam("states", expanding=True))] if "review_status" in names else []),
    )
    .values(revision=RESPONSES.c.revision + 1, **{name: bindparam(f"new_{name}") for name in names})
    for names in (
        ("review_status", "owner", "call_on"),
        ("review_status", "owner", "call_on", "reviewed_at"),
        ("is_kept",),
        ("is_restricted",),
    )
}


class StaleReviewError(Exception):
    """The response was changed since it was shown, or is in a state from which this is not done.

    `current` is how it stands now, None when it was erased.
    """

    def __init__(self, current: StoredResponse | None) -> None:
        self.current = current
        super().__init__("the response was changed by somebody else")


def claim(connection: Connection, seen: StoredResponse, person: str) -> StoredResponse:
    """Give a response to a person to review; raises `StaleReviewError`, as all functions here do."""
    return _change(connection, seen, OPEN, review_status=ReviewStatus.IN_PROGRESS.value, owner=person, call_on=None)


def release(connection: Connection, seen: StoredResponse) -> StoredResponse:
    """Put a response back for anybody."""
    return _change(connection, seen, OPEN, review_status=ReviewStatus.REQUESTED.value, owner=None, call_on=None)


def hold_for_call(connection: Connection, seen: StoredResponse, person: str, due: date) -> StoredResponse:
    """Note that somebody has to call the patient, and until when."""
    return _change(
        connection, seen, OPEN, review_status=ReviewStatus.ON_HOLD.value, owner=person, call_on=due.isoformat()
    )


def complete(connection: Connection, seen: StoredResponse, person: str, now: datetime) -> StoredResponse:
    """Mark a response reviewed: it leaves the list (UA-103)."""
    return _change(
        connection,
        seen,
        OPEN,
        review_status=ReviewStatus.COMPLETED.value,
        owner=person,
        call_on=None,
        reviewed_at=now,
    )


def reopen(connection: Connection, seen: StoredResponse, person: str) -> StoredResponse:
    """Take a reviewed response up again."""
    return _change(
        connection,
        seen,
        (ReviewStatus.COMPLETED,),
        review_status=ReviewStatus.IN_PROGRESS.value,
        owner=person,
        call_on=None,
        reviewed_at=None,
    )


def keep(connection: Connection, seen: StoredResponse, *, is_kept: bool) -> StoredResponse:
    """Put a response under a legal hold, so that no purge takes it, or end that."""
    return _change(connection, seen, None, is_kept=is_kept)


def restrict(connection: Connection, seen: StoredResponse, *, is_restricted: bool) -> StoredResponse:
    """Keep a response from being used while a request of the patient's is decided, or end that (L-14)."""
    return _change(connection, seen, None, is_restricted=is_restricted)


def _change(
    connection: Connection,
    seen: StoredResponse,
    states: Collection[ReviewStatus] | None,
    **values: Any,  # noqa: ANN401  columns
) -> StoredResponse:
    bound = {f"new_{name}": value for name, value in values.items()}
    where: dict[str, Any] = {"key": seen.reference, "seen": seen.revision}
    if states is not None:
        where["states"] = [status.value for status in states]
    done = connection.execute(_CHANGE[tuple(values)], {**where, **bound}).rowcount
    current = find_response(connection, seen.reference)
    if done != 1 or current is None:
        raise StaleReviewError(current)
    return current
