"""Responses: what patients sent, sealed to the clinic; one row for each reference and one for each version of it.

Uniqueness is the database's: however often a draft is sent at once, one response with one reference is there (UA-31).
Nothing here can open what is sealed.
"""

import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, String, and_, bindparam, delete, func, insert, or_, select, text, update

from app.storage.metadata import UtcDateTime
from app.storage.tables import NOTES, RESPONSE_TOKENS, RESPONSE_VERSIONS, RESPONSES
from app.vault.reference import make_reference

_ID_BYTES: Final = 16

Seal = Callable[[str, str], bytes]
"""Seals the content to the clinic for a version's row id and its reference."""


class ReviewStatus(StrEnum):
    """FHIR R4 Task.status, as far as a review uses it; people read New, In review, Needs a call, Reviewed."""

    REQUESTED = "requested"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"


_STATES: Final = {status.value: status for status in ReviewStatus}

OPEN: Final = (ReviewStatus.REQUESTED, ReviewStatus.IN_PROGRESS, ReviewStatus.ON_HOLD)
"""The states in which a response is still on the work list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    """One response as the clinic's list knows it, without what is sealed; `owner` is a person's id.

    `review_status` is None where this program does not know what stands there: the row is a newer program's, say.
    """

    reference: str
    version: int
    edition_hash: str
    language: str
    received_at: datetime
    sent_at: datetime
    delete_at: datetime
    review_status: ReviewStatus | None
    owner: str | None
    call_on: str | None
    reviewed_at: datetime | None
    revision: int
    is_kept: bool
    is_restricted: bool
    taken_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of a response, sealed."""

    id: str
    reference: str
    version: int
    edition_hash: str
    sealed: bytes = field(repr=False)
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be stored of one sending; `version` is the one the sender means to send, counted from 1."""

    receipt_hash: str
    version: int
    edition_hash: str
    language: str
    delete_at: datetime
    seal: Seal


COLUMNS: Final = tuple(RESPONSES.c[name] for name in StoredResponse.__slots__)

# One statement that both databases know, and no target: a second sending and a reference that is taken both do nothing.
_INSERT: Final = text(
    "INSERT INTO responses (reference, receipt_hash, version, edition_hash, language, received_at, sent_at, delete_at, "
    "review_status, owner, call_on, reviewed_at, revision, is_kept, is_restricted, taken_in) "
    "VALUES (:reference, :receipt_hash, 1, :edition_hash, :language, :now, :now, :delete_at, "
    "'requested', NULL, NULL, NULL, 0, FALSE, FALSE, 0) ON CONFLICT DO NOTHING"
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("delete_at", type_=UtcDateTime))
_INSERT_VERSION: Final = insert(RESPONSE_VERSIONS)
_LOCK_RECEIPT: Final = select(*COLUMNS).where(RESPONSES.c.receipt_hash == bindparam("receipt_hash")).with_for_update()
_FIND_RECEIPT: Final = select(*COLUMNS).where(RESPONSES.c.receipt_hash == bindparam("receipt_hash"))
_FIND: Final = select(*COLUMNS).where(RESPONSES.c.reference == bindparam("reference"))
_FIND_SEVERAL: Final = select(*COLUMNS).where(RESPONSES.c.reference.in_(bindparam("references", expanding=True)))
_HOLD: Final = _FIND.with_for_update()
_ADD_VERSION: Final = (
    update(RESPONSES)
    .where(RESPONSES.c.reference == bindparam("key"))
    .values(
        version=bindparam("new_version"),
        edition_hash=bindparam("new_edition"),
        language=bindparam("new_language"),
        sent_at=bindparam("new_sent_at"),
        delete_at=bindparam("new_delete_at"),
        review_status=func.coalesce(bindparam("new_status", type_=String), RESPONSES.c.review_status),
        reviewed_at=bindparam("new_reviewed_at"),
        revision=RESPONSES.c.revision + 1,
        taken_in=0,
    )
)
_VERSIONS: Final = (
    select(RESPONSE_VERSIONS)
    .where(RESPONSE_VERSIONS.c.reference == bindparam("reference"))
    .order_by(RESPONSE_VERSIONS.c.version)
)
_NEWEST_VERSIONS: Final = (
    select(RESPONSE_VERSIONS)
    .join(
        RESPONSES,
        (RESPONSES.c.reference == RESPONSE_VERSIONS.c.reference) & (RESPONSES.c.version == RESPONSE_VERSIONS.c.version),
    )
    .where(RESPONSE_VERSIONS.c.reference.in_(bindparam("references", expanding=True)))
)
_IS_DUE: Final = (RESPONSES.c.delete_at <= bindparam("now"), RESPONSES.c.is_kept.is_(False))
_SOME_DUE: Final = (
    select(RESPONSES.c.reference).where(*_IS_DUE).order_by(RESPONSES.c.delete_at).limit(bindparam("limit"))
)
_HOLD_DUE: Final = (
    select(RESPONSES.c.reference)
    # Who puts one under a legal hold meanwhile is waited for, and heard.
    .where(RESPONSES.c.reference.in_(bindparam("references", expanding=True)), *_IS_DUE)
    .order_by(RESPONSES.c.reference)  # in the order of `hold_responses`
    .with_for_update()
)
_COUNT_DUE: Final = (
    select(RESPONSES.c.is_kept, func.count())
    .where(RESPONSES.c.delete_at <= bindparam("now"))
    .group_by(RESPONSES.c.is_kept)
)
_ORDERED: Final = sorted(_STATES)
# In steps that an index has, and not as “none of these”: whoever looks at a million responses finds the few at once.
_COUNT_UNKNOWN: Final = select(func.count()).where(
    or_(
        RESPONSES.c.review_status < _ORDERED[0],
        *(
            and_(RESPONSES.c.review_status > before, RESPONSES.c.review_status < after)
            for before, after in pairwise(_ORDERED)
        ),
        RESPONSES.c.review_status > _ORDERED[-1],
    )
)
_IS_NEW: Final = RESPONSES.c.review_status == ReviewStatus.REQUESTED.value
_COUNT_NEW_DUE: Final = select(func.count()).where(*_IS_DUE, _IS_NEW)
_COUNT_NEW: Final = select(func.count()).where(
    RESPONSES.c.reference.in_(bindparam("references", expanding=True)), _IS_NEW
)
_HAS_NEW: Final = select(RESPONSES.c.reference).where(_IS_NEW).limit(1)
_ERASE: Final = (
    delete(RESPONSE_TOKENS).where(RESPONSE_TOKENS.c.reference == bindparam("reference")),
    delete(NOTES).where(NOTES.c.reference == bindparam("reference")),
    delete(RESPONSE_VERSIONS).where(RESPONSE_VERSIONS.c.reference == bindparam("reference")),
    delete(RESPONSES).where(RESPONSES.c.reference == bindparam("reference")),
)


def receive_response(connection: Connection, sending: Sending, now: datetime) -> tuple[StoredResponse, bool]:
    """Store what was sent and return its response, and whether this sending was new.

    A version that is there already is left as it is, and its response returned: a second click, F5, another tab or a
    retry after a lost answer sends nothing twice.
    """
    key = {"receipt_hash": sending.receipt_hash}
    row = connection.execute(_LOCK_RECEIPT, key).mappings().one_or_none()
    if row is None:
        if _insert_first(connection, sending, now):
            return read_response(connection.execute(_FIND_RECEIPT, key).mappings().one()), True
        row = connection.execute(_LOCK_RECEIPT, key).mappings().one()
    found = read_response(row)
    if found.version >= sending.version:
        return found, False
    return add_version(connection, found, sending, now), True


def add_version(
    connection: Connection, found: StoredResponse, sending: Sending, now: datetime, *, is_by_staff: bool = False
) -> StoredResponse:
    """Store another version of a response and return it anew.

    One of the patient's comes back onto the list if it was reviewed. One of staff's changes nothing of when it was sent
    and reviewed.
    """
    is_reviewed = found.review_status is ReviewStatus.COMPLETED and not is_by_staff
    values = {
        "key": found.reference,
        "new_version": found.version + 1,
        "new_edition": sending.edition_hash,
        "new_language": sending.language,
        "new_sent_at": found.sent_at if is_by_staff else now,
        "new_reviewed_at": found.reviewed_at if is_by_staff else None,
        "new_delete_at": sending.delete_at,
        "new_status": ReviewStatus.REQUESTED.value if is_reviewed else None,
    }
    connection.execute(_ADD_VERSION, values)
    _insert_version(connection, found.reference, found.version + 1, sending, now)
    return read_response(connection.execute(_FIND, {"reference": found.reference}).mappings().one())


def find_response(connection: Connection, reference: str) -> StoredResponse | None:
    """Return the response with this reference."""
    row = connection.execute(_FIND, {"reference": reference}).mappings().one_or_none()
    return None if row is None else read_response(row)


def find_responses(connection: Connection, references: Iterable[str]) -> list[StoredResponse]:
    """Return those that are there of these responses, oldest first."""
    rows = connection.execute(_FIND_SEVERAL, {"references": list(references)}).mappings()
    return sorted(map(read_response, rows), key=lambda one: (one.received_at, one.reference))


def hold_response(connection: Connection, reference: str) -> StoredResponse | None:
    """Return the response with this reference, and let nobody else change it until this transaction ends."""
    row = connection.execute(_HOLD, {"reference": reference}).mappings().one_or_none()
    return None if row is None else read_response(row)


def hold_responses(connection: Connection, references: Iterable[str]) -> list[StoredResponse]:
    """Return those that are there of these responses, held in one order, so that no two who hold some wait for ever."""
    found = [hold_response(connection, reference) for reference in sorted(references)]
    return [response for response in found if response is not None]


def find_receipt(connection: Connection, receipt_hash: str) -> StoredResponse | None:
    """Return the response that the holder of a draft's secret sent, if they sent one."""
    row = connection.execute(_FIND_RECEIPT, {"receipt_hash": receipt_hash}).mappings().one_or_none()
    return None if row is None else read_response(row)


