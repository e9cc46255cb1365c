"""One person's responses as JSON that another program can read: every version, what was agreed to, and the notes.

Names are FHIR's (`linkId`, `valueCoding` and so on stay out: answers are written as they are kept). It must never leave
out an answer but those that were chosen to be left out, and it says which kinds those are, and what does not open.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.desk.opening import Note, OpenedVersion
from app.output.frame import REDISCLOSURE
from app.questionnaire.answer import dump_answer
from app.questionnaire.enable import find_way
from app.questionnaire.leave_out import drop_marked_options, list_left_out
from app.questionnaire.model import Sensitive
from app.vault.reference import format_reference

FORMAT: Final = "foreword-person-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portable:
    """One response with all its versions and notes that open, and how many there are of those that do not."""

    reference: str
    received_at: datetime
    delete_at: datetime
    versions: Sequence[OpenedVersion] = field(repr=False)
    notes: Sequence[Note] = field(repr=False)
    unopened_versions: Sequence[int] = ()
    unopened_notes: int = 0


def dump_person(
    responses: Sequence[Portable],
    names: Mapping[str, str],
    *,
    clinic: str,
    left_out: Collection[Sensitive],
    has_notes: bool,
    has_part_2: bool = False,
    now: datetime,
) -> str:
    """Return the responses as JSON, each answer with its question as it was asked.

    Where 42 CFR Part 2 binds the clinic, its notice goes with answers about substance use (clinical.md L-20).
    """
    needs_notice = has_part_2 and Sensitive.SUBSTANCE_USE not in left_out
    plain = {
        "format": FORMAT,
        "clinic": clinic,
        "made": now.isoformat(),
        "leftOut": sorted(left_out),
        **({"notice": REDISCLOSURE} if needs_notice else {}),
        "responses": [_dump_response(one, names, left_out, has_notes=has_notes) for one in responses],
    }
    return json.dumps(plain, indent=1)


def list_given_notes(response: Portable, left_out: Collection[Sensitive]) -> list[Note]:
    """Return the notes that are given out: not those beside a question that is left out."""
    gone = {link_id for one in response.versions for link_id in list_left_out(one.edition, left_out)}
    return [note for note in response.notes if note.link_id not in gone]


def _dump_response(
    response: Portable, names: Mapping[str, str], left_out: Collection[Sensitive], *, has_notes: bool
) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "reference": format_reference(response.reference),
        "received": response.received_at.isoformat(),
        "keptUntil": response.delete_at.isoformat(),
        "versions": [_dump_version(one, names, left_out) for one in response.versions],
        "unreadable": {"versions": list(response.unopened_versions)},
    }
    if has_notes:
        plain["unreadable"]["notes"] = response.unopened_notes
        plain["notes"] = [
            {
                "author": names.get(note.author, ""),
                "written": note.written_at.isoformat(),
                "kind": note.kind,
                "linkId": note.link_id or None,
                "version": note.version,
                "text": note.text,
            }
            for note in list_given_notes(response, left_out)
        ]
    return plain


def _dump_version(opened: OpenedVersion, names: Mapping[str, str], left_out: Collection[Sensitive]) -> dict[str, Any]:
    sent, edition = opened.sent, opened.edition
    language, patient, consent = sent.response.language, sent.patient, sent.consent
    by = sent.corrected_by
    return {
        "version": opened.version,
        "sent": opened.sent_at.isoformat(),
        "questionnaire": {"url": edition.questionnaire.url, "version": edition.questionnaire.version},
        "edition": edition.hash,
        "language": language,
        "patient": {
            "name": patient.name,
            "birthDate": "{:04}-{:02}-{:02}".format(*patient.birth) if patient.birth else None,
            "contact": patient.contact,
            "appointment": "{:04}-{:02}-{:02}".format(*patient.appointment) if patient.appointment else None,
        },
        "consent": {"text": consent.text, "language": consent.language, "agreed": consent.agreed_at.isoformat()},
        "correctedBy": names.get(by, "") if by else None,
        "correctionReason": sent.reason,
        "item": list(_dump_items(opened, language, left_out)),
    }


def _dump_items(opened: OpenedVersion, language: str, left_out: Collection[Sensitive]) -> list[dict[str, Any]]:
    edition = opened.edition
    gone = list_left_out(edition, left_out)
    enabled = find_way(edition, opened.sent.response.answers).enabled
    answers = drop_marked_options(edition, opened.sent.response.answers, left_out)
    return [
        {
            "linkId": item.link_id,
            "text": item.text.to(language),
            "answer": dump_answer(answers[item.link_id]) if item.link_id in answers else None,
            "display": [
                option.display.to(language)
                for option in item.answer_options
                if option.code in getattr(answers.get(item.link_id), "codes", ())
            ],
        }
        for item in edition.questions
        if item.link_id in enabled and item.link_id not in gone
    ]
