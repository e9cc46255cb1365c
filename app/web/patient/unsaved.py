"""The page for when the database does not answer a post: all that was posted stands on it, ready to be sent again.

It needs no database. To send again is safe: however often it comes, a page is saved as it is and answers are sent once.
"""

from __future__ import annotations

from typing import Final

from flask import make_response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.web.patient.lost import view_posted
from app.web.patient.step import STEP_HEADER

_CLOSED: Final = 503
_NOT_REPEATED: Final = frozenset({"csrf_token", "action"})


def keep_unsaved(posted: MultiDict[str, str]) -> Response | None:
    """Return a page with all that was posted and a button that sends it again; None where the page is still there.

    With our script it is: only a part of the answer is shown, on the page that was filled in.
    """
    if request.blueprint != "patient" or STEP_HEADER in request.headers:
        return None
    _, typed = view_posted(posted)
    page = render_template(
        "patient/unsaved.html",
        typed=typed,
        address=request.full_path.removesuffix("?"),
        fields=[(name, value) for name, value in posted.items(multi=True) if name not in _NOT_REPEATED],
        action=posted.get("action", ""),
    )
    return make_response(page, _CLOSED)
