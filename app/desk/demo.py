"""Filling a demonstration: made-up patients send, and made-up staff review, as real ones do (`foreword demo`).

Everything is sealed, stored, taken in and accounted for by the code that does it for real. It must never be let near a
real clinic: whoever calls it asks for the demonstration first.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Engine

from app.clinic.sending import Submission, send_response
from app.desk.demo_plan import NOTES, Act, Span, Step, plan_course
from app.desk.demonstration import meet
from app.desk.intake import list_tokens, take_in_one
from app.desk.keyring import Desk
from app.desk.opening import make_note, open_newest, seal_note
from app.questionnaire.answer import Answer
from app.questionnaire.edition import Edition
from app.questionnaire.synthetic import Draws, Synthesizer
from app.storage.audit import Event, append_event
from app.storage.draft_ends import add_draft_ends
from app.storage.engine import begin_write
from app.storage.notes import add_note
from app.storage.people import Person
from app.storage.responses import find_receipt, find_response
from app.storage.review import claim, complete, hold_for_call
from app.vault.codes import SECRET_LENGTH, hash_receipt
from app.vault.keys import PublicKey

ORIGIN: Final = "made up"
"""Where the audit log says that made-up staff worked: nobody can take them for real ones."""

_BATCH: Final = 200
_ENDED: Final = 0.35
"""How many drafts end unsent for each that is sent."""

_CONSENT: Final = "A made-up patient of a demonstration agreed that this demonstration may read these answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is to be made: responses of the numbers from 0 to below `count`, the same for the same seed."""

    count: int
    seed: str
    span: Span
    retention_days: int
    has_reviews: bool = True


@dataclass(slots=True)
class _Course:
    """A response that is under way: its number and what is still to happen to it."""

    number: int
    steps: Iterator[Step]
    reference: str = ""
    is_known: bool = False


@dataclass(slots=True)
class _Filler:
    """Does the steps; `people` are the staff by the words of their buttons."""

    desk: Desk
    key: PublicKey
    edition: Edition
    made: Made
    patients: Synthesizer
    people: dict[str, Person] = field(default_factory=dict)

    def act(self, connection: Connection, course: _Course, step: Step) -> None:
        """Do one step of a course."""
        if step.act in {Act.SEND, Act.CORRECT}:
            self._send(connection, course, step)
        else:
            self._review(connection, course, step)

    def _send(self, connection: Connection, course: _Course, step: Step) -> None:
        secret = _make_secret(self.made.seed, course.number)
        if step.act is Act.SEND and find_receipt(connection, hash_receipt(secret)):
            course.is_known = True
            return
        day = step.at.astimezone(self.made.span.zone).date()
        patient = self.patients.make(course.number, day)
        submission = Submission(
            secret=secret,
            version=1 if step.act is Act.SEND else 2,
            edition=self.edition,
            answers=patient.answers if step.act is Act.SEND else self._correct(patient.answers, course.number, step),
            language=self.edition.questionnaire.language,
            patient=patient.patient,
            consent=_CONSENT,
        )
        stored, _ = send_response(
            connection, self.key, submission, retention_days=self.made.retention_days, now=step.at
        )
        course.reference = stored.reference
        opened = open_newest(connection, self.desk, {self.edition.hash: self.edition}.get, stored)
        take_in_one(connection, self.desk, stored, list(list_tokens(self.desk, opened)), step.at)

    def _correct(self, answers: Mapping[str, Answer], number: int, step: Step) -> dict[str, Answer]:
        """Return the answers with one or two of them as somebody else gave them."""
        other = self.patients.make(number + step.choice + 1, step.at.date()).answers
        draws = Draws(self.made.seed, "correction", number)
        differing = [link_id for link_id in answers if link_id in other and other[link_id] != answers[link_id]]
        changed = {link_id: other[link_id] for link_id in (draws.pick(differing), draws.pick(differing))}
        return {**answers, **changed}

    def _review(self, connection: Connection, course: _Course, step: Step) -> None:
        person = self.people.get(step.who) or self.people.setdefault(step.who, meet(connection, step.who, step.at))
        stored = find_response(connection, course.reference)
        if stored is None:
            return
        about: dict[str, str | int] = {}
        match step.act:
            case Act.CLAIM:
                self._account(connection, "response.opened", person, course, step.at, version=stored.version)
                claim(connection, stored, person.id)
                action = "response.claimed"
            case Act.HOLD if step.due is not None:
                hold_for_call(connection, stored, person.id, step.due)
                action = "response.held-for-call"
            case Act.REVIEW:
                complete(connection, stored, person.id, step.at)
                action, about = "response.reviewed", {"version": stored.version}
            case _:
                note = make_note(person.id, NOTES[step.choice % len(NOTES)], step.at, version=stored.version)
                add_note(connection, seal_note(self.key, note, course.reference))
                action = "response.noted"
        self._account(connection, action, person, course, step.at, **about)

    def _account(
        self, connection: Connection, action: str, person: Person, course: _Course, at: datetime, **about: str | int
    ) -> None:
        event = Event(action=action, actor=person.id, subject=course.reference, origin=ORIGIN, about=about)
        append_event(connection, self.desk.chain_key, event, at)


