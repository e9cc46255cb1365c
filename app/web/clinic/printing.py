"""The clinic's copy on paper: one response, or several chosen in the list, in one file without blank pages.

Each response that is printed is one entry of the log. What cannot be printed is named, and never left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final, Literal

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from app.desk.opening import open_notes
from app.logs import record_failure
from app.questionnaire.summary_model import Summary
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import find_response
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.address import read_number
from app.web.clinic.gate import allow
from app.web.clinic.opened import Held, load_held, may_see_restricted, require_held
from app.web.clinic.paper import build_clinic_summary, build_staff_part, list_authors
from app.web.clinic.words import name_people
from app.web.services import get_services

MOST_PRINTED: Final = 25
"""How many responses are printed together: as many as the list shows at once."""

PAPERS: Final[dict[str, Literal["a4", "us-letter"]]] = {"letter": "us-letter", "a4": "a4"}


@blueprint.get("/responses/<reference>.pdf")
@allow(Role.REVIEWER)
def print_response(reference: str) -> ResponseReturnValue:
    """Return the clinic's copy of one response: with the companion and with notes where they are asked for."""
    held = require_held(reference, "response.printed")
    try:
        opened = held.opened[read_number(request.args.get("version", "") or str(held.stored.version))]
    except (ValueError, KeyError):
        raise NotFound from None
    has_notes, has_companion = ("notes" in request.args, "companion" in request.args)
    summary = _build_copy(held, opened.version, has_notes=has_notes, has_companion=has_companion)
    answer = draw_pdf([summary])
    if answer.status_code == HTTPStatus.OK:
        answer.headers["Content-Disposition"] = f'inline; filename="{held.reference}.pdf"'
        _account([held], by="page", has_notes=has_notes, version=opened.version)
    return answer


@blueprint.get("/responses/print")
@allow(Role.REVIEWER)
def print_responses() -> ResponseReturnValue:
    """Return the chosen responses in one file, or say which of them cannot be printed."""
    chosen = _read_chosen()
    is_too_many = len(chosen) > MOST_PRINTED
    found = {} if is_too_many else _find_printable(chosen)
    broken = [reference for reference, held in found.items() if held is None]
    fine = [held for held in found.values() if held is not None]
    if not fine or broken:
        _account_refusals([parse_reference(reference) for reference in broken] or [""], count=len(chosen))
        page = render_template(
            "clinic/not_printed.html",
            broken=broken,
            fine=[held.reference for held in fine],
            is_too_many=is_too_many,
            most=MOST_PRINTED,
        )
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    has_notes = "notes" in request.args
    copies = [_build_copy(held, held.stored.version, has_notes=has_notes, has_companion=False) for held in fine]
    answer = draw_pdf(copies)
    if answer.status_code == HTTPStatus.OK:
        answer.headers["Content-Disposition"] = 'inline; filename="responses.pdf"'
        _account(fine, by="list", has_notes=has_notes)
    return answer


def draw_pdf(copies: Sequence[Summary]) -> Response:
    """Return these summaries as one PDF on the paper that the request asks for, or a page that says to wait."""
    from app.output.pdf import (  # noqa: PLC0415  a start should not wait for typst
        PdfBusyError,
        PdfError,
        render_batch,
        render_pdf,
    )

    paper = PAPERS.get(request.values.get("paper", "letter"))
    if paper is None:
        raise NotFound
    try:
        pdf = render_pdf(copies[0], paper=paper) if len(copies) == 1 else render_batch(copies, paper=paper)
    except PdfError as error:
        if not isinstance(error, PdfBusyError):
            record_failure(error, "no pdf")
        page = render_template("clinic/no_pdf.html", is_batch=len(copies) > 1)
        return make_response(page, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "30"})
    return Response(pdf, mimetype="application/pdf")


def _read_chosen() -> list[str]:
    """Return the references that were ticked, each once; what is no reference was ticked on no page of ours."""
    chosen: dict[str, None] = {}
    for typed in request.args.getlist("reference"):
        with suppress(ReferenceCodeError):
            chosen[parse_reference(typed)] = None
    return list(chosen)


def _find_printable(chosen: Sequence[str]) -> dict[str, Held | None]:
    """Return each chosen response by its reference; None where it is not there, not for this person, or broken."""
    found: dict[str, Held | None] = {}
    with begin_read(get_services().engine) as connection:
        for reference in chosen:
            stored = find_response(connection, reference)
            is_free = stored is not None and (may_see_restricted() or not stored.is_restricted)
            held = load_held(connection, stored) if stored is not None and is_free else None
            found[format_reference(reference)] = held if held and held.newest else None
    return found


def _build_copy(held: Held, version: int, *, has_notes: bool, has_companion: bool) -> Summary:
    staff = None
    if has_notes:
        with begin_read(get_services().engine) as connection:
            notes = open_notes(connection, get_services().desk, held.stored.reference)
            names = name_people(connection, list_authors(held, notes))
        staff = build_staff_part(held, notes, names)
    opened, newest = held.opened[version], held.stored.version
    return build_clinic_summary(opened, newest=newest, has_companion=has_companion, staff=staff)


def _account_refusals(broken: Sequence[str], *, count: int) -> None:
    with begin_write(get_services().engine) as connection:
        for reference in broken:
            outcome = "refused" if reference else "incomplete"
            record(connection, "response.printed", subject=reference, outcome=outcome, by="list", chosen=count)


def _account(printed: Sequence[Held], *, by: str, has_notes: bool, version: int = 0) -> None:
    with begin_write(get_services().engine) as connection:
        for held in printed:
            record(
                connection,
                "response.printed",
                subject=held.stored.reference,
                by=by,
                notes=int(has_notes),
                version=version or held.stored.version,
            )
