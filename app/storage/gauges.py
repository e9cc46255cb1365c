"""How much there is, and how old the oldest of it is: numbers for whoever watches the program, about nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from app.storage.audit import find_head
from app.storage.metadata import UtcDateTime
from app.storage.responses import ReviewStatus
from app.storage.tables import CHORES, DRAFTS, RESPONSES
from app.storage.tokens import IS_UNTAKEN

MOST_COUNTED: Final = 10_000
"""How far anything is counted, so that looking costs the same whatever there is."""

# A purge of drafts runs every ten minutes, one of responses every night: what is older than this, none of them took.
_DRAFT_GRACE: Final = timedelta(hours=1)
_RESPONSE_GRACE: Final = timedelta(days=2)
_IS_WAITING: Final = RESPONSES.c.review_status == ReviewStatus.REQUESTED


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    some = select(1).where(condition).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _find_oldest(condition: ColumnElement[bool]) -> ColumnElement[datetime]:
    column = RESPONSES.c.received_at
    return select(column).where(condition).order_by(column).limit(1).scalar_subquery()


_LOOK: Final = select(
    _count(_IS_WAITING).label("waiting"),
    _find_oldest(_IS_WAITING).label("waiting_since"),
    _count(IS_UNTAKEN).label("untaken"),
    _find_oldest(IS_UNTAKEN).label("untaken_since"),
    _count(DRAFTS.c.expires_at > bindparam("now", type_=UtcDateTime)).label("drafts"),
    _count(DRAFTS.c.expires_at <= bindparam("draft_limit", type_=UtcDateTime)).label("drafts_overdue"),
    _count(
        (RESPONSES.c.delete_at <= bindparam("response_limit", type_=UtcDateTime)) & RESPONSES.c.is_kept.is_(False)
    ).label("responses_overdue"),
)
_CHORES: Final = select(CHORES.c.name, CHORES.c.done_on, CHORES.c.done_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What was there at one moment; nothing is counted further than `MOST_COUNTED`.

    `chores` tells when each last succeeded; of one that was begun and is not done, the moment is missing.
    """

    waiting: int
    waiting_since: datetime | None
    untaken: int
    untaken_since: datetime | None
    drafts: int
    drafts_overdue: int
    responses_overdue: int
    audit_number: int
    chores: Mapping[str, datetime | None]


def read_gauges(connection: Connection, now: datetime) -> Gauges:
    """Return what is there now."""
    limits = {"now": now, "draft_limit": now - _DRAFT_GRACE, "response_limit": now - _RESPONSE_GRACE}
    row = connection.execute(_LOOK, limits).mappings().one()
    chores = {one.name: one.done_at if one.done_on else None for one in connection.execute(_CHORES)}
    return Gauges(**row, audit_number=find_head(connection).number, chores=chores)
