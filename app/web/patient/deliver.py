"""The one transaction in which answers are sent and their draft learns of it: both, or neither, and never twice.

    DeliverError
    ├── ChangedSinceError   the answers were changed in another tab after the page was shown: nothing was sent
    ├── NotReceivedError    the clinic does not receive answers at the moment: nothing was sent
    ├── SentBeforeError     this version was sent already, with something else in it: nothing more was sent
    └── TooManySentError    so many came from this network within an hour that no more are taken from there

A second click, F5, another tab and a retry after a lost answer find what is there already and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from flask import abort
from sqlalchemy import Connection

from app.clinic.sending import Submission, send_response
from app.counters import COUNTERS, RESPONSES_SENT
from app.questionnaire.answer import Coded
from app.questionnaire.handover import Handover, hash_answers
from app.questionnaire.identity import AGREE, UNREAD, find_consent
from app.questionnaire.progress import Typed
from app.questionnaire.sent import Patient
from app.storage.again import do_again_if_cut
from app.storage.clinic_keys import find_newest_key
from app.storage.drafts import StaleDraftError
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse, find_receipt
from app.vault.codes import hash_receipt
from app.web.patient.crowding import take_place
from app.web.patient.current import Current, find_again, hold_current, save_progress
from app.web.services import get_services

_ATTEMPTS = 8


class DeliverError(Exception):
    """Nothing was sent; `current` is the draft as it stands."""

    def __init__(self, current: Current) -> None:
        super().__init__("nothing was sent")
        self.current = current


class ChangedSinceError(DeliverError):
    """The answers were changed after the page was shown."""


class NotReceivedError(DeliverError):
    """The clinic does not receive answers at the moment."""


class SentBeforeError(DeliverError):
    """This version was sent already, with something else in it."""


class TooManySentError(DeliverError):
    """So many came from this network within an hour that no more are taken from there; `wait` says how long."""

    def __init__(self, current: Current, wait: timedelta) -> None:
        super().__init__(current)
        self.wait = wait


class _OvertakenError(Exception):
    """Somebody else sent or saved at the same moment: look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What was posted to send: who it is about, the words agreed to, the version meant, and the revision seen.

    `typed` are the controls as they were filled in.
    """

    typed: Typed = field(repr=False)
    patient: Patient = field(repr=False)
    consent: str
    version: int
    seen: int


def deliver(current: Current, post: Post) -> Current:
    """Send a draft's answers once and return the draft; raises StaleDraftError when it is gone, or a DeliverError."""

    def attempt() -> tuple[Current, bool]:
        with begin_write(get_services().engine) as connection:
            return _deliver(connection, current, post)

    for _ in range(_ATTEMPTS):
        try:
            delivered, is_new = do_again_if_cut(attempt)  # what was sent without our hearing of it is found there
        except (_OvertakenError, StaleDraftError):
            with begin_read(get_services().engine) as connection:
                if find_again(connection, current) is None:
                    raise StaleDraftError from None
            continue
        if is_new:
            COUNTERS.count(RESPONSES_SENT)
        return delivered
    raise StaleDraftError


def name_next_version(stored: StoredResponse | None, known: Handover | None) -> int:
    """Return the number of the version that is sent next.

    What the draft knows counts too: when the clinic has erased a response, an old page does not bring it back.
    """
    return max(stored.version if stored else 0, known.version if known else 0) + 1


def _deliver(connection: Connection, current: Current, post: Post) -> tuple[Current, bool]:
    """Return the draft as it stands now, and whether this sent it."""
    # In this order: PostgreSQL shows each statement the newest, and the draft knows at least what was sent before.
    stored = find_receipt(connection, hash_receipt(current.secret))
    now = find_again(connection, current)
    if now is None:
        raise StaleDraftError
    digest = hash_answers(now.served.edition, now.progress.answers)
    known = now.progress.sent
    if known and not stored:  # sent by another click between the two statements, unless the clinic erased it since
        stored = find_receipt(connection, hash_receipt(current.secret))
    if stored and known and known.answers == digest and known.patient == post.patient:
        return now, False  # it is there: another click, or nothing was changed since
    clinic = get_services().clinic
    if clinic is not None and not clinic.is_receiving:
        raise NotReceivedError(now)
    if post.version != name_next_version(stored, known):
        raise SentBeforeError(now)
    if any(revision > post.seen for revision in now.progress.changed_in.values()):
        raise ChangedSinceError(now)
    version = _send(connection, now, post)
    services = get_services()
    handover = Handover(version=version, sent_at=services.now(), patient=post.patient, answers=digest)
    progress = replace(now.progress, share=_forget_consent(now, post.typed), sent=handover)
    draft = save_progress(connection, now, progress)
    # Last, so that only what is sent takes a place: another click has waited for this one's row and found it there.
    # Where no place is left, all that was written is undone.
    if wait := take_place(connection):
        raise TooManySentError(now, wait)
    return hold_current(now, draft, progress), True


def _send(connection: Connection, current: Current, post: Post) -> int:
    services = get_services()
    # The key of this very moment: what is remembered of it may be older than a rotation's last look at what is there.
    key, clinic, edition = find_newest_key(connection), services.clinic, current.served.edition
    consent = find_consent(edition)
    if key is None or clinic is None or consent is None:
        abort(503)
    submission = Submission(
        secret=current.secret,
        version=post.version,
        edition=edition,
        answers={**current.progress.answers, consent.link_id: Coded((AGREE,))},
        language=current.progress.language,
        patient=post.patient,
        consent=post.consent,
    )
    stored, is_new = send_response(
        connection, key, submission, retention_days=clinic.retention_days, now=services.now()
    )
    if not is_new:
        raise _OvertakenError
    return stored.version


def _forget_consent(current: Current, typed: Typed) -> Typed:
    """Return what was typed without what was just agreed to: each sending asks anew."""
    own = current.served.edition.share
    agreed = {UNREAD, *(own.link_ids if own else ())}
    return {control: values for control, values in typed.items() if control not in agreed}
