"""Question pages and the support page: show one, read what was posted, save it, go on.

Each post names its page, its questions and the revision it saw, so that a stale tab can never answer another
question (UA-9, UA-10). Nothing typed is ever lost: what cannot be read is kept as typed and shown again (D-4).
"""

from __future__ import annotations

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.questionnaire.answers import PageReading, Raw
from app.questionnaire.edition import Page
from app.questionnaire.model import PageKind
from app.questionnaire.problem import Problem
from app.questionnaire.progress import Progress, is_overtaken, keep_answers, keep_typed
from app.storage.drafts import StaleDraftError
from app.web.forms import PageForm
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current, hold_secret, save_current
from app.web.patient.lost import show_lost, show_nothing_open
from app.web.patient.page import build_page, find_form, find_typed, list_asked, locate_next, locate_page, locate_resume
from app.web.patient.row import list_added, remove_row
from app.web.patient.step import answer_step
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
_OVERTAKEN = 409
_UNREADABLE = 422


class OvertakenError(Exception):
    """The page's answers were changed in another tab; `current` is the draft as it stands."""

    def __init__(self, current: Current) -> None:
        super().__init__("the page was changed elsewhere")
        self.current = current


@blueprint.get("/questions/<page_id>")
def show_question_page(page_id: str) -> Answer:
    """Show a question page with what is saved; a page off the way leads to the next one that is on it."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    page = _find_page(current, page_id, PageKind.QUESTIONS)
    is_changing = _is_changing()
    if not current.way.has(page):
        return redirect(locate_next(current, page, is_changing=is_changing), 303)
    form = find_form(current, page, find_typed(current, page))
    problems: tuple[Problem, ...] = ()
    if page.link_id in current.progress.pending:
        problems = form.read(list_asked(current, page), get_services().now().date()).problems
    return render_template(
        "patient/question.html", page=build_page(current, page, form, problems, is_changing=is_changing)
    )


@blueprint.post("/questions/<page_id>")
def save_question_page(page_id: str) -> Answer:
    """Save a page and go on; with problems, show it again with everything typed."""
    current = find_current()
    if current is None:
        return show_lost(request.form)
    page = _find_page(current, page_id, PageKind.QUESTIONS)
    return save_page(current, page, is_changing=_is_changing())


@blueprint.get("/support")
def show_support() -> Answer:
    """Show the calm page of clinical.md 1D, the same for everyone; inside a form it leads onward."""
    current = find_current()
    page = find_support_page(current) if current else None
    if current is None or page is None:
        return render_template("patient/support.html", action="", onward=url_for("patient.show_start"))
    action = locate_page(page, is_changing=_is_changing()) if current.way.has(page) else ""
    return render_template("patient/support.html", action=action, onward=locate_resume(current))


@blueprint.post("/support")
def leave_support() -> Answer:
    """Go on from the support page."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    page = find_support_page(current)
    if page is None:
        return redirect(url_for("patient.show_check"), 303)
    try:
        current = save_current(
            current, lambda now: keep_answers(now.served.edition, now.progress, page, PageReading({}, ()), 0)
        )
    except StaleDraftError:
        return show_nothing_open()
    return answer_step(locate_next(current, page, is_changing=_is_changing()), current)


def find_support_page(current: Current) -> Page | None:
    """Return the edition's support page, if it has one."""
    return next((page for page in current.served.edition.pages if page.kind is PageKind.SUPPORT), None)


def save_page(current: Current, page: Page, *, is_changing: bool) -> Answer:
    """Save what was posted to a page, by the button that was pressed, and answer with what comes next."""
    action, _, subject = request.form.get("action", "save").partition(":")
    typed: Raw = {name: tuple(values) for name, values in request.form.lists()}
    if action == "clear":
        typed = {}
    elif action == "remove":
        typed = remove_row(page, typed, subject)
    asked = _list_posted(page, request.form, current)
    form = find_form(current, page, typed)
    reading = form.read(asked, get_services().now().date())
    seen = request.form.get("revision", "", type=str)
    revision = int(seen[:9]) if seen.isdecimal() else None
    try:
        current = save_current(current, lambda now: _apply(now, page, typed, reading, revision))
    except OvertakenError as error:
        return _show_again(error.current, page, form, reading, is_changing=is_changing, is_late=True)
    except StaleDraftError:
        return show_lost(request.form)
    if reading.problems and action != "add":
        return _show_again(current, page, form, reading, is_changing=is_changing)
    if action == "save":
        return answer_step(locate_next(current, page, is_changing=is_changing), current)
    anchor = f"#{list_added(page, typed, subject)}" if action == "add" else ""
    return answer_step(locate_page(page, is_changing=is_changing) + anchor, current)


def _apply(now: Current, page: Page, typed: Raw, reading: PageReading, seen: int | None) -> Progress:
    if seen is not None and not reading.problems and is_overtaken(now.progress, page, seen, reading):
        raise OvertakenError(now)
    progress = keep_answers(now.served.edition, now.progress, page, reading, now.draft.revision + 1)
    return keep_typed(progress, page, typed) if reading.problems else progress


def _show_again(
    current: Current,
    page: Page,
    form: PageForm,
    reading: PageReading,
    *,
    is_changing: bool,
    is_late: bool = False,
) -> Answer:
    view = build_page(current, page, form, reading.problems, is_overtaken=is_late, is_changing=is_changing)
    status = _OVERTAKEN if is_late else _UNREADABLE
    response = make_response(render_template("patient/question.html", page=view), status)
    return hold_secret(response, current.secret)


def _list_posted(page: Page, posted: MultiDict[str, str], current: Current) -> set[str]:
    """Return which of the page's questions the post was about: those it names, else those asked now."""
    named = set(posted.get("asked", "").split())
    known = {item.link_id for item in page.questions}
    return (named & known) or set(list_asked(current, page))


def _find_page(current: Current, page_id: str, kind: PageKind) -> Page:
    page = current.served.edition.find_step(page_id)
    if page is None or page.kind is not kind:
        abort(404)
    return page


def _is_changing() -> bool:
    return request.args.get("to") == "check"
