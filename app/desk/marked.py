"""Which answers a clinic asked to see first, in words (clinical.md 1D): no color, no order, and no level.

It must never say more of an answer than that the clinic chose it in its settings.
"""

from __future__ import annotations

from collections.abc import Collection

from app.desk.opening import OpenedVersion
from app.questionnaire.answer import Coded


def list_marked(opened: OpenedVersion, marked: Collection[str], language: str) -> tuple[str, ...]:
    """Return the questions of a response whose answer the clinic marked as `linkId=code`, in questionnaire order."""
    answers = opened.sent.response.answers
    return tuple(
        item.label.to(language)
        for item in opened.edition.questions
        if isinstance(answer := answers.get(item.link_id), Coded)
        and any(f"{item.link_id}={code}" in marked for code in answer.codes)
    )
