"""What the work list was asked for, and the address that says so: a bookmark without a name, a birth or an answer.

Names and dates of birth are sent in a form, and stand in the address sealed (design D-11). An item that was answered
with something else than *No* is a question that is asked of all responses, and tells nothing about a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from app.desk.intake import name_item
from app.desk.keyring import Desk
from app.desk.looking import NOTHING, Sought, list_sought_tokens, open_sought, seal_sought
from app.storage.responses import OPEN, ReviewStatus
from app.storage.worklist import Place, ResponseFilter
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference
from app.web.clinic.address import begin_day, read_day, read_word

STATE_WORDS: Final = {
    "new": ReviewStatus.REQUESTED,
    "in-review": ReviewStatus.IN_PROGRESS,
    "needs-call": ReviewStatus.ON_HOLD,
    "reviewed": ReviewStatus.COMPLETED,
}
"""What a state is called in an address: as on the page."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS: Final = {status: word for word, status in STATE_WORDS.items()}

T = TypeVar("T")


class AddressError(Exception):
    """An address says something that no list of ours has: it was changed, or what it names is gone."""

    def __init__(self) -> None:
        super().__init__("the address of the list cannot be read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the list was asked for. `sealed` is `sought` as it stands in the address."""

    states: tuple[ReviewStatus, ...] = OPEN
    owner: str = ""
    since: date | None = None
    until: date | None = None
    edition: str = ""
    item: str = ""
    reference: str = ""
    sought: Sought = NOTHING
    sealed: str = ""
    is_newest_first: bool = False
    has_restricted: bool = False
    after: Place | None = None
    before: Place | None = None

    @property
    def is_search(self) -> bool:
        """Tell whether somebody looks for certain responses, and not at what is to be done."""
        return bool(self.reference or self.sought or self.item)

    @property
    def is_default(self) -> bool:
        """Tell whether this is what everybody sees first: what is open, oldest first."""
        return replace(self, after=None, before=None) == Asked()


def read_asked(values: MultiDict[str, str], desk: Desk) -> Asked:
    """Return what an address asks for, or raise `AddressError`: a word that is not known must not widen the list."""
    sealed = values.get("find", "")
    sought = open_sought(desk, sealed) if sealed else NOTHING
    if sought is None:
        raise AddressError
    states = tuple(_find(STATE_WORDS, word) for word in values.getlist("state"))
    return Asked(
        states=tuple(status for status in ReviewStatus if status in states) or OPEN,
        owner=_read_word(values.get("who", "")),
        since=_read_day(values.get("since", "")),
        until=_read_day(values.get("until", "")),
        edition=_read_word(values.get("edition", "")),
        item=_read_word(values.get("item", "")),
        reference=_read_reference(values.get("reference", "")),
        sought=sought,
        sealed=sealed,
        is_newest_first=values.get("order") == "newest",
        has_restricted=values.get("restricted") == "shown",
        after=_read_place(values.get("after", "")),
        before=_read_place(values.get("before", "")),
    )


def write_address(asked: Asked) -> str:
    """Return the address of a list: only what is not as usual stands in it."""
    values: dict[str, str | list[str]] = {
        "state": [] if asked.states == OPEN else [_WORDS[status] for status in asked.states],
        "who": asked.owner,
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
        "edition": asked.edition,
        "item": asked.item,
        "reference": format_reference(asked.reference) if asked.reference else "",
        "find": asked.sealed,
        "order": "newest" if asked.is_newest_first else "",
        "restricted": "shown" if asked.has_restricted else "",
        "after": _write_place(asked.after),
        "before": _write_place(asked.before),
    }
    return f"{url_for('clinic.show_responses')}{_write_query(values)}"


def _write_query(values: Mapping[str, str | list[str]]) -> str:
    query = urlencode({name: value for name, value in values.items() if value}, doseq=True)
    return f"?{query}" if query else ""


def seal_asked(asked: Asked, desk: Desk) -> Asked:
    """Return what is asked for with what is looked for sealed, ready for an address."""
    return replace(asked, sealed=seal_sought(desk, asked.sought) if asked.sought else "")


def build_filter(asked: Asked, desk: Desk) -> ResponseFilter:
    """Return the filter for the database: days become moments at the clinic, words become tokens."""
    items = (name_item(desk, asked.item),) if asked.item else ()
    return ResponseFilter(
        statuses=asked.states,
        reference=asked.reference,
        owner=asked.owner,
        since=begin_day(asked.since) if asked.since else None,
        until=begin_day(asked.until + timedelta(days=1)) if asked.until else None,
        edition_hash=asked.edition,
        tokens=(*list_sought_tokens(desk, asked.sought), *items),
        has_restricted=asked.has_restricted,
        is_newest_first=asked.is_newest_first,
    )


def list_search_words(asked: Asked) -> Iterator[str]:
    """Give what somebody searched by, for the audit log: never what they typed."""
    yield from (
        name
        for name, is_set in (
            ("reference", asked.reference),
            ("name", asked.sought.name),
            ("birth", asked.sought.birth),
            ("item", asked.item),
        )
        if is_set
    )


def _find(known: dict[str, T], word: str) -> T:
    if word not in known:
        raise AddressError
    return known[word]


def _read_day(word: str) -> date | None:
    try:
        return read_day(word) if word else None
    except ValueError:
        raise AddressError from None


def _read_word(word: str) -> str:
    try:
        return read_word(word) if word else ""
    except ValueError:
        raise AddressError from None


def _read_reference(word: str) -> str:
    try:
        return parse_reference(word) if word else ""
    except ReferenceCodeError:
        raise AddressError from None


def _write_place(place: Place | None) -> str:
    if place is None:
        return ""
    return f"{(place.received_at - _EPOCH) // timedelta(microseconds=1)}.{place.reference}"


def _read_place(word: str) -> Place | None:
    if not word:
        return None
    moment, _, reference = word.partition(".")
    try:
        return Place(_EPOCH + timedelta(microseconds=int(moment)), parse_reference(reference))
    except (ValueError, OverflowError, ReferenceCodeError):
        raise AddressError from None
