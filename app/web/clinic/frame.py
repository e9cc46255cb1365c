"""What stands around every staff page: whose clinic it is, who is signed in, and the pages they may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, request, url_for

from app.storage.people import Role
from app.web.clinic import blueprint
from app.web.clinic.gate import find_person
from app.web.i18n import translate
from app.web.services import get_services


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation, ready to draw."""

    name: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class StaffView:
    """Who is signed in, and the pages they may open."""

    name: str
    pages: tuple[Entry, ...]


# Endpoint, what it is called, and who may open it: in the order people meet it.
PAGES: Final = (
    ("clinic.show_responses", "Responses", Role.REVIEWER),
    ("clinic.show_overview", "Overview", Role.REVIEWER),
    ("clinic.show_export", "Export", Role.REVIEWER),
    ("clinic.show_people", "People", Role.ADMINISTRATOR),
    ("clinic.show_settings", "Settings", Role.ADMINISTRATOR),
    ("clinic.show_health", "Health", Role.ADMINISTRATOR),
    ("clinic.show_audit", "Audit log", Role.AUDITOR),
)


@blueprint.context_processor
def share_frame() -> dict[str, Any]:
    """Give every staff page its head."""
    services = get_services()
    profile = services.keeper.get()
    return {
        "clinic_name": profile.settings.name if profile.settings else translate("Foreword"),
        "is_demonstration": services.settings.is_demo,
        "staff": _view_staff(),
    }


def _view_staff() -> StaffView | None:
    person = find_person()
    if person is None:
        return None
    entries = tuple(
        Entry(translate(name), url_for(endpoint), _is_here(endpoint))
        for endpoint, name, role in PAGES
        if person.has_role(role) and endpoint in current_app.view_functions
    )
    return StaffView(person.name, entries)


def _is_here(endpoint: str) -> bool:
    """Tell whether the page asked for is this entry's own, or one below it."""
    return request.path == url_for(endpoint) or request.path.startswith(f"{url_for(endpoint)}/")
