"""A QuestionnaireResponse: the answers on the path, and no others, under the edition they were given in.

Completing is where answers to disabled items are dropped (design D-5, UA-85 to UA-92). It must never add or
change an answer. Source: FHIR R4 QuestionnaireResponse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.questionnaire.answer import Answer
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way


class Status(StrEnum):
    """FHIR R4 questionnaire-answers-status, as far as we use it."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionnaireResponse:
    """The answers of one person to one edition. `dropped` are the linkIds of answers that were off the path."""

    edition: str
    language: str
    status: Status
    authored: datetime
    answers: Mapping[str, Answer]
    dropped: tuple[str, ...] = ()


def complete_response(
    edition: Edition, answers: Mapping[str, Answer], *, language: str, now: datetime
) -> QuestionnaireResponse:
    """Return the completed response: answers of enabled items in questionnaire order, the rest named in `dropped`."""
    enabled = find_way(edition, answers).enabled
    order = [link_id for link_id in edition.items if link_id in answers]
    return QuestionnaireResponse(
        edition=edition.hash,
        language=language,
        status=Status.COMPLETED,
        authored=now,
        answers={link_id: answers[link_id] for link_id in order if link_id in enabled},
        dropped=tuple(link_id for link_id in order if link_id not in enabled),
    )
