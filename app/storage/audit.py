"""The audit log: who did what to which response, when and from where; append-only and chained (design D-10).

It must never hold an answer, a name of a patient, or anything a person typed.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from app.storage.tables import AUDIT_ENTRIES, AUDIT_HEAD
from app.vault.chain import FIRST, chain, is_same

PAGE: Final = 100
"""How many entries a page of the log has."""

_HEAD_ROW: Final = 1
_STEP: Final = 200
# `with_for_update` is PostgreSQL's; on SQLite a writing transaction is alone anyway.
_LOCK_HEAD: Final = select(AUDIT_HEAD.c.number, AUDIT_HEAD.c.link).where(AUDIT_HEAD.c.id == _HEAD_ROW).with_for_update()
_HEAD: Final = select(AUDIT_HEAD.c.number, AUDIT_HEAD.c.link).where(AUDIT_HEAD.c.id == _HEAD_ROW)
_MOVE_HEAD: Final = (
    update(AUDIT_HEAD)
    .where(AUDIT_HEAD.c.id == _HEAD_ROW)
    .values(number=bindparam("new_number"), link=bindparam("new_link"))
)
_INSERT: Final = insert(AUDIT_ENTRIES)
_ENTRIES: Final = select(AUDIT_ENTRIES).order_by(AUDIT_ENTRIES.c.number)
# Words of this program and moments: what a person types has capitals, accents, punctuation, line ends.
_WORD: Final = r"(?:[a-z0-9][a-z0-9._-]*|\d{4}-\d\d-\d\dT[0-9:.+-]+)"
_WORDS: Final = re.compile(rf"(?:{_WORD}(?: {_WORD})*)?")
_SUBJECT: Final = re.compile(r"[A-Za-z0-9._-]*")
_ACTOR: Final = re.compile(r"[a-z0-9-]+(?: [a-z]+)?")
_LONGEST: Final = 200
_KINDS: Final = {"action": (_WORDS, 40), "outcome": (_WORDS, 16), "actor": (_ACTOR, 64), "subject": (_SUBJECT, 64)}
_LINK_OF: Final = select(AUDIT_ENTRIES.c.link).where(AUDIT_ENTRIES.c.number == bindparam("number"))
_PLACE: Final = (
    select(AUDIT_ENTRIES.c.at, AUDIT_ENTRIES.c.number)
    .where(AUDIT_ENTRIES.c.number >= bindparam("number"))
    .order_by(AUDIT_ENTRIES.c.number)
    .limit(1)
)
_LAST: Final = select(AUDIT_ENTRIES.c.number, AUDIT_ENTRIES.c.link).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)
_LAST_TIME: Final = select(AUDIT_ENTRIES.c.at).order_by(AUDIT_ENTRIES.c.number.desc()).limit(1)


def _hop(column: Column[str]) -> Select[Any]:
    """Return what gives each value of an indexed column once, by hops in its index: DISTINCT would read all of it."""
    found = select(func.min(column).label("value")).cte("found", recursive=True)
    following = select(func.min(column)).where(column > found.c.value).scalar_subquery()
    found = found.union_all(select(following).where(found.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None))


_ACTORS: Final = _hop(AUDIT_ENTRIES.c.actor)
_ACTIONS: Final = _hop(AUDIT_ENTRIES.c.action)
_LAST_BUT_ONE: Final = select(AUDIT_HEAD.c.number - 1).scalar_subquery()
_ENDS: Final = (
    select(AUDIT_ENTRIES)
    .where(or_(AUDIT_ENTRIES.c.number == 1, AUDIT_ENTRIES.c.number >= _LAST_BUT_ONE))
    .order_by(AUDIT_ENTRIES.c.number.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was done: `action` is `object.verb-past`; `about` holds numbers and words of this program."""

    action: str
    actor: str
    subject: str = ""
    outcome: str = "done"
    origin: str = ""
    about: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log: an event, its number, its time, and its link in the chain."""

    number: int
    at: datetime
    event: Event
    link: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: written down elsewhere, it shows later whether entries were cut off."""

    number: int
    link: str


@dataclass(frozen=True, slots=True)
class Breach:
    """The first place where the log is not as it was written."""

    number: int
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list: those that fit everything that is set; `before` pages back in time.

    Of `actions` any one fits, and `before` is no filter when entries are counted.
    """

    actor: str = ""
    action: str = ""
    actions: tuple[str, ...] = ()
    subject: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


class EventTextError(Exception):
    """An event was about to carry something other than this program's words; `part` says where, and nothing more."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(f"an event's {part} is no word of this program")


def append_event(connection: Connection, key: bytes, event: Event, now: datetime) -> Entry:
    """Write an event at the end of the log, in the caller's transaction, and return its entry.

    Raises `EventTextError` for what could have been typed: nothing of it may ever stand here.
    """
    return append_events(connection, key, [(event, now)])[0]


