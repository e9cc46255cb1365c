"""A page whose form's token has died, shown again: with all that was typed on it, and a token that can be sent (S38).

Such a post does nothing. The page still says which revision its reader saw, so that the next press is told of what
another tab changed meanwhile, as if the token had lived.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.questionnaire.answers import Raw
from app.web.patient.check import show_check_again
from app.web.patient.current import Current, find_current, hold_secret
from app.web.patient.lost import show_lost
from app.web.patient.notice import NOTICE_OLD_BUTTON
from app.web.patient.questions import draw_support, show_page_again
from app.web.patient.send import show_old_send
from app.web.patient.start import draw_erase, draw_resume

_BAD_TOKEN = 400


def show_old_page(posted: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Return the page that was posted as it was filled in; None where the address is no page of this half."""
    match request.endpoint:
        case "patient.start":
            return show_lost(posted)
        case "patient.resume":
            return draw_resume(posted.get("code", ""), notice=NOTICE_OLD_BUTTON), _BAD_TOKEN
        case "patient.erase":
            return draw_erase(NOTICE_OLD_BUTTON), _BAD_TOKEN
        case "patient.leave_support":
            return draw_support(NOTICE_OLD_BUTTON), _BAD_TOKEN
        case name:
            show = _PAGES.get(name or "")
            return _show_page(show, posted) if show else None


def _show_page(show: _Show, posted: MultiDict[str, str]) -> ResponseReturnValue:
    """Return a page of the form that is open; where another one is open by now, what was typed stands on its own."""
    current = find_current()
    if current is None or posted.get("draft", current.draft.id) != current.draft.id:
        return show_lost(posted)
    page = show(current, {name: tuple(values) for name, values in posted.lists()})
    if page is None:
        return show_lost(posted)
    response = make_response(page)
    response.status_code = _BAD_TOKEN
    return hold_secret(response, current.secret)


_Show = Callable[[Current, Raw], Response | str | None]
_PAGES: dict[str, _Show] = {
    "patient.leave_check": show_check_again,
    "patient.save_question_page": show_page_again,
    "patient.send": show_old_send,
}
