"""The page for when the database does not answer what staff sent: what was typed stands there, to be sent again.

It needs no database, nor the session that is in it: the form's own token goes with it, and is looked at when it is sent
again. That is safe: a note is written once, and an act is done once to what its writer saw.
"""

from __future__ import annotations

from typing import Final

from flask import current_app, make_response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.web.addresses import read_address
from app.web.clinic.kept import find_address
from app.web.clinic.opened import list_typed

_CLOSED: Final = 503


def keep_unsaved(posted: MultiDict[str, str]) -> Response | None:
    """Return a page with all that was sent and a button that sends it again; None for a form that nobody writes in."""
    if find_address() is None:
        return None
    # By the template alone: what the other pages have around them is read from the database.
    page = current_app.jinja_env.get_template("clinic/unsaved.html").render(
        typed=list_typed(), address=read_address(), fields=list(posted.items(multi=True))
    )
    return make_response(page, _CLOSED)