def append_events(connection: Connection, key: bytes, events: Sequence[tuple[Event, datetime]]) -> list[Entry]:
    """Write events at the end of the log, each with its time, and return their entries; as `append_event` does."""
    for event, _ in events:
        _check_words(event)
    head = _read_end(connection, connection.execute(_LOCK_HEAD).one_or_none())
    number, link, entries, rows = head.number, head.link, [], []
    for event, now in events:
        number += 1
        about = json.dumps(event.about, sort_keys=True, separators=(",", ":"))
        parts = (event.actor, event.action, event.subject, event.outcome, event.origin, about)
        link = chain(key, link, str(number), now.isoformat(), *parts)
        entries.append(Entry(number=number, at=now, event=event, link=link))
        rows.append(
            {
                "number": number,
                "at": now,
                "actor": event.actor,
                "action": event.action,
                "subject": event.subject,
                "outcome": event.outcome,
                "origin": event.origin,
                "about": about,
                "link": link,
            }
        )
    if rows:
        connection.execute(_INSERT, rows)
        connection.execute(_MOVE_HEAD, {"new_number": number, "new_link": link})
    return entries


def lock_log(connection: Connection) -> None:
    """Let nobody else append until the caller's transaction ends."""
    connection.execute(_LOCK_HEAD)


def find_head(connection: Connection) -> Head:
    """Return where the log ends: number 0 while it is empty."""
    return _read_end(connection, connection.execute(_HEAD).one_or_none())


def list_entries(connection: Connection, wanted: AuditFilter, limit: int = PAGE) -> list[Entry]:
    """Return the newest entries that fit, newest first: by number, or by time where `_order` says so."""
    order = _order(wanted)
    statement = _narrow(select(AUDIT_ENTRIES), wanted)
    if wanted.before is not None:
        place = connection.execute(_PLACE, {"number": wanted.before}).one_or_none()
        if place is not None:  # else it is behind the end, and all is before it
            statement = statement.where(tuple_(*order) < tuple(getattr(place, column.name) for column in order))
    statement = statement.order_by(*(column.desc() for column in order)).limit(limit)
    return [_read(row) for row in connection.execute(statement)]


def list_oldest(connection: Connection, wanted: AuditFilter, after: Entry | None, last: int, most: int) -> list[Entry]:
    """Return the next entries that fit, oldest first: behind `after`, in the same order, and none behind `last`."""
    order = _order(wanted)
    statement = _narrow(select(AUDIT_ENTRIES), wanted).where(AUDIT_ENTRIES.c.number <= last)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple(getattr(after, column.name) for column in order))
    return [_read(row) for row in connection.execute(statement.order_by(*order).limit(most))]


def count_entries(connection: Connection, wanted: AuditFilter, *, most: int | None = None) -> int:
    """Return how many entries fit, counted no further than to `most`."""
    fitting = _narrow(select(AUDIT_ENTRIES.c.number), wanted).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(fitting)).scalar_one())


def find_last_entry_time(connection: Connection) -> datetime | None:
    """Return when the last entry was written; None while the log is empty."""
    found: datetime | None = connection.execute(_LAST_TIME).scalar()
    return found


def list_actors(connection: Connection) -> list[str]:
    """Return everybody who did something: ids of people, and words of this program."""
    return sorted(filter(_is_text, connection.execute(_ACTORS).scalars()))


def list_actions(connection: Connection) -> list[str]:
    """Return everything that was ever done, by the words of the log."""
    return sorted(filter(_is_text, connection.execute(_ACTIONS).scalars()))


def stream_entries(connection: Connection, wanted: AuditFilter) -> Iterator[Entry]:
    """Give every entry that fits, oldest first, without holding them all."""
    statement = _narrow(select(AUDIT_ENTRIES), wanted).order_by(*_order(wanted))
    with connection.execute(statement.execution_options(yield_per=500)) as rows:
        yield from map(_read, rows)


def is_foreign(connection: Connection, key: bytes) -> bool:
    """Tell whether the log was chained with another key: neither its first entry nor its last was made with this one.

    One of them alone was changed by somebody, which is for `verify_log` to tell, and stops nobody from working.
    """
    newest = connection.execute(_ENDS).all()
    for row, previous in zip(newest, [*newest[1:], None][: len(newest)], strict=True):
        before = FIRST if row.number == 1 else previous.link if previous else None
        is_end = row.number in {1, newest[0].number}
        if is_end and isinstance(before, str) and is_same(_link(key, before, row), row.link):
            return False
    return bool(newest)


def verify_log(
    connection: Connection,
    key: bytes,
    seen: Head | None = None,
    *,
    newest: int | None = None,
    pace: Callable[[], object] | None = None,
) -> Breach | None:
    """Return the first place where the log was changed, cut, lengthened or reordered; None when it is whole.

    `seen` is a head that was written down earlier: with it an end that was cut off, head and all, is found too.
    `newest` is for who has no time: only so many entries at the end are looked at, and what was before is believed.
    `pace` is called every few hundred entries, and may take its time.
    """
    start = _find_start(connection, newest)
    statement = _ENTRIES.where(AUDIT_ENTRIES.c.number > start.number)
    # Closed whatever is found: PostgreSQL keeps a cursor open for an end that is never read.
    with connection.execute(statement.execution_options(yield_per=500)) as rows:
        found = _follow(rows if pace is None else _walk(rows, pace), key, seen, start)
    if isinstance(found, Breach):
        return found
    return _look_at_end(connection, found, seen)


