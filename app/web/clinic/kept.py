"""What somebody typed when their session ended: kept, and shown again to the same person on the same page (S38).

A view that takes typed text says on which page it stands: `@keep_typed("clinic.show_response")`, under `@allow`. The
page asks `find_kept()` and puts what it gets into its form; of several pages that were open, each has its own. Until
its writer signs in again it stands in the database, sealed under a ticket that only their cookie holds, and only where
the form's token proves that a person's session drew it; then in their session. It is never in an address or a log, and
goes when the form is saved. A view that takes a password must not say so. So many texts are kept, each so long; whoever
typed more is told, and has it on the page to copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from app.logs import record_failure
from app.storage.engine import begin_read, begin_write
from app.storage.sessions import MOST_KEPT, find_writer, keep_text, take_text
from app.vault.seal import SealError
from app.vault.staff import derive_session_key, hash_token, make_token, open_for_row, seal_for_row
from app.web.clinic.identity.current import find_person
from app.web.clinic.session import get_session
from app.web.services import get_services
from app.web.session import TOKEN_LIFE

Page = TypeVar("Page", bound=Callable[..., ResponseReturnValue])

LARGEST: Final = 128 * 1024
"""The most bytes of one form that are kept: a note as long as can be in any script, and all that stands around it."""

NOTICE_KEPT: Final = "This page was open for a long time. What you typed is all below. Save it again."
"""The sentence above a form that shows what was kept."""

_SHOWN_AT: Final = "foreword_shown_at"
_KEPT: Final = "kept-texts"
_DROPPED: Final = "kept-dropped"  # of whom
_EARLY: Final = "early"
_EARLY_NAMES: Final = {  # and never a password
    "clinic.sign_in": ("login",),
    "clinic.join": ("login", "name"),
}
_LONGEST_EARLY: Final = 254
_LONGEST_ADDRESS: Final = 200  # bytes: it stands in a cookie
_UNKEPT: Final = frozenset({"csrf_token"})
_UNTYPED: Final = frozenset({"action", "form", "revision", "seen", "shown", "version"})
_TOO_LARGE: Final = 413


def keep_typed(endpoint: str) -> Callable[[Page], Page]:
    """Have what is sent to a view kept for the page `endpoint`, which has the same names in its address."""

    def stamp(page: Page) -> Page:
        setattr(page, _SHOWN_AT, endpoint)
        return page

    return stamp


def find_kept() -> MultiDict[str, str] | None:
    """Return what the person typed into this page when their session ended, or None."""
    kept, person = _list_kept().get(request.path), find_person()
    if kept is None or person is None or kept["person"] != person.id:
        return None
    return MultiDict((name, value) for name, value in kept["fields"])


def forget_kept() -> None:
    """Drop what was kept for the page that a view's form stands on: it was sent again."""
    kept = _list_kept()
    if kept.pop(find_address() or "", None) is not None:
        get_session()[_KEPT] = kept


def take_in_kept(person_id: str) -> None:
    """Bring what was kept for whoever signs in now into their session, and drop what was kept for somebody else."""
    taken = {}
    for address, kept in get_session().pop(_KEPT, {}).items():
        fields = _take_fields(kept["ticket"]) if "ticket" in kept else kept["fields"]
        if kept["person"] != person_id:
            continue
        if fields is None:
            get_session()[_DROPPED] = person_id
        else:
            taken[address] = {"person": person_id, "fields": fields}
    if taken:
        get_session()[_KEPT] = taken


def find_kept_address(person_id: str) -> str | None:
    """Return the page for which something of this person's was kept last."""
    theirs = [address for address, kept in _list_kept().items() if kept["person"] == person_id]
    return theirs[-1] if theirs else None


def has_kept() -> bool:
    """Tell whether something waits for somebody to sign in again."""
    return bool(_list_kept())


def find_address() -> str | None:
    """Return the page on which the form of this request's view stands, or None where nothing of it is kept."""
    view = current_app.view_functions.get(request.endpoint or "")
    endpoint = getattr(view, _SHOWN_AT, None)
    return url_for(endpoint, **_name_values()) if endpoint else None