def list_versions(connection: Connection, reference: str) -> list[StoredVersion]:
    """Return every version of a response, the first one first."""
    return [StoredVersion(**row) for row in connection.execute(_VERSIONS, {"reference": reference}).mappings()]


def find_newest_versions(connection: Connection, references: Collection[str]) -> dict[str, StoredVersion]:
    """Return the newest version of each of these responses, by reference, those that are there."""
    rows = connection.execute(_NEWEST_VERSIONS, {"references": list(references)}).mappings()
    return {row["reference"]: StoredVersion(**row) for row in rows}


def list_due(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the references whose time is over and that nothing holds, for a transaction that erases them."""
    some = list(connection.execute(_SOME_DUE, {"now": now, "limit": limit}).scalars())
    return list(connection.execute(_HOLD_DUE, {"now": now, "references": some}).scalars()) if some else []


def count_due(connection: Connection, now: datetime) -> tuple[int, int]:
    """Return how many responses are past their time: those to erase, and those that a legal hold keeps."""
    counted = {is_kept: count for is_kept, count in connection.execute(_COUNT_DUE, {"now": now})}  # noqa: C416  a row is no pair to mypy
    return counted.get(False, 0), counted.get(True, 0)


def count_new_due(connection: Connection, now: datetime) -> int:
    """Return how many responses are past their time, and to be erased, that nobody took up."""
    return int(connection.execute(_COUNT_NEW_DUE, {"now": now}).scalar_one())


def count_new(connection: Connection, references: Collection[str]) -> int:
    """Return how many of these responses nobody took up."""
    return int(connection.execute(_COUNT_NEW, {"references": list(references)}).scalar_one())


def count_unknown(connection: Connection) -> int:
    """Return how many responses are in a state that this program does not know, and stand in no list of it."""
    return int(connection.execute(_COUNT_UNKNOWN).scalar_one())


def has_new(connection: Connection) -> bool:
    """Tell whether a response waits that nobody took up."""
    return connection.execute(_HAS_NEW).scalar() is not None


def erase_response(connection: Connection, reference: str) -> bool:
    """Delete a response with all that belongs to it and tell whether it was there; then `checkpoint` (S18)."""
    return [connection.execute(statement, {"reference": reference}).rowcount for statement in _ERASE][-1] == 1


def _insert_first(connection: Connection, sending: Sending, now: datetime) -> bool:
    """Tell whether the response was stored; False when somebody else stored one with this receipt meanwhile."""
    key = {"receipt_hash": sending.receipt_hash}
    while connection.execute(_FIND_RECEIPT, key).one_or_none() is None:
        reference = make_reference()
        values = {
            "reference": reference,
            "receipt_hash": sending.receipt_hash,
            "edition_hash": sending.edition_hash,
            "language": sending.language,
            "now": now,
            "delete_at": sending.delete_at,
        }
        if connection.execute(_INSERT, values).rowcount == 1:
            _insert_version(connection, reference, 1, sending, now)
            return True
    return False


def _insert_version(connection: Connection, reference: str, version: int, sending: Sending, now: datetime) -> None:
    row_id = secrets.token_hex(_ID_BYTES)
    connection.execute(
        _INSERT_VERSION,
        {
            "id": row_id,
            "reference": reference,
            "version": version,
            "edition_hash": sending.edition_hash,
            "sealed": sending.seal(row_id, reference),
            "sent_at": now,
        },
    )


def read_response(row: RowMapping) -> StoredResponse:
    """Return a row of `COLUMNS` as a response."""
    values: dict[str, Any] = dict(row)
    return StoredResponse(**{**values, "review_status": _STATES.get(row["review_status"])})