def _look_at_end(connection: Connection, found: Head, seen: Head | None) -> Breach | None:
    row = connection.execute(_HEAD).one_or_none()
    if row is None:
        return Breach(found.number + 1, "the row that says where the log ends is missing")
    if row.number != found.number and isinstance(row.number, int):
        return Breach(found.number + 1, f"the log ends at entry {found.number}, and should at {row.number}")
    if row.number != found.number or not is_same(row.link, found.link):
        return Breach(found.number + 1, "the row that says where the log ends is not what was written")
    if seen is not None and seen.number > found.number:
        return Breach(found.number + 1, f"the log ends at entry {found.number}, and had {seen.number} entries once")
    return None


def _find_start(connection: Connection, newest: int | None) -> Head:
    number = find_head(connection).number - newest if newest is not None else 0
    link = connection.execute(_LINK_OF, {"number": number}).scalar() if number > 0 else None
    return Head(number, link) if isinstance(link, str) else Head(0, FIRST)


def _read_end(connection: Connection, row: Row[Any, Any] | None) -> Head:
    """Return where the log ends by its head; by its last entry where the head is gone, so that everybody can go on.

    The head is not made anew: `verify_log` goes on telling that it is gone.
    """
    if row is None or not isinstance(row.number, int):
        row = connection.execute(_LAST).one_or_none()
    if row is None:
        return Head(0, FIRST)
    return Head(row.number, row.link if isinstance(row.link, str) else FIRST)


def _walk(rows: Iterable[Row[Any]], pace: Callable[[], object]) -> Iterator[Row[Any]]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % _STEP == 0:
            pace()


def _follow(rows: Iterable[Row[Any]], key: bytes, seen: Head | None, start: Head) -> Breach | Head:
    """Return the end of an unbroken chain, or the first entry that breaks it."""
    number, link = start.number, start.link
    for row in rows:
        if row.number != number + 1:
            return Breach(number + 1, f"entry {number + 1} is missing")
        number = row.number
        if not is_same(_link(key, link, row), row.link):
            return Breach(number, f"entry {number} is not what was written")
        link = row.link
        if seen is not None and seen.number == number and not is_same(seen.link, link):
            return Breach(number, f"entry {number} is not the one whose head was written down")
    return Head(number, link)


def _check_words(event: Event) -> None:
    for part, (kind, longest) in _KINDS.items():
        text: str = getattr(event, part)
        if len(text) > longest or not kind.fullmatch(text):
            raise EventTextError(part)
    for name, value in event.about.items():
        is_word = isinstance(value, int) or (len(value) <= _LONGEST and _WORDS.fullmatch(value))
        if not is_word or len(name) > _LONGEST or not _WORDS.fullmatch(name):
            raise EventTextError("about")


def _narrow(statement: Select[Any], wanted: AuditFilter) -> Select[Any]:
    entries = AUDIT_ENTRIES.c
    if wanted.actor:
        statement = statement.where(entries.actor == wanted.actor)
    if wanted.action:
        statement = statement.where(entries.action == wanted.action)
    if wanted.actions:
        statement = statement.where(entries.action.in_(wanted.actions))
    if wanted.subject:
        statement = statement.where(entries.subject == wanted.subject)
    if wanted.outcome:
        statement = statement.where(entries.outcome == wanted.outcome)
    if wanted.since is not None:
        statement = statement.where(entries.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(entries.at < wanted.until)
    return statement


def _order(wanted: AuditFilter) -> tuple[ColumnElement[Any], ...]:
    """Return the columns by which a list is in order: those in which an index has what is wanted.

    All of it, and what was done to one thing, in the order of the chain. What is looked for by day, person or kind of
    act, by its time: where a clock went back, the two differ.
    """
    entries = AUDIT_ENTRIES.c
    is_by_time = wanted.actor or wanted.action or wanted.since is not None or wanted.until is not None
    return (entries.at, entries.number) if is_by_time and not wanted.subject else (entries.number,)


def _link(key: bytes, previous: str, row: Row[Any]) -> str | None:
    """Return the link that an entry should have; None for what this program never wrote: SQLite takes any kind."""
    parts = (row.actor, row.action, row.subject, row.outcome, row.origin, row.about)
    return chain(key, previous, str(row.number), row.at.isoformat(), *parts) if all(map(_is_text, parts)) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _read(row: Row[Any]) -> Entry:
    """Return a row as an entry, whatever somebody wrote there by hand: the chain tells of it, and the others stand."""
    names = ("action", "actor", "subject", "outcome", "origin", "link")
    text = {name: value if isinstance(value := getattr(row, name), str) else "" for name in names}
    link = text.pop("link")
    return Entry(number=row.number, at=row.at, event=Event(**text, about=_read_about(row.about)), link=link)


def _read_about(text: str) -> dict[str, str | int]:
    try:
        about = json.loads(text)
    except (ValueError, TypeError, RecursionError):  # written by hand, as above
        return {}
    known = about.items() if isinstance(about, dict) else ()
    return {name: value for name, value in known if isinstance(value, str | int)}
