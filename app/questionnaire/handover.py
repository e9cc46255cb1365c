"""What a draft remembers of its last sending: when, as whom, and whether its answers have changed since.

It lives in the sealed draft, so that only its owner can tell. It must never hold an answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.questionnaire.answer import Answer, dump_answer
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.sent import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One sending: `answers` is a hash of what was sent."""

    version: int
    sent_at: datetime
    patient: Patient
    answers: str = field(repr=False)


def hash_answers(edition: Edition, answers: Mapping[str, Answer]) -> str:
    """Return a hash of the answers that would be sent: those on the path, without the consent to send them."""
    enabled = find_way(edition, answers).enabled
    own = edition.share.link_ids if edition.share else frozenset()
    kept = {
        link_id: dump_answer(answers[link_id])
        for link_id in edition.items
        if link_id in answers and link_id in enabled and link_id not in own
    }
    return hashlib.sha256(json.dumps([edition.hash, kept]).encode()).hexdigest()


def dump_handover(handover: Handover) -> dict[str, Any]:
    """Return a handover as plain JSON values."""
    patient = handover.patient
    return {
        "version": handover.version,
        "at": handover.sent_at.astimezone(UTC).isoformat(),
        "name": patient.name,
        "birth": patient.birth,
        "contact": patient.contact,
        "appointment": patient.appointment,
        "answers": handover.answers,
    }


def load_handover(stored: Mapping[str, Any]) -> Handover:
    """Return the handover that `dump_handover` made.

    >>> sent = Handover(version=1, sent_at=datetime(2026, 5, 3, tzinfo=UTC), patient=Patient(name="A"), answers="0")
    >>> load_handover(dump_handover(sent)) == sent
    True
    """
    birth, appointment = stored["birth"], stored["appointment"]
    return Handover(
        version=stored["version"],
        sent_at=datetime.fromisoformat(stored["at"]),
        patient=Patient(
            name=stored["name"],
            birth=(birth[0], birth[1], birth[2]) if birth else None,
            contact=stored["contact"],
            appointment=(appointment[0], appointment[1], appointment[2]) if appointment else None,
        ),
        answers=stored["answers"],
    )
