"""Erasing what one person sent: every version, note and search token at once; the log keeps that it was done (L-14)."""

from __future__ import annotations

from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.storage.engine import begin_read, begin_write, checkpoint
from app.storage.people import Role
from app.storage.responses import StoredResponse, erase_response, hold_responses
from app.vault.reference import format_reference
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.comparing import list_of_same_person
from app.web.clinic.gate import allow
from app.web.clinic.kept import forget_kept, keep_typed
from app.web.clinic.opened import Held, require_held
from app.web.clinic.person_data import (
    Confirmation,
    ToolPage,
    account_failure,
    account_view,
    draw_again,
    draw_first,
    draw_second,
    find_reason_problem,
    is_confirmed,
    read_reason,
    require_lead,
)
from app.web.clinic.words import write_moment
from app.web.i18n import translate
from app.web.services import get_services

NONE_CHOSEN: Final = "Choose at least one response"
HELD_FOR_LAW: Final = "%(reference)s is under legal hold. End the hold first, or leave it out"


@blueprint.get("/responses/<reference>/erase")
@allow(Role.REVIEWER)
def show_erasing(reference: str) -> ResponseReturnValue:
    """Ask which of this person's responses are erased, and why."""
    require_lead()
    held = require_held(reference, "response.opened")
    account_view(held, "erase")
    return draw_first(held, _build_tool(held), responses=list_choices(held))


@blueprint.post("/responses/<reference>/erase")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_erasing")
def erase(reference: str) -> ResponseReturnValue:
    """Erase the chosen responses, after a second page that names them."""
    require_lead()
    held = require_held(reference, "response.erased")
    chosen = find_chosen(held)
    problems = {**find_reason_problem(), **_find_held(chosen)}
    if problems:
        account_failure(held, "response.erased", "incomplete")
        return draw_again(held, _build_tool(held), problems, responses=list_choices(held))
    if not is_confirmed():
        return draw_second(held, _build_confirmation(chosen))
    gone = _erase_all(chosen)
    forget_kept()
    is_clean = checkpoint(get_services().engine)
    return render_template("clinic/erased_person.html", gone=gone, is_clean=is_clean)


def list_choices(held: Held) -> list[tuple[str, str]]:
    """Return this response and the person's others: the reference, and what people read of it."""
    return [(format_reference(one.reference), _describe(one)) for one in list_all(held)]


def list_all(held: Held) -> list[StoredResponse]:
    """Return this response and all others with the same name and date of birth."""
    if held.newest is None:
        return [held.stored]
    with begin_read(get_services().engine) as connection:
        return [held.stored, *list_of_same_person(connection, held.newest)]


def find_chosen(held: Held) -> list[StoredResponse]:
    """Return those of this person's responses that were ticked; no other can be."""
    ticked = set(request.form.getlist("chosen"))
    return [one for one in list_all(held) if format_reference(one.reference) in ticked]


def _erase_all(chosen: list[StoredResponse]) -> list[str]:
    """Erase each response that nobody has put under hold meanwhile, and return the references of those."""
    gone = []
    with begin_write(get_services().engine) as connection:
        # All responses before the log, in one order: as everybody does who holds both.
        for one in hold_responses(connection, [one.reference for one in chosen]):
            if one.is_kept:
                record(connection, "response.erased", subject=one.reference, outcome="refused", reason=read_reason())
                continue
            erase_response(connection, one.reference)
            record(connection, "response.erased", subject=one.reference, reason=read_reason())
            gone.append(format_reference(one.reference))
    return gone


def _find_held(chosen: list[StoredResponse]) -> dict[str, str]:
    if not chosen:
        return {"chosen": translate(NONE_CHOSEN)}
    kept = next((one for one in chosen if one.is_kept), None)
    return {"chosen": translate(HELD_FOR_LAW) % {"reference": format_reference(kept.reference)}} if kept else {}


def _build_tool(held: Held) -> ToolPage:
    return ToolPage(
        title=translate("Erase what is kept of %(reference)s") % {"reference": held.reference},
        lead=[
            translate("Every version, note, and search word of a response is erased at once, for ever."),
            translate("The audit log keeps that it was there, who erased it, when, and the reason you choose."),
        ],
        button=translate("Go on"),
        fields="chosen",
    )


def _build_confirmation(chosen: list[StoredResponse]) -> Confirmation:
    return Confirmation(
        title=translate("Erase for ever?"),
        lines=[_describe(one) for one in chosen],
        buttons={"yes": translate("Yes, erase for ever")},
    )


def _describe(response: StoredResponse) -> str:
    values = {"reference": format_reference(response.reference), "when": write_moment(response.received_at)}
    if response.is_kept:
        return translate("%(reference)s, received %(when)s (under legal hold)") % values
    return translate("%(reference)s, received %(when)s") % values
