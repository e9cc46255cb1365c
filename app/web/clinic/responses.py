"""The work list: what patients sent and nobody has marked reviewed, oldest first, and the search for any other.

A search by name or birth is sent in a form and answered with an address that holds it sealed (design D-11).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from app.desk.intake import BATCH, take_in_new
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import ReviewStatus, StoredResponse
from app.storage.review import StaleReviewError, claim
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.reference import format_reference
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.asked import AddressError, Asked, list_search_words, read_asked, seal_asked, write_address
from app.web.clinic.asking import build_form, fill_form, read_form
from app.web.clinic.gate import allow, get_person, refuse
from app.web.clinic.kept import NOTICE_KEPT, find_kept, forget_kept, keep_typed
from app.web.clinic.last_list import remember_list
from app.web.clinic.listing import ListPage, build_list
from app.web.clinic.opened import find_edition, may_see_restricted
from app.web.clinic.printing import MOST_PRINTED
from app.web.i18n import translate
from app.web.services import get_services

_TRIES: Final = 5


@blueprint.get("/responses")
@allow(Role.REVIEWER)
def show_responses() -> ResponseReturnValue:
    """Show the list that the address asks for; without anything in it, what is open, oldest first."""
    services = get_services()
    try:
        asked = read_asked(request.args, services.desk)
    except AddressError:
        raise NotFound from None
    if asked.has_restricted and not may_see_restricted():
        return refuse()
    remember_list(asked)
    has_more = take_in() >= BATCH
    with begin_read(services.engine) as connection:
        listed = build_list(connection, asked)
        kept = find_kept()
        form = build_form(connection, kept or fill_form(asked), {})
    with begin_write(services.engine) as connection:
        account_for(connection, asked, listed)
    notices = [translate(NOTICE_KEPT)] if kept else []
    if has_more and asked.is_search:
        notices.append(translate("Many responses have just come in. Search again in a moment, so that none is missed."))
    return render_template("clinic/responses.html", page=listed, form=form, notices=notices, most=MOST_PRINTED)


@blueprint.post("/responses")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_responses")
def search_responses() -> ResponseReturnValue:
    """Go to the list that the form asks for, or show what has to be looked at again."""
    services = get_services()
    asked, problems = read_form(request.form)
    forget_kept()
    if not problems:
        return redirect(write_address(seal_asked(asked, services.desk)), HTTPStatus.SEE_OTHER)
    with begin_read(services.engine) as connection:
        form = build_form(connection, request.form, problems)
    with begin_write(services.engine) as connection:
        record(connection, "list.searched", outcome="incomplete")
    page = render_template("clinic/responses.html", page=None, form=form, notices=[], most=MOST_PRINTED)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/responses/next/claim")
@allow(Role.REVIEWER)
def claim_next() -> ResponseReturnValue:
    """Take the response that has waited longest, and open it; whoever else takes one at this moment gets the next."""
    take_in()
    for _ in range(_TRIES):
        try:
            taken = _claim_oldest()
        except StaleReviewError:
            continue
        if taken is not None:
            return redirect(address_of(taken), HTTPStatus.SEE_OTHER)
        break
    return redirect(url_for("clinic.show_responses"), HTTPStatus.SEE_OTHER)


def take_in() -> int:
    """Take in what has come in since somebody looked, a batch at most, and return how many there were."""
    services = get_services()
    return take_in_new(services.engine, services.desk, find_edition, services.now())


def find_next(connection: Connection) -> StoredResponse | None:
    """Return the response that has waited longest and that nobody has."""
    found = list_responses(connection, ResponseFilter(statuses=(ReviewStatus.REQUESTED,)), 1)
    return found[0] if found else None


def address_of(response: StoredResponse) -> str:
    """Return the address of a response's page."""
    return url_for("clinic.show_response", reference=format_reference(response.reference))


def account_for(connection: Connection, asked: Asked, listed: ListPage) -> None:
    """Write that a list was seen or searched: by what, and how much was shown; never what was typed."""
    record(
        connection,
        "list.searched" if asked.is_search else "list.viewed",
        rows=len(listed.rows),
        unreadable=sum(row.is_unreadable for row in listed.rows),
        states=" ".join(asked.states),
        restricted=int(asked.has_restricted),
        by=" ".join(list_search_words(asked)),
    )


def _claim_oldest() -> StoredResponse | None:
    with begin_write(get_services().engine) as connection:
        waiting = find_next(connection)
        if waiting is None:
            return None
        taken = claim(connection, waiting, get_person().id)
        record(connection, "response.claimed", subject=taken.reference)
        return taken
