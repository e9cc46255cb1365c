"""What every staff page has around it: whose clinic it is, who is signed in, and the pages they may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.storage.people import Person, Role
from app.web.clinic import blueprint
from app.web.clinic.gate import EVERY_ROLE, allow
from app.web.clinic.identity.current import find_person, get_person
from app.web.clinic.kept import take_dropped
from app.web.clinic.last_list import find_list
from app.web.i18n import translate
from app.web.services import get_services

PAGES: Final = (
    ("Responses", "show_responses", frozenset({Role.REVIEWER})),
    ("Overview", "show_overview", frozenset({Role.REVIEWER, Role.ADMINISTRATOR})),
    ("Export", "show_export", frozenset({Role.REVIEWER})),
    ("People", "show_people", frozenset({Role.ADMINISTRATOR})),
    ("Settings", "show_settings", frozenset({Role.ADMINISTRATOR})),
    ("Health", "show_doctor", frozenset({Role.ADMINISTRATOR})),
    ("Audit log", "show_audit", frozenset({Role.AUDITOR, Role.ADMINISTRATOR})),
)
"""The pages in the head of every page: name, endpoint, and the roles it is shown to, the first one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page in the head."""

    name: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who is signed in, as the head shows them."""

    name: str
    pages: tuple[Entry, ...]


@blueprint.context_processor
def share_frame() -> dict[str, Any]:
    """Give every staff page what stands around it."""
    services, person = get_services(), find_person()
    clinic = services.clinic
    return {
        "clinic_name": clinic.name if clinic else translate("Foreword"),
        "is_demonstration": services.settings.is_demo,
        "is_receiving": clinic is None or clinic.is_receiving,
        "list_address": find_list() if person else "",
        "has_dropped": person is not None and take_dropped(person.id),
        "staff": Staff(name=person.name, pages=tuple(list_pages(person))) if person else None,
    }


def list_pages(person: Person) -> list[Entry]:
    """Return the pages that a person may open, of those there are."""
    entries = []
    for name, view, roles in PAGES:
        endpoint = f"clinic.{view}"
        if person.roles & roles and endpoint in current_app.view_functions:
            address = url_for(endpoint)
            is_here = request.path == address or request.path.startswith(f"{address}/")
            entries.append(Entry(name=translate(name), address=address, is_here=is_here))
    return entries


@blueprint.get("/")
@allow(*EVERY_ROLE)
def show_home() -> Response | str:
    """Go to the first page that the person may open; where the clinic is not set up, to what opens it."""
    person = get_person()
    if person.has_role(Role.ADMINISTRATOR) and get_services().keeper.get().settings is None:
        return redirect(url_for("clinic.show_setup"), 303)
    pages = list_pages(person)
    return redirect(pages[0].address, 303) if pages else render_template("clinic/refused.html")