def keep_form(posted: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Keep a form whose token is not this session's, and send its writer on: to sign in, or to the page itself.

    The token says whose form it was, and lets nobody in. None, when there is nothing to keep, or nobody to keep it for.
    """
    held = get_session()
    if held.failure is not None:
        raise held.failure
    address, writer = find_address(), find_form_writer(posted.get("csrf_token", ""))
    person = find_person()
    is_own = person is None or person.id == writer
    if address is None or writer is None or not is_own or len(address.encode("utf-8", "replace")) > _LONGEST_ADDRESS:
        return _begin_again(posted)
    fields = [(name, value) for name, value in posted.items(multi=True) if name not in _UNKEPT]
    if len(json.dumps(fields)) > LARGEST:
        return _show_unkept(address, fields)
    if person is not None:
        _keep(address, {"person": writer, "fields": fields})
        return redirect(address, 303)
    _keep(address, {"person": writer, "ticket": _put_fields(fields, writer)})
    return redirect(url_for("clinic.show_sign_in"), 303)


def _show_unkept(address: str, fields: list[tuple[str, str]]) -> ResponseReturnValue:
    """Show what is too much to be kept to whoever has just typed it, so that they can copy it."""
    typed = [value for name, value in fields if value.strip() and name not in _UNTYPED]
    return render_template("clinic/unkept.html", typed=typed, address=address), _TOO_LARGE


def take_dropped(person_id: str) -> bool:
    """Tell, once, whether something that this person typed too late is not kept any more."""
    return _DROPPED in get_session() and get_session().pop(_DROPPED) == person_id


def take_early() -> Mapping[str, str] | None:
    """Return the names that somebody not signed in had typed on a page that waited too long; None if none did."""
    early: Mapping[str, str] | None = get_session().pop(_EARLY, None)
    return early


def _begin_again(posted: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Return a page anew to somebody who is not signed in, and whose form may have waited there for an hour."""
    if find_person() is not None:
        return None
    names = _EARLY_NAMES.get(request.endpoint or "", ())
    get_session()[_EARLY] = {name: posted.get(name, "")[:_LONGEST_EARLY] for name in names}
    # A link to join leads to its own page again; all others begin at the sign-in page.
    onward = request.path if request.endpoint == "clinic.join" else url_for("clinic.show_sign_in")
    return redirect(onward, 303)


def find_form_writer(token: str) -> str | None:
    """Return the id of the person in whose session a form with this token was drawn, within a day; None for others."""
    signer = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")  # as Flask-WTF signs them
    try:
        raw = signer.loads(token, max_age=int(TOKEN_LIFE.total_seconds()))
    except BadData:
        return None
    with begin_read(get_services().engine) as connection:
        return find_writer(connection, hash_token("form", str(raw)))


def _list_kept() -> dict[str, Any]:
    """Return what is kept by the address of its page, the newest last."""
    return dict(get_session().get(_KEPT, {}))


def _keep(address: str, what: Mapping[str, Any]) -> None:
    kept = _list_kept()
    kept.pop(address, None)
    if len(kept) >= MOST_KEPT:
        get_session()[_DROPPED] = what["person"]
    get_session()[_KEPT] = {**dict(list(kept.items())[1 - MOST_KEPT :]), address: what}


def _put_fields(fields: list[tuple[str, str]], writer: str) -> str:
    """Store what was typed, sealed, and return the ticket that opens it."""
    services, ticket = get_services(), make_token()
    key = hash_token("kept", ticket)
    sealed = seal_for_row(derive_session_key(ticket), json.dumps(fields).encode(), key)
    with begin_write(services.engine) as connection:
        keep_text(connection, key, hash_token("kept for", writer), sealed, services.now())
    return ticket


def _take_fields(ticket: str) -> list[tuple[str, str]] | None:
    """Return what a ticket opens, once; None when it is no longer there."""
    key = hash_token("kept", ticket)
    with begin_write(get_services().engine) as connection:
        sealed = take_text(connection, key)
    if sealed is None:
        return None
    try:
        fields: list[tuple[str, str]] = json.loads(open_for_row(derive_session_key(ticket), sealed, key))
    except SealError as error:
        record_failure(error, "kept text refused")  # signing in goes on
        return None
    return fields


def _name_values() -> Mapping[str, Any]:
    return request.view_args or {}
