"""Exports: the responses that were asked for, opened one after the other and written as they come (UA-79).

Memory and transactions stay small however many there are, the file ends with its number of rows, and what does not open
stands in it by its reference. An export is accounted for before its first byte leaves and again at its end. It must
never hold a restricted response, nor an answer or a name that was not asked for (clinical.md L-14, L-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Engine

from app.desk.keyring import Desk
from app.desk.opening import FindEdition, OpenedVersion, UnreadableError, open_version
from app.logs import record_failure
from app.output.frame import REDISCLOSURE, Clinic, fill_placeholders
from app.output.sheet import (
    Sheet,
    SheetRow,
    Translate,
    Value,
    build_sheet,
    write_csv,
    write_dictionary,
    write_json_lines,
)
from app.questionnaire.columns import Choice
from app.questionnaire.model import Sensitive
from app.questionnaire.sent import Day
from app.storage.audit import Event, append_event
from app.storage.editions import find_latest_edition
from app.storage.engine import begin_read, begin_write
from app.storage.responses import ReviewStatus, StoredResponse, StoredVersion, find_newest_versions
from app.storage.statistics import find_newest_time, list_used_editions
from app.storage.worklist import Place, ResponseFilter, count_responses, list_responses
from app.vault.reference import format_reference

ACTION: Final = "export.made"

STATE_WORDS: Final = {
    "new": ReviewStatus.REQUESTED,
    "in-review": ReviewStatus.IN_PROGRESS,
    "needs-call": ReviewStatus.ON_HOLD,
    "reviewed": ReviewStatus.COMPLETED,
}
"""What a state is called in a file and on the command line: as on the page."""

EVERYTHING: Final = ResponseFilter()

_BATCH: Final = 100
_CHUNK: Final = 32_768
_NO_LIMIT: Final = 1 << 40
_WORDS: Final = {status: word for word, status in STATE_WORDS.items()}
_IDENTITY: Final = ("name", "birth", "contact", "appointment")


class Format(StrEnum):
    """What an export can be written as."""

    CSV = "csv"
    JSON_LINES = "json-lines"
    DICTIONARY = "dictionary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for: which responses, and what of them. By default what tells least."""

    responses: ResponseFilter = EVERYTHING
    format: Format = Format.CSV
    has_bom: bool = False
    has_identity: bool = False
    has_own_words: bool = True
    sensitive: frozenset[Sensitive] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What exports are made with."""

    engine: Engine
    desk: Desk
    find_edition: FindEdition
    clinic: Clinic | None
    language: str
    translate: Translate = str


@dataclass(slots=True, kw_only=True)
class Export:
    """One export: `rows` were written so far, `unreadable` of them did not open; `expected` is how many there are."""

    office: Office
    order: Order
    event: Event
    sheet: Sheet
    expected: int
    rows: int = 0
    unreadable: int = 0
    is_whole: bool = False
    is_ended: bool = False

    def write(self) -> Iterator[bytes]:
        """Yield the file in parts, in UTF-8; whoever takes them calls `end` afterwards, whatever happened."""
        for part in _join(self._write_lines()):
            # A lone half of a pair of letters, which no browser sends, has no place in UTF-8.
            yield part.encode(errors="backslashreplace")
        self.is_whole = True

    def end(self, now: datetime) -> None:
        """Account for how many rows were written, and whether all of them were; once."""
        if self.is_ended:
            return
        self.is_ended = True
        about = {**self.event.about, "rows": self.rows, "unreadable": self.unreadable}
        event = replace(self.event, outcome="done" if self.is_whole else "cut-off", about=about)
        with begin_write(self.office.engine) as connection:
            append_event(connection, self.office.desk.chain_key, event, now)

    def _write_lines(self) -> Iterator[str]:
        match self.order.format:
            case Format.CSV:
                return write_csv(self.sheet, self._walk_rows(), has_bom=self.order.has_bom)
            case Format.JSON_LINES:
                return write_json_lines(self.sheet, self._walk_rows())
            case Format.DICTIONARY:
                return write_dictionary(self.sheet)

    def _walk_rows(self) -> Iterator[SheetRow]:
        for response, version in _walk_responses(self.office.engine, self.order.responses):
            row = _open_row(self.office, self.order, response, version)
            self.rows += 1
            self.unreadable += row.edition is None
            yield row


def begin_export(office: Office, order: Order, *, actor: str, origin: str, now: datetime) -> Export:
    """Return an export of what is there now, already accounted for."""
    responses = order.responses
    with begin_read(office.engine) as connection:
        newest = find_newest_time(connection)
        # What came in while the clock was ahead, and went back since, is there as well.
        end = max(now, newest + timedelta.resolution) if newest else now
        until = min(responses.until, end) if responses.until else end
        order = replace(order, responses=replace(responses, until=until, has_restricted=False, is_newest_first=False))
        sheet = _build_sheet(connection, office, order)
        expected = count_responses(connection, order.responses, _NO_LIMIT)
    if order.format is Format.DICTIONARY:
        expected = 0
    event = Event(action=ACTION, actor=actor, origin=origin, about=_describe(order))
    with begin_write(office.engine) as connection:
        begun = replace(event, outcome="begun", about={**event.about, "rows": expected})
        append_event(connection, office.desk.chain_key, begun, now)
    return Export(office=office, order=order, event=event, sheet=sheet, expected=expected)


def list_leading(translate: Translate, *, has_identity: bool) -> dict[str, str]:
    """Return what the clinic knows about a response, by the names of the columns, with their words."""
    columns = {
        "reference": translate("Reference"),
        "version": translate("Version"),
        "received": translate("Received, in UTC"),
        "sent": translate("Newest version sent, in UTC"),
        "state": translate("State: new, in-review, needs-call or reviewed"),
        "reviewed": translate("Marked reviewed, in UTC"),
        "edition": translate("Edition of the questionnaire"),
        "language": translate("Language"),
    }
    if has_identity:
        columns |= {
            "name": translate("Name"),
            "birth": translate("Date of birth"),
            "contact": translate("Contact"),
            "appointment": translate("Appointment"),
        }
    return columns


def name_file(order: Order, day: str) -> str:
    """Return a file's name: nothing in it tells whom it is about."""
    ending = "jsonl" if order.format is Format.JSON_LINES else "csv"
    kind = "dictionary" if order.format is Format.DICTIONARY else "responses"
    return f"foreword-{kind}-{day}.{ending}"


