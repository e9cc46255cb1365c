"""The answer to a post: a redirect to the next page, or, for our one small script, that page itself.

With the script a step costs one round trip instead of two; `Content-Location` tells it the address, and the place on
the page after a `#`, which nobody else reads. Both ways show the same page (design section 7).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, redirect, request
from werkzeug.routing import RequestRedirect

from app.web.patient.current import Current, hold_secret

STEP_HEADER = "X-Foreword-Step"


def answer_step(location: str, current: Current) -> Response:
    """Return a redirect to `location` (POST-redirect-GET), or the page there when the script asked for it."""
    if STEP_HEADER in request.headers:
        shown = _show(location)
        if shown is not None:
            shown.headers["Content-Location"] = location
            return hold_secret(shown, current.secret)
    return hold_secret(current_app.make_response(redirect(location, 303)), current.secret)


def _show(location: str) -> Response | None:
    """Return the page at one of our own addresses, drawn with the draft just saved; None if it leads elsewhere."""
    parts = urlsplit(location)
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, values = adapter.match(parts.path, method="GET")
    except RequestRedirect:
        return None
    if parts.query:
        return None
    response = current_app.make_response(current_app.ensure_sync(current_app.view_functions[endpoint])(**values))
    return response if response.status_code == 200 else None  # noqa: PLR2004 (200 is what a page is)
