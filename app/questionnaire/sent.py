"""What is sealed when a patient sends: the completed response, who it is about, and what they agreed to.

One JSON text, so that opening a response gives everything about it or nothing. It must never store, seal or decide,
and what it holds never stands in a repr or an exception: those are logged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from app.questionnaire.answer import Answer, dump_answer, load_answer
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.errors import StoredAnswerError
from app.questionnaire.face import find_word
from app.questionnaire.model import Face, Word
from app.questionnaire.names import list_name_keys
from app.questionnaire.response import QuestionnaireResponse, Status

__all__ = [
    "Consent",
    "Day",
    "Patient",
    "SentResponse",
    "age_at",
    "dump_sent",
    "list_name_keys",
    "list_other_than_no",
    "load_sent",
]

Day = tuple[int, int, int]
"""Year, month, day: three numbers, never an instant, so no time zone can move a date of birth (UA-63)."""

_LONGEST = 10_000
"""The most characters a text around the answers can have; what can be typed is far shorter."""

_QUIET = frozenset({Word.NO, Word.DOES_NOT_APPLY, Word.NOT_ANSWERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who a response is about, as typed when sending; only the name is always there."""

    name: str = field(repr=False)
    birth: Day | None = field(default=None, repr=False)
    contact: str = field(default="", repr=False)
    appointment: Day | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the patient agreed to: the words they read, in which language and edition, and when."""

    text: str
    language: str
    edition: str
    agreed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentResponse:
    """One version of a sent response. `corrected_by` and `reason` are there when staff made it for the patient."""

    response: QuestionnaireResponse = field(repr=False)
    patient: Patient
    consent: Consent
    corrected_by: str | None = None
    reason: str | None = field(default=None, repr=False)


def dump_sent(sent: SentResponse) -> bytes:
    """Return everything about one sent version as JSON in UTF-8."""
    response, patient, consent = sent.response, sent.patient, sent.consent
    plain = {
        "response": {
            "edition": response.edition,
            "language": response.language,
            "status": response.status.value,
            "authored": _write_moment(response.authored),
            "answers": {link_id: dump_answer(answer) for link_id, answer in response.answers.items()},
            "dropped": response.dropped,
        },
        "patient": {
            "name": patient.name,
            "birth": patient.birth,
            "contact": patient.contact,
            "appointment": patient.appointment,
        },
        "consent": {
            "text": consent.text,
            "language": consent.language,
            "edition": consent.edition,
            "agreed": _write_moment(consent.agreed_at),
        },
        "correction": {"by": sent.corrected_by, "reason": sent.reason},
    }
    return json.dumps(plain, separators=(",", ":")).encode()


def load_sent(content: bytes) -> SentResponse:
    """Return what `dump_sent` wrote; raises StoredAnswerError, with the name of the part, when it is something else.

    >>> load_sent(b"{}")
    Traceback (most recent call last):
    app.questionnaire.errors.StoredAnswerError: the stored answer of 'response' cannot be read
    """
    try:
        plain = json.loads(content)
        # What has no place in UTF-8 could be shown on no page.
        json.dumps(plain, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise StoredAnswerError("sent response") from None
    return SentResponse(
        response=_load_response(_find_part(plain, "response")),
        patient=_load_patient(_find_part(plain, "patient")),
        consent=_load_consent(_find_part(plain, "consent")),
        corrected_by=_load_optional(_find_part(plain, "correction").get("by")),
        reason=_load_optional(_find_part(plain, "correction").get("reason")),
    )


def age_at(birth: Day, today: Day) -> int:
    """Return how many birthdays there were after the day of birth; who was born on 29 February waits until March.

    >>> age_at((1990, 5, 3), (2026, 5, 2)), age_at((1990, 5, 3), (2026, 5, 3)), age_at((2004, 2, 29), (2026, 2, 28))
    (35, 36, 21)
    """
    return today[0] - birth[0] - (today[1:] < birth[1:])


def list_other_than_no(edition: Edition, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return, in questionnaire order, the screening items that were answered with something else than *No*.

    They stand under *Yes*, *Not sure* or *Prefer not to say* on the face sheet. It says nothing more about them.
    """
    enabled = find_way(edition, answers).enabled
    return tuple(
        item.link_id
        for item in edition.questions
        if item.face is Face.SCREENING
        and item.link_id in enabled
        and (answer := answers.get(item.link_id)) is not None
        and find_word(item, answer) not in _QUIET
    )


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _find_part(plain: object, name: str) -> Mapping[str, Any]:
    part = plain.get(name) if isinstance(plain, dict) else None
    if not isinstance(part, dict):
        raise StoredAnswerError(name)
    return part


def _load_response(plain: Mapping[str, Any]) -> QuestionnaireResponse:
    answers = plain.get("answers")
    if not isinstance(answers, dict) or not all(isinstance(stored, dict) for stored in answers.values()):
        raise StoredAnswerError("response")
    loaded = {link_id: load_answer(link_id, stored) for link_id, stored in answers.items()}
    try:
        return QuestionnaireResponse(
            edition=_load_text(plain["edition"]),
            language=_load_text(plain["language"]),
            status=Status(plain["status"]),
            authored=datetime.fromisoformat(plain["authored"]),
            answers=loaded,
            dropped=tuple(_load_text(link_id) for link_id in plain["dropped"]),
        )
    except (KeyError, TypeError, ValueError):
        raise StoredAnswerError("response") from None


def _load_patient(plain: Mapping[str, Any]) -> Patient:
    try:
        return Patient(
            name=_load_text(plain["name"]),
            birth=_load_day(plain["birth"]),
            contact=_load_text(plain["contact"]),
            appointment=_load_day(plain["appointment"]),
        )
    except (KeyError, TypeError, ValueError):
        raise StoredAnswerError("patient") from None


def _load_consent(plain: Mapping[str, Any]) -> Consent:
    try:
        return Consent(
            text=_load_text(plain["text"]),
            language=_load_text(plain["language"]),
            edition=_load_text(plain["edition"]),
            agreed_at=datetime.fromisoformat(plain["agreed"]),
        )
    except (KeyError, TypeError, ValueError):
        raise StoredAnswerError("consent") from None


def _load_optional(stored: object) -> str | None:
    try:
        return None if stored is None else _load_text(stored)
    except TypeError:
        raise StoredAnswerError("correction") from None


def _load_day(stored: list[int] | None) -> Day | None:
    if stored is None:
        return None
    year, month, day = stored
    date(year, month, day)
    return year, month, day


def _load_text(stored: object) -> str:
    if not isinstance(stored, str) or len(stored) > _LONGEST:
        raise TypeError
    return stored
