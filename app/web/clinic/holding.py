"""Restricting the use of a response while a request of the patient's is decided, and holding one for the law.

Neither changes an answer. A restricted response is not in the list (L-14); one under a legal hold is not erased (L-16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.responses import StoredResponse
from app.storage.review import StaleReviewError, keep, restrict
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.gate import allow
from app.web.clinic.kept import forget_kept, keep_typed
from app.web.clinic.notes import store_note
from app.web.clinic.opened import Held, require_held
from app.web.clinic.person_data import (
    Confirmation,
    ToolPage,
    account_failure,
    account_view,
    draw_again,
    draw_first,
    draw_second,
    draw_stale,
    find_reason_problem,
    is_confirmed,
    is_stale,
    read_reason,
    read_words,
    require_lead,
)
from app.web.i18n import translate
from app.web.services import get_services


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One of the two, with its words before and after."""

    is_on: Callable[[StoredResponse], bool]
    change: Callable[[Connection, StoredResponse, bool], StoredResponse]
    actions: tuple[str, str]
    titles: tuple[str, str]
    leads: tuple[str, str]


RESTRICTION: Final = Hold(
    is_on=lambda stored: stored.is_restricted,
    change=lambda connection, seen, is_on: restrict(connection, seen, is_restricted=is_on),
    actions=("response.restricted", "response.unrestricted"),
    titles=("Restrict the use of %(reference)s", "End the restriction of %(reference)s"),
    leads=(
        "It leaves the list and every search. Only an administrator who is a reviewer can open it, until this ends.",
        "It comes back to the list and to searches, and every reviewer can open it.",
    ),
)
LEGAL_HOLD: Final = Hold(
    is_on=lambda stored: stored.is_kept,
    change=lambda connection, seen, is_on: keep(connection, seen, is_kept=is_on),
    actions=("response.kept", "response.unkept"),
    titles=("Put %(reference)s under legal hold", "End the legal hold of %(reference)s"),
    leads=(
        "It is not erased, by nobody and by no retention period, until this ends.",
        "It can be erased again. If its retention period is over, that happens the next night.",
    ),
)


@blueprint.get("/responses/<reference>/restrict")
@allow(Role.REVIEWER)
def show_restricting(reference: str) -> ResponseReturnValue:
    """Ask why the use is restricted, or is no longer."""
    return _show(reference, RESTRICTION)


@blueprint.post("/responses/<reference>/restrict")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_restricting")
def restrict_response(reference: str) -> ResponseReturnValue:
    """Restrict the use, or end that, after a second page."""
    return _change(reference, RESTRICTION)


@blueprint.get("/responses/<reference>/hold")
@allow(Role.REVIEWER)
def show_keeping(reference: str) -> ResponseReturnValue:
    """Ask why a response is held, or is no longer."""
    return _show(reference, LEGAL_HOLD)


@blueprint.post("/responses/<reference>/hold")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_keeping")
def keep_response(reference: str) -> ResponseReturnValue:
    """Put a response under legal hold, or end that, after a second page."""
    return _change(reference, LEGAL_HOLD)


def _show(reference: str, hold: Hold) -> ResponseReturnValue:
    require_lead()
    held = require_held(reference, "response.opened")
    account_view(held, request.path.rpartition("/")[2])
    return draw_first(held, _build_tool(hold, held))


def _change(reference: str, hold: Hold) -> ResponseReturnValue:
    require_lead()
    held = require_held(reference, hold.actions[0])
    is_on = hold.is_on(held.stored)
    tool, action = _build_tool(hold, held), hold.actions[is_on]
    problems = find_reason_problem()
    if problems:
        account_failure(held, action, "incomplete")
        return draw_again(held, tool, problems)
    if not is_confirmed():
        buttons = {"yes": translate("Yes, do it")}
        return draw_second(held, Confirmation(title=f"{tool.title}?", lines=tool.lead, buttons=buttons))
    if is_stale(held):
        return draw_stale(held, tool, action)
    try:
        with begin_write(get_services().engine) as connection:
            hold.change(connection, held.stored, not is_on)
            if read_words():
                store_note(connection, held, read_words(), kind="reason")
            record(connection, action, subject=held.stored.reference, reason=read_reason())
    except StaleReviewError:
        return draw_stale(held, tool, action)
    forget_kept()
    return redirect(url_for("clinic.show_response", reference=held.reference), HTTPStatus.SEE_OTHER)


def _build_tool(hold: Hold, held: Held) -> ToolPage:
    is_on = hold.is_on(held.stored)
    return ToolPage(
        title=translate(hold.titles[is_on]) % {"reference": held.reference},
        lead=[translate(hold.leads[is_on])],
        button=translate("Go on"),
    )