def _build_sheet(connection: Connection, office: Office, order: Order) -> Sheet:
    wanted = order.responses.edition_hash
    hashes = [wanted] if wanted else list_used_editions(connection)
    if not hashes:
        latest = find_latest_edition(connection)
        hashes = [latest.hash] if latest else []
    editions = [edition for one in hashes if (edition := office.find_edition(one)) is not None]
    clinic, translate = office.clinic, office.translate
    needs_notice = clinic is not None and clinic.has_part_2 and Sensitive.SUBSTANCE_USE in order.sensitive
    return build_sheet(
        editions,
        list_leading(translate, has_identity=order.has_identity),
        Choice(sensitive=order.sensitive, has_own_words=order.has_own_words),
        language=office.language,
        fill=(lambda text: fill_placeholders(text, clinic, translate)) if clinic else str,
        translate=translate,
        notice=REDISCLOSURE if needs_notice else "",
    )


def _describe(order: Order) -> Mapping[str, str | int]:
    """Return what was asked for, so that the log can tell later whose answers left the clinic, and which (L-22)."""
    responses = order.responses
    states = responses.statuses if len(responses.statuses) < len(ReviewStatus) else ()
    return {
        "format": order.format.value,
        "sensitive": " ".join(sorted(order.sensitive)) or "none",
        "identity": "yes" if order.has_identity else "no",
        "own-words": "yes" if order.has_own_words else "no",
        "states": " ".join(_WORDS[status] for status in states) or "all",
        "since": responses.since.isoformat() if responses.since else "",
        "until": responses.until.isoformat() if responses.until else "",
        "edition": responses.edition_hash[:8],
    }


def _walk_responses(engine: Engine, wanted: ResponseFilter) -> Iterator[tuple[StoredResponse, StoredVersion | None]]:
    """Yield responses, oldest first, with what is sealed; each transaction ends before its first one is yielded."""
    after: Place | None = None
    while True:
        with begin_read(engine) as connection:
            found = list_responses(connection, replace(wanted, after=after), _BATCH)
            versions = find_newest_versions(connection, [response.reference for response in found])
        for response in found:
            yield response, versions.get(response.reference)
        if len(found) < _BATCH:
            return
        after = Place(found[-1].received_at, found[-1].reference)


def _open_row(office: Office, order: Order, response: StoredResponse, version: StoredVersion | None) -> SheetRow:
    leading: dict[str, Value] = {
        "reference": format_reference(response.reference),
        "version": response.version,
        "received": _write_moment(response.received_at),
        "sent": _write_moment(response.sent_at),
        "state": _WORDS[response.review_status] if response.review_status else None,
        "reviewed": _write_moment(response.reviewed_at),
        "edition": response.edition_hash,
        "language": response.language,
    }
    opened = _open_or_none(office, response, version)
    if opened is None:
        unknown = dict.fromkeys(_IDENTITY if order.has_identity else ())
        return SheetRow(leading=leading | unknown, edition=None, answers={})
    if order.has_identity:
        patient = opened.sent.patient
        leading |= {
            "name": patient.name,
            "birth": _write_day(patient.birth),
            "contact": patient.contact,
            "appointment": _write_day(patient.appointment),
        }
    return SheetRow(leading=leading, edition=opened.edition, answers=opened.sent.response.answers)


def _open_or_none(office: Office, response: StoredResponse, version: StoredVersion | None) -> OpenedVersion | None:
    if version is None:
        return None
    try:
        return open_version(office.desk, office.find_edition, version)
    except UnreadableError as error:
        record_failure(error, "response does not open", reference=response.reference, version=response.version)
        return None


def _join(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines in parts that are worth sending."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _write_moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _write_day(day: Day | None) -> str | None:
    return "{:04}-{:02}-{:02}".format(*day) if day else None
