"""What changed: since the version before, and since the same person's earlier response. It never says what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import url_for
from sqlalchemy import Connection

from app.desk.intake import name_person
from app.desk.opening import OpenedVersion
from app.questionnaire.compare import compare_answers
from app.questionnaire.summary_model import Change, ChangeKind
from app.storage.responses import StoredResponse, find_responses
from app.storage.tokens import list_references
from app.vault.reference import format_reference
from app.web.clinic.opened import Held, load_held, may_see_restricted
from app.web.clinic.paper import build_staff_frame, give
from app.web.clinic.words import write_moment
from app.web.i18n import translate
from app.web.services import get_services

KINDS: Final = {
    ChangeKind.CHANGED: "Another answer",
    ChangeKind.ADDED: "Newly answered",
    ChangeKind.NEWLY_ASKED: "Newly asked",
    ChangeKind.NO_LONGER_ASKED: "No longer asked",
    ChangeKind.NEW_QUESTION: "A question that was not there",
    ChangeKind.WORDED_DIFFERENTLY: "Worded differently",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One question with both answers."""

    kind: str
    change: Change = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that changed since something; `address` leads there. `reason` is the staff member's who made the version."""

    heading: str
    address: str
    link: str
    changes: tuple[ChangeView, ...] = field(repr=False)
    reason: str = field(default="", repr=False)


def compare_versions(held: Held, shown: OpenedVersion) -> Comparison | None:
    """Return what the shown version changed in the one before it that opens; None for the first."""
    before = max((number for number in held.opened if number < shown.version), default=None)
    if before is None:
        return None
    address = url_for("clinic.show_response", reference=held.reference, version=before)
    return Comparison(
        heading=translate("What changed since version %(version)s") % {"version": before},
        address=address,
        link=translate("Open version %(version)s") % {"version": before},
        changes=_list_changes(held.opened[before], shown),
        reason=shown.sent.reason or "",
    )


def compare_earlier(earlier: OpenedVersion, received: StoredResponse, shown: OpenedVersion) -> Comparison:
    """Return what changed since the same person's earlier response."""
    reference = format_reference(earlier.reference)
    when = write_moment(received.received_at)
    return Comparison(
        heading=translate("What changed since this person’s response of %(when)s") % {"when": when},
        address=url_for("clinic.show_response", reference=reference),
        link=translate("Open %(reference)s") % {"reference": reference},
        changes=_list_changes(earlier, shown),
    )


def list_of_same_person(connection: Connection, opened: OpenedVersion) -> list[StoredResponse]:
    """Return the other responses with the same name and date of birth that this person may see, oldest first."""
    patient = opened.sent.patient
    if patient.birth is None:
        return []
    token = name_person(get_services().desk, patient.name, patient.birth)
    found = find_responses(connection, (one for one in list_references(connection, token) if one != opened.reference))
    return [one for one in found if may_see_restricted() or not one.is_restricted]


def find_earlier(
    connection: Connection, stored: StoredResponse, opened: OpenedVersion
) -> tuple[StoredResponse, OpenedVersion] | None:
    """Return the newest response that the same person sent before this one, if it opens."""
    others = [one for one in list_of_same_person(connection, opened) if one.received_at < stored.received_at]
    newest = load_held(connection, others[-1]).newest if others else None
    return (others[-1], newest) if newest else None


def _list_changes(before: OpenedVersion, after: OpenedVersion) -> tuple[ChangeView, ...]:
    changes = compare_answers(give(before), give(after), build_staff_frame(after))
    return tuple(ChangeView(kind=translate(KINDS[change.kind]), change=change) for change in changes)
