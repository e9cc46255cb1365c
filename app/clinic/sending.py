"""Sending: a completed response is sealed to the clinic's public key and stored, once (design D-7).

What is sealed here cannot be opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.questionnaire.answer import Answer
from app.questionnaire.edition import Edition
from app.questionnaire.response import complete_response
from app.questionnaire.sent import Consent, Patient, SentResponse, dump_sent
from app.storage.responses import Seal, Sending, StoredResponse, receive_response
from app.vault.codes import hash_receipt
from app.vault.keys import PublicKey
from app.vault.letter import seal_letter

PURPOSE = "response"
"""What a letter with a response is sealed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a patient decided to send: `version` is the one they mean, counted from 1."""

    secret: bytes = field(repr=False)
    version: int
    edition: Edition
    answers: Mapping[str, Answer] = field(repr=False)
    language: str
    patient: Patient
    consent: str


def send_response(
    connection: Connection, key: PublicKey, submission: Submission, *, retention_days: int, now: datetime
) -> tuple[StoredResponse, bool]:
    """Seal and store what a patient sends; return its response, and whether this sending was new (UA-28 to UA-31).

    Answers to questions that are not asked on this way are dropped here (D-5).
    """
    edition, language = submission.edition, submission.language
    sent = SentResponse(
        response=complete_response(edition, submission.answers, language=language, now=now),
        patient=submission.patient,
        consent=Consent(text=submission.consent, language=language, edition=edition.hash, agreed_at=now),
    )
    sending = Sending(
        receipt_hash=hash_receipt(submission.secret),
        version=submission.version,
        edition_hash=edition.hash,
        language=language,
        delete_at=now + timedelta(days=retention_days),
        seal=seal_for(key, sent),
    )
    return receive_response(connection, sending, now)


def seal_for(key: PublicKey, sent: SentResponse) -> Seal:
    """Return what seals a response to the clinic once its row and reference are known: it opens in no other place."""
    content = dump_sent(sent)

    def seal(row_id: str, reference: str) -> bytes:
        return seal_letter(key, content, PURPOSE, row_id, reference, sent.response.edition)

    return seal
