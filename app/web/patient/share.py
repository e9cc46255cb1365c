"""The decision: keep the answers to oneself, or send them as well. Only sending asks who one is, on its own page.

A choice not to send leads to the paper like the other. It must never send anything by itself, nor weigh the choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import render_template
from werkzeug.wrappers import Response

from app.questionnaire.identity import find_consent, is_minor
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current
from app.web.patient.deliver import name_next_version
from app.web.patient.lost import show_nothing_open
from app.web.patient.receipt import Receipt, find_receipt_of, find_stored
from app.web.services import get_services

Answer = Response | str | tuple[str, int]


class Door(StrEnum):
    """Whether answers can be sent."""

    OPEN = "open"
    CLOSED = "closed"
    PAUSED = "paused"
    ADULTS_ONLY = "adults-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """What the decision offers: `is_offered` where something can be sent that was not, `newer` as in `name_newer`.

    `notice` says why what was posted to send was not.
    """

    receipt: Receipt | None
    is_closed: bool
    is_paused: bool
    is_for_adults_only: bool
    is_offered: bool
    is_unchanged: bool
    newer: int
    notice: str


def find_door(current: Current) -> Door:
    """Return whether this person can send: the clinic has a key and receives, consent is asked for, age is no bar."""
    services = get_services()
    if services.keeper.get().key is None or find_consent(current.served.edition) is None:
        return Door.CLOSED
    clinic = services.clinic
    if clinic and not clinic.is_receiving:
        return Door.PAUSED
    if clinic and clinic.is_print_only_for_minors and is_minor(current.progress.answers):
        return Door.ADULTS_ONLY
    return Door.OPEN


def is_offered(current: Current) -> bool:
    """Tell whether this person can send something now that the clinic does not have."""
    receipt = find_receipt_of(current)
    return find_door(current) is Door.OPEN and (receipt is None or receipt.is_changed)


def name_newer(current: Current) -> int:
    """Return the number of the version that is sent next where the clinic has an earlier one; 0 where it has none."""
    stored = find_stored(current.secret)
    return name_next_version(stored, current.progress.sent) if stored else 0


@blueprint.get("/share")
def show_share() -> Answer:
    """Show the decision: keep the answers to oneself, or send them as well; once sent, what can be sent anew."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    return draw_share(current, find_door(current))


def draw_share(current: Current, door: Door, notice: str = "") -> str:
    """Return the decision as it is drawn."""
    receipt = find_receipt_of(current)
    view = DecisionView(
        receipt=receipt,
        is_closed=door is Door.CLOSED,
        is_paused=door is Door.PAUSED,
        is_for_adults_only=door is Door.ADULTS_ONLY,
        is_offered=door is Door.OPEN and (receipt is None or receipt.is_changed),
        is_unchanged=door is Door.OPEN and receipt is not None and not receipt.is_changed,
        newer=name_newer(current),
        notice=translate(notice) if notice else "",
    )
    return render_template("patient/share.html", view=view)


@blueprint.get("/share/kept")
def show_kept() -> Answer:
    """Show that nothing was sent, because the person did not agree, and that the paper needs no agreement (L-11)."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    return render_template("patient/kept.html", receipt=find_receipt_of(current))
