"""The pages for when a post breaks on our side: what was typed stands there, ready to be sent again.

They need no database. To send again is safe: however often it comes, a page is saved as it is and answers are sent
once. What has no typed answers is not repeated: whoever erased or entered a code is told what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import make_response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.web.addresses import read_address
from app.web.i18n import translate
from app.web.numbering import find_number
from app.web.patient.lost import view_posted
from app.web.patient.step import STEP_HEADER

_CLOSED: Final = 503
_NOT_REPEATED: Final = frozenset({"csrf_token", "action"})
_TYPED: Final = frozenset({"patient.save_question_page", "patient.leave_check", "patient.send"})


@dataclass(frozen=True, slots=True)
class Undone:
    """What was asked for and did not happen: its heading, what to do, and the page on which it can be asked again.

    `is_kept` tells whether it can be said that nothing saved before is lost.
    """

    heading: str
    advice: str
    again: str = ""
    is_kept: bool = True


def keep_unsaved(posted: MultiDict[str, str]) -> Response | None:
    """Return a page that says what was not done, with all typed answers on it and a button that sends them again.

    With our script it is only a part of the answer that is shown, on the page that was filled in: that still has them.
    """
    if request.blueprint != "patient":
        return None
    _, typed = view_posted(posted)
    number = find_number(request.environ)
    has_typed = bool(typed) or request.endpoint in _TYPED
    if not has_typed or STEP_HEADER in request.headers:
        page = render_template("patient/undone.html", undone=_name_undone(has_typed=has_typed), number=number)
        return make_response(page, _CLOSED)
    page = render_template(
        "patient/unsaved.html",
        typed=typed,
        address=read_address(),
        fields=[(name, value) for name, value in posted.items(multi=True) if name not in _NOT_REPEATED],
        action=posted.get("action", ""),
        number=number,
    )
    return make_response(page, _CLOSED)


def _name_undone(*, has_typed: bool) -> Undone:
    if has_typed:
        advice = translate("What you typed is still here. Wait a minute, then save it again.")
        return Undone(translate("This is not saved yet"), advice)
    match request.endpoint:
        case "patient.erase":
            # It may have been done and not heard of: to promise either would be untrue.
            advice = translate("Your answers may still be on this server. Wait a minute, then erase them again.")
            return Undone(translate("We do not know whether your answers are erased"), advice, "/erase", is_kept=False)
        case "patient.start":
            advice = translate("No form was opened. Wait a minute, then start again.")
            return Undone(translate("That was not done yet"), advice, "/")
        case "patient.resume":
            advice = translate("Your code is as good as before. Wait a minute, then enter it again.")
            return Undone(translate("That was not done yet"), advice, "/resume")
        case _:
            again = "" if STEP_HEADER in request.headers else request.path
            return Undone(translate("That was not done yet"), translate("Wait a minute, then try again."), again)