def fill_demonstration(engine: Engine, desk: Desk, key: PublicKey, edition: Edition, made: Made) -> Iterator[int]:
    """Make the responses that are not there yet, and give now and then how many those were.

    They come in and are reviewed in the order of time, so that the audit log reads as one that grew.
    """
    filler = _Filler(desk, key, edition, made, Synthesizer(edition, made.seed))
    sent = 0
    steps = _walk_steps(made)
    while batch := list(islice(steps, _BATCH)):
        with begin_write(engine) as connection:
            for course, step in batch:
                if not course.is_known:
                    filler.act(connection, course, step)
        received = sum(step.act is Act.SEND and not course.is_known for course, step in batch)
        sent += received
        yield received
    with begin_write(engine) as connection:
        add_draft_ends(connection, edition.hash, _count_ends(edition, made.seed, sent))


def _walk_steps(made: Made) -> Iterator[tuple[_Course, Step]]:
    """Yield what happens to all responses, in the order of time, holding only those under way."""
    arrivals = sorted((plan_course(made.seed, number, made.span)[0].at, number) for number in range(made.count))
    waiting: list[tuple[datetime, int, Step, _Course]] = []
    for at, number in arrivals:
        while waiting and waiting[0][0] <= at:
            yield _advance(waiting)
        steps = plan_course(made.seed, number, made.span)
        course = _Course(number, iter(steps if made.has_reviews else steps[:1]))
        heapq.heappush(waiting, (at, number, next(course.steps), course))
    while waiting:
        yield _advance(waiting)


def _advance(waiting: list[tuple[datetime, int, Step, _Course]]) -> tuple[_Course, Step]:
    _, number, step, course = waiting[0]
    following = next(course.steps, None)
    if following is None:
        heapq.heappop(waiting)
    else:
        heapq.heapreplace(waiting, (following.at, number, following, course))
    return course, step


def _count_ends(edition: Edition, seed: str, sent: int) -> dict[int, int]:
    """Return how many made-up drafts ended on each page that everybody sees: the later, the fewer."""
    pages = [page.number for page in edition.pages if not page.conditions]
    draws = Draws(seed, "ends")
    counts = dict.fromkeys(pages, 0)
    for _ in range(round(sent * _ENDED)):
        counts[pages[min(draws.below(len(pages)), draws.below(len(pages)))]] += 1
    return {page: count for page, count in counts.items() if count}


def _make_secret(seed: str, number: int) -> bytes:
    return hashlib.sha256(f"foreword demo\0{seed}\0{number}".encode()).digest()[:SECRET_LENGTH]
