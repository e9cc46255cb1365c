"""Signing in to a demonstration, with a button and without proof. Elsewhere these addresses do not exist."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.desk.demonstration import DEMONSTRATION_STAFF, meet
from app.storage.access import find_access
from app.storage.engine import begin_write
from app.storage.people import Role
from app.web.clinic import blueprint
from app.web.clinic.gate import allow_everybody
from app.web.clinic.identity.signing import let_in
from app.web.i18n import translate
from app.web.services import get_services


@blueprint.post("/demonstration")
@allow_everybody
def sign_in_to_demonstration() -> Response:
    """Sign in as the member of demonstration staff that was chosen."""
    services = get_services()
    chosen = request.form.get("as", "")
    if not services.settings.is_demo or chosen not in DEMONSTRATION_STAFF:
        raise NotFound
    with begin_write(services.engine) as connection:
        person = meet(connection, chosen, services.now())
        access = find_access(connection, person.id)
    if access is None or not person.is_active:
        raise NotFound
    return let_in(access, by="demonstration")


def list_demonstration_staff() -> list[tuple[str, str]]:
    """Return the word and the name of everybody who can be met; nobody outside a demonstration."""
    if not get_services().settings.is_demo:
        return []
    return [(word, _describe(name, roles)) for word, (name, roles) in DEMONSTRATION_STAFF.items()]


def _describe(name: str, roles: frozenset[Role]) -> str:
    """Return a name with the roles that it does not say itself."""
    if len(roles) == 1:
        return name
    both = translate("reviewer and administrator")
    return f"{name} ({both})"
