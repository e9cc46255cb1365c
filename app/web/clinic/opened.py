"""One response found by the reference in an address, and every version of it that opens.

What is not there is the same page for everybody. It must never let one version that is broken hide another (S13), nor
keep anything about a response from one request to the next (UA-104).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import abort, make_response, render_template, request
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from app.desk.opening import OpenedVersion, UnreadableError, open_version
from app.questionnaire.edition import Edition
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import StoredResponse, StoredVersion, find_response, list_versions
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference
from app.web.clinic.accounting import record
from app.web.clinic.gate import get_person
from app.web.services import get_services

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A response with its versions; `opened` holds those that open, by number."""

    stored: StoredResponse
    versions: tuple[StoredVersion, ...]
    opened: Mapping[int, OpenedVersion] = field(repr=False)

    @property
    def reference(self) -> str:
        """Return the reference as people read it."""
        return format_reference(self.stored.reference)

    @property
    def newest(self) -> OpenedVersion | None:
        """Return the newest version, or None where it does not open."""
        return self.opened.get(self.stored.version)


def may_see_restricted() -> bool:
    """Tell whether the person may work with restricted responses: administrators who are reviewers too."""
    return {Role.REVIEWER, Role.ADMINISTRATOR} <= get_person().roles


def find_edition(edition_hash: str) -> Edition | None:
    """Return an edition by its hash, or None."""
    served = get_services().editions.find(edition_hash)
    return served.edition if served else None


def open_or_none(stored: StoredVersion | None) -> OpenedVersion | None:
    """Return a version, opened, or None where it does not open."""
    try:
        return open_version(get_services().desk, find_edition, stored) if stored else None
    except UnreadableError:
        return None


def load_held(connection: Connection, stored: StoredResponse) -> Held:
    """Return a response with its versions."""
    versions = tuple(list_versions(connection, stored.reference))
    opened = {one.version: found for one in versions if (found := open_or_none(one)) is not None}
    return Held(stored=stored, versions=versions, opened=opened)


def require_held(typed: str, action: str = "response.opened") -> Held:
    """Return the response that an address names, or answer that there is none, or that it is restricted.

    The refusal is accounted for as the act that was tried.
    """
    try:
        reference = parse_reference(typed)
    except ReferenceCodeError:
        raise NotFound from None
    with begin_read(get_services().engine) as connection:
        stored = find_response(connection, reference)
        held = load_held(connection, stored) if stored else None
    if held is None:
        _account(action, reference, "not-found")
        raise NotFound
    if held.stored.is_restricted and not may_see_restricted():
        _account(action, reference, "refused")
        page = render_template("clinic/restricted.html", reference=held.reference, typed=list_typed())
        abort(make_response(page, _FORBIDDEN))
    return held


def is_own_address(held: Held) -> bool:
    """Tell whether the request's address has the reference as the program writes it."""
    return request.view_args is not None and request.view_args["reference"] == held.reference


def list_typed() -> list[str]:
    """Return every text of the request's form that somebody wrote in their own words: no answer of ours may lose it."""
    names = (name for name in request.form if name.startswith(("note", "words")) and name != "notes")  # that is a box
    return [text for name in names if (text := request.form[name]).strip()]


def _account(action: str, reference: str, outcome: str) -> None:
    with begin_write(get_services().engine) as connection:
        record(connection, action, subject=reference, outcome=outcome)
