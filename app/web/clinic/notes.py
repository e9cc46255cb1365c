"""Notes in a form: what somebody typed beside which answer, and how it is stored: append-only, signed, dated, sealed.

A form that is sent twice writes its notes once. It must never change or delete a note.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.desk.opening import make_note, seal_note
from app.questionnaire.problem import Advice
from app.storage.clinic_keys import find_newest_key
from app.storage.notes import add_note, has_note
from app.web.clinic.accounting import record
from app.web.clinic.address import read_number
from app.web.clinic.gate import get_person
from app.web.clinic.opened import Held
from app.web.clinic.sheet import NOTE
from app.web.i18n import choose_language, translate
from app.web.services import get_services

LONGEST_NOTE: Final = 10_000
"""The most characters of a note (S22): some five pages. What is longer is a document, and has its place elsewhere."""

_FORM: Final = re.compile("[0-9a-f]{32}")
_ID_LENGTH: Final = 32


def read_notes(posted: MultiDict[str, str]) -> dict[str, str]:
    """Return what was typed, by the linkId it stands beside; on the whole it is ''. As typed, without empty boxes."""
    typed = {
        name.removeprefix(NOTE).removeprefix("-"): text
        for name, text in posted.items()
        if name == NOTE or name.startswith(f"{NOTE}-")
    }
    # Browsers send each line end as two characters.
    return {link_id: text.replace("\r\n", "\n") for link_id, text in typed.items() if text.strip()}


def find_long_notes(held: Held, posted: MultiDict[str, str]) -> dict[str, str]:
    """Return a sentence for each note of a form that is too long, by its box."""
    known, language = held.newest.edition.items if held.newest else {}, choose_language()
    problems: dict[str, str] = {}
    for link_id, text in read_notes(posted).items():
        if not link_id:
            problems |= find_long(NOTE, translate("Note on the whole"), text)
        else:
            about = known[link_id].label.to(language) if link_id in known else link_id
            problems |= find_long(f"{NOTE}-{link_id}", translate("Note on “%(label)s”") % {"label": about}, text)
    return problems


def find_long(box: str, label: str, text: str) -> dict[str, str]:
    """Return a sentence where a box holds more than a note may have."""
    if len(text) <= LONGEST_NOTE:
        return {}
    return {box: translate(Advice.SHORTEN) % {"label": label, "limit": LONGEST_NOTE, "count": len(text)}}


def write_notes(connection: Connection, held: Held, posted: MultiDict[str, str]) -> int:
    """Store the notes of a form, one entry of the log for each, and return how many were new."""
    newest, form = held.newest, posted.get("form", "")
    known = newest.edition.items if newest else {}
    written = 0
    for link_id, text in read_notes(posted).items():
        # A box for a question that this edition has not was made up: what was typed in it is kept all the same.
        about = link_id if link_id in known else ""
        note_id = _name_note(form, link_id) if _FORM.fullmatch(form) else ""
        if not note_id or not has_note(connection, note_id):
            store_note(connection, held, text, about=about, version=_read_version(held, posted), note_id=note_id)
            record(connection, "response.noted", subject=held.stored.reference, on="answer" if about else "whole")
            written += 1
    return written


def store_note(
    connection: Connection,
    held: Held,
    text: str,
    *,
    about: str = "",
    version: int = 0,
    kind: str = "note",
    note_id: str = "",
) -> None:
    """Seal and store a note of the person who is signed in; the caller accounts for it."""
    key = find_newest_key(connection)
    if key is None:
        raise LookupError
    now = get_services().now()
    note = make_note(get_person().id, text, now, link_id=about, version=version or held.stored.version, kind=kind)
    add_note(connection, seal_note(key, replace(note, id=note_id) if note_id else note, held.stored.reference))


def _name_note(form: str, link_id: str) -> str:
    """Return the id of a form's note: the same however often the form is sent, another for whoever sends it."""
    parts = f"{form}\0{link_id}\0{get_person().id}"
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_LENGTH]


def _read_version(held: Held, posted: MultiDict[str, str]) -> int:
    try:
        seen = read_number(posted.get("shown", ""))
    except ValueError:
        return held.stored.version
    return seen if 0 < seen <= held.stored.version else held.stored.version
