"""What the overview shows: numbers about responses and reviews, none about a person.

It looks back half a year and no further, and what follows from other counts is not counted again. Counts of answers
stand in questionnaire order, and small ones are not told: of few people somebody might know who it was.
It must never rank, add up or rate what was answered (design D-2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.desk.intake import name_item
from app.desk.keyring import Desk
from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import Face, Item
from app.storage.draft_ends import list_draft_ends
from app.storage.editions import StoredEdition, list_editions
from app.storage.responses import OPEN, ReviewStatus
from app.storage.statistics import (
    begin_last,
    count_by_edition,
    count_outside,
    count_received,
    count_tokens_since,
    find_oldest_time,
    list_review_times,
    list_used_editions,
)
from app.storage.worklist import count_by_status

WEEKS: Final = 26
"""How many weeks the overview looks back, the present one included."""

FEWEST: Final = 5
"""Counts of answers below this are not told."""

MOST_TIMED: Final = 200
"""Of how many reviews a month, the last ones, the time is taken."""

MOST_ASKED: Final = 10_000
"""Among how many responses, the last ones, answers are counted."""

_SLOWEST: Final = 0.9
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week by its Monday, and how many responses came in; the present one is not over."""

    monday: date
    count: int
    is_present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How long responses waited that came in in a month and are reviewed: half at most `median`, nine in ten `slow`."""

    first: date
    count: int
    median: timedelta | None
    slow: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCount:
    """How many answered a question with something else than No; None where that is fewer than `FEWEST`."""

    item: Item
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEnd:
    """How many drafts ended unsent on a page."""

    page: Page
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionUse:
    """An edition that responses have, and how many of those that are looked at."""

    edition: StoredEdition
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """All of it; `since` is the first day that is looked at, and `items` is empty for whoever reads no answers."""

    since: date
    received: int
    weeks: tuple[Week, ...]
    months: tuple[Month, ...]
    states: tuple[tuple[ReviewStatus, int], ...]
    items: tuple[ItemCount, ...]
    pages: tuple[PageEnd, ...]
    editions: tuple[EditionUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookedAt:
    """The time that is looked at, and how many responses came in in it."""

    since: datetime
    until: datetime
    count: int


def read_statistics(
    connection: Connection,
    desk: Desk,
    edition: Edition,
    *,
    zone: ZoneInfo,
    now: datetime,
    has_items: bool,
    most_asked: int = MOST_ASKED,
) -> Statistics:
    """Return what is known now; `edition` is the one that is served, whose questions and pages are told."""
    weeks = _list_weeks(connection, zone, now)
    looked_at = _LookedAt(
        since=_begin(weeks[0].monday, zone),
        until=_begin(weeks[-1].monday + _WEEK, zone),
        count=sum(week.count for week in weeks),
    )
    last = begin_last(connection, most_asked, looked_at.since)
    return Statistics(
        since=weeks[0].monday,
        received=looked_at.count,
        weeks=weeks,
        months=tuple(_walk_months(connection, weeks[0].monday, zone, now)),
        states=tuple(_count_states(connection, looked_at)),
        items=_count_items(connection, desk, edition, last) if has_items else (),
        pages=_count_pages(connection, edition),
        editions=_count_editions(connection, looked_at),
    )


def measure_times(times: Sequence[timedelta]) -> tuple[timedelta, timedelta] | None:
    """Return the median of these times and the one that nine in ten do not pass; None where there are none.

    >>> measure_times([timedelta(hours=hours) for hours in range(1, 11)])
    (datetime.timedelta(seconds=19800), datetime.timedelta(seconds=32400))
    """
    if not times:
        return None
    ordered = sorted(times)
    middle = timedelta(seconds=median(time.total_seconds() for time in ordered))
    return middle, ordered[math.ceil(len(ordered) * _SLOWEST) - 1]


def _list_weeks(connection: Connection, zone: ZoneInfo, now: datetime) -> tuple[Week, ...]:
    """Return the weeks from the oldest response that is kept on; before it nothing is known, which is not a zero."""
    today = now.astimezone(zone).date()
    present = today - timedelta(days=today.weekday())
    oldest = find_oldest_time(connection)
    first = oldest.astimezone(zone).date() if oldest else today
    first -= timedelta(days=first.weekday())
    monday = min(max(first, present - (WEEKS - 1) * _WEEK), present)
    mondays = [monday + number * _WEEK for number in range((present - monday).days // 7 + 2)]
    counts = count_received(connection, [_begin(day, zone) for day in mondays])
    return tuple(
        Week(monday=day, count=count, is_present=day == present)
        for day, count in zip(mondays[:-1], counts, strict=True)
    )


def _walk_months(connection: Connection, since: date, zone: ZoneInfo, now: datetime) -> Iterator[Month]:
    first = since.replace(day=1)
    while first <= now.astimezone(zone).date():
        following = (first + timedelta(days=32)).replace(day=1)
        times = list_review_times(connection, _begin(max(first, since), zone), _begin(following, zone), MOST_TIMED)
        measured = measure_times(times)
        yield Month(
            first=first,
            count=len(times),
            median=measured[0] if measured else None,
            slow=measured[1] if measured else None,
        )
        first = following


def _count_states(connection: Connection, looked_at: _LookedAt) -> Iterator[tuple[ReviewStatus, int]]:
    """Give how many are in each state. Whatever is not open is reviewed: the many are not gone through once more."""
    kept = looked_at.count + count_outside(connection, looked_at.since, looked_at.until)
    still_open = count_by_status(connection, OPEN)
    for status in ReviewStatus:
        yield status, still_open.get(status, kept - sum(still_open.values()))


def _count_items(connection: Connection, desk: Desk, edition: Edition, since: datetime) -> tuple[ItemCount, ...]:
    items = {name_item(desk, item.link_id): item for item in edition.questions if item.face is Face.SCREENING}
    counts = count_tokens_since(connection, tuple(items), since)
    return tuple(
        ItemCount(item=item, count=counts[token] if counts[token] >= FEWEST else None) for token, item in items.items()
    )


def _count_pages(connection: Connection, edition: Edition) -> tuple[PageEnd, ...]:
    """Return the pages that everybody sees: of the others the number would tell how somebody answered."""
    ends = list_draft_ends(connection, edition.hash)
    pages = [*edition.pages, *filter(None, (edition.check, edition.share))]
    return tuple(PageEnd(page=page, count=ends.get(page.number, 0)) for page in pages if not page.conditions)


def _count_editions(connection: Connection, looked_at: _LookedAt) -> tuple[EditionUse, ...]:
    """Return the editions in use. What none of the others has, the newest has: usually that is nearly everything."""
    used = list_used_editions(connection)
    counts = dict(count_by_edition(connection, used[1:], looked_at.since, looked_at.until))
    counts |= {newest: looked_at.count - sum(counts.values()) for newest in used[:1]}
    return tuple(
        EditionUse(edition=stored, count=counts[stored.hash])
        for stored in list_editions(connection)
        if stored.hash in counts
    )


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
