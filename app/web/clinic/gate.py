"""Who may open which of the clinic's pages: closed to everybody, unless the page itself says to whom it is open (S2).

A page says so with `@allow(Role.REVIEWER)`, or `@allow_everybody` on the way in. A page that says nothing is refused to
all. It never decides about a response: objects are looked up by the pages, and what is not there is 404 for everyone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from app.storage.engine import begin_write
from app.storage.people import Role
from app.web.addresses import read_address
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.identity.current import find_person, get_person
from app.web.clinic.onward import remember_onward
from app.web.clinic.session import get_session
from app.web.services import get_services

Page = TypeVar("Page", bound=Callable[..., ResponseReturnValue])

__all__ = ["EVERY_ROLE", "allow", "allow_everybody", "find_allowed", "find_person", "get_person"]

EVERY_ROLE: Final = frozenset(Role)
"""Everybody who is signed in."""

_ALLOWED: Final = "foreword_allowed"
_REFUSED: Final = 403


def allow(*roles: Role) -> Callable[[Page], Page]:
    """Open a page to people who have one of these roles."""

    def stamp(page: Page) -> Page:
        setattr(page, _ALLOWED, frozenset(roles))
        return page

    return stamp


def allow_everybody(page: Page) -> Page:
    """Open a page to everybody, signed in or not."""
    setattr(page, _ALLOWED, None)
    return page


def find_allowed(endpoint: str) -> frozenset[Role] | None:
    """Return the roles an endpoint is open to, None for everybody, and no role at all when it says nothing."""
    allowed: frozenset[Role] | None = getattr(current_app.view_functions[endpoint], _ALLOWED, frozenset())
    return allowed


@blueprint.before_request
def guard() -> ResponseReturnValue | None:
    """Turn away whoever may not open the page."""
    held = get_session()
    if held.failure is not None:
        raise held.failure
    allowed = find_allowed(request.endpoint or "")
    if allowed is None:
        return None
    person = find_person()
    if person is None:
        return send_to_sign_in()
    if not allowed & person.roles:
        return refuse()
    held.keep_roles(sorted(person.roles))
    return None


def send_to_sign_in() -> ResponseReturnValue:
    """Show the sign-in page to somebody who is not signed in, and remember what they wanted to open."""
    if request.method == "GET":
        if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
            # From another website the browser sends no cookie: who is signed in would lose theirs to a new one.
            return render_template("clinic/arrive.html", address=read_address())
        remember_onward()
    return redirect(url_for("clinic.show_sign_in"), 303)


def account_refusal(connection: Connection) -> None:
    """Write that somebody asked for what is not for them."""
    record(connection, "page.refused", subject=(request.endpoint or "").removeprefix("clinic."), outcome="refused")


def refuse() -> ResponseReturnValue:
    """Show that a page is not for this person, and account for it."""
    with begin_write(get_services().engine) as connection:
        account_refusal(connection)
    return render_template("clinic/refused.html"), _REFUSED
