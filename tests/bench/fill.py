"""A clinic with very many responses, in minutes: each one sealed, found and accounted for like any other.

`foreword demo` makes a response with all the steps of its course, three milliseconds each. Here answers repeat every
`_DIFFERENT` patients and rows go in by the thousand; every row is sealed to its own place, and opens.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, text

from app.clinic.sending import seal_for
from app.desk.demonstration import meet
from app.desk.intake import name_birth, name_item, name_person
from app.desk.keyring import Desk
from app.questionnaire.edition import Edition
from app.questionnaire.response import complete_response
from app.questionnaire.sent import Consent, SentResponse, list_name_keys, list_other_than_no
from app.questionnaire.synthetic import Synthesizer
from app.storage.audit import Event, append_events
from app.storage.engine import begin_write
from app.storage.tables import RESPONSE_TOKENS, RESPONSE_VERSIONS, RESPONSES
from app.vault.keys import PublicKey
from app.vault.reference import make_reference
from app.vault.token import make_token

_DIFFERENT: Final = 2000
_BATCH: Final = 2000
_DAYS: Final = 175
_KEPT: Final = timedelta(days=180)
_OPEN: Final = 200
"""How many wait at the end, whatever the size: a clinic's age makes its list no longer."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A patient whose answers come again, and the search tokens of those answers."""

    sent: SentResponse
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """What a clinic is filled with: `first` counts those that are there already."""

    desk: Desk
    key: PublicKey
    edition: Edition
    reviewer: str
    first: int
    count: int
    now: datetime


def fill_clinic(engine: Engine, desk: Desk, key: PublicKey, edition: Edition, count: int) -> Iterator[int]:
    """Make responses until there are so many, and give now and then how many were made."""
    now = datetime.now(UTC)
    with begin_write(engine) as connection:
        there = connection.execute(text("SELECT count(*) FROM responses")).scalar_one()
        reviewer = meet(connection, "reviewer", now).id
    filling = Filling(desk, key, edition, reviewer, there, count, now)
    patterns = list(_make_patterns(filling)) if there < count else []
    for first in range(there, count, _BATCH):
        numbers = range(first, min(first + _BATCH, count))
        with begin_write(engine) as connection:
            _store(connection, filling, patterns, numbers)
        yield len(numbers)


def _make_patterns(filling: Filling) -> Iterator[_Pattern]:
    edition, now = filling.edition, filling.now
    synthesizer = Synthesizer(edition, "bench")
    consent = Consent(text="Made up.", language="en", edition=edition.hash, agreed_at=now)
    for number in range(_DIFFERENT):
        made = synthesizer.make(number, now.date())
        response = complete_response(edition, made.answers, language="en", now=now)
        items = list_other_than_no(edition, response.answers)
        tokens = tuple(name_item(filling.desk, link_id) for link_id in items)
        yield _Pattern(SentResponse(response=response, patient=made.patient, consent=consent), tokens)


def _store(connection: Connection, filling: Filling, patterns: Sequence[_Pattern], numbers: Sequence[int]) -> None:
    """Store a batch as it stands when it was sent, taken in, and, but for the last, reviewed."""
    rows: dict[str, list[Mapping[str, Any]]] = {"responses": [], "versions": [], "tokens": []}
    events: list[tuple[Event, datetime]] = []
    for number in numbers:
        reference = make_reference()
        at = filling.now - timedelta(days=_DAYS) * (1 - number / filling.count)
        is_open = number >= filling.count - min(_OPEN, filling.count // 5)
        sent, tokens = _compose(filling, patterns, number, at)
        rows["responses"].append(_write_response(filling, number, reference, at, is_open=is_open))
        row_id = hashlib.sha256(f"row {number}".encode()).hexdigest()[:32]
        same = {"reference": reference, "edition_hash": filling.edition.hash, "sent_at": at}
        sealed = seal_for(filling.key, sent)(row_id, reference)
        rows["versions"].append({"id": row_id, "version": 1, "sealed": sealed, **same})
        rows["tokens"] += [{"token": token, "received_at": at, "reference": reference} for token in tokens]
        events += _tell(filling, reference, at, is_open=is_open)
    for table, name in ((RESPONSES, "responses"), (RESPONSE_VERSIONS, "versions"), (RESPONSE_TOKENS, "tokens")):
        connection.execute(insert(table), rows[name])
    append_events(connection, filling.desk.chain_key, events)


def _compose(
    filling: Filling, patterns: Sequence[_Pattern], number: int, at: datetime
) -> tuple[SentResponse, set[str]]:
    """Return what a patient sent, and its search tokens: whose name, birth and answers come together varies."""
    pattern = patterns[number % _DIFFERENT]
    turn = number // _DIFFERENT
    other = patterns[(number * 7 + turn * 13) % _DIFFERENT].sent.patient
    birth = patterns[(number * 3 + turn * 31) % _DIFFERENT].sent.patient.birth
    patient = replace(pattern.sent.patient, name=other.name, birth=birth)
    response = replace(pattern.sent.response, authored=at)
    sent = replace(pattern.sent, response=response, patient=patient)
    tokens = {*pattern.tokens, *(make_token(filling.desk.token_key, "name", one) for one in list_name_keys(other.name))}
    if birth is not None:
        tokens |= {name_birth(filling.desk, birth), name_person(filling.desk, other.name, birth)}
    return sent, tokens


def _write_response(
    filling: Filling, number: int, reference: str, at: datetime, *, is_open: bool
) -> Mapping[str, object]:
    return {
        "reference": reference,
        "receipt_hash": hashlib.sha256(f"receipt {number}".encode()).hexdigest(),
        "version": 1,
        "edition_hash": filling.edition.hash,
        "language": "en",
        "received_at": at,
        "sent_at": at,
        "delete_at": at + _KEPT,
        "review_status": "requested" if is_open else "completed",
        "owner": None if is_open else filling.reviewer,
        "call_on": None,
        "reviewed_at": None if is_open else at + timedelta(hours=3),
        "revision": 0 if is_open else 2,
        "is_kept": False,
        "is_restricted": False,
        "taken_in": 1,
    }


def _tell(filling: Filling, reference: str, at: datetime, *, is_open: bool) -> Iterator[tuple[Event, datetime]]:
    yield Event(action="response.received", actor="program", subject=reference, about={"version": 1}), at
    if not is_open:
        for action in ("response.opened", "response.claimed", "response.reviewed"):
            yield Event(action=action, actor=filling.reviewer, subject=reference, about={"version": 1}), at
