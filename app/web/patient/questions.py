"""Question pages and the support page: show one, read what was posted, save it, go on.

Each post names its page, its questions and the revision it saw, so that a stale tab can never answer another
question (UA-9, UA-10). Nothing typed is ever lost: what cannot be read is kept as typed and shown again (D-4).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.questionnaire.answers import PageReading, Raw
from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import PageKind
from app.questionnaire.progress import Progress, is_overtaken, keep_answers, keep_typed
from app.storage.drafts import StaleDraftError
from app.web.forms import PageForm
from app.web.i18n import choose_language, translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current, hold_secret, save_current
from app.web.patient.lost import show_lost, show_nothing_open
from app.web.patient.notice import NOTICE_OLD_BUTTON, NOTICE_OLD_PAGE, NOTICE_OPENED, NOTICE_OVERTAKEN
from app.web.patient.page import (
    OPENED,
    build_drawing,
    build_old_page,
    build_page,
    find_form,
    find_kept,
    find_typed,
    list_asked,
    locate_back,
    locate_form,
    locate_next,
    locate_page,
    locate_resume,
)
from app.web.patient.paint import draw_page
from app.web.patient.row import list_added, remove_row
from app.web.patient.step import answer_step
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
_OVERTAKEN = 409
_UNREADABLE = 422
_ACTIONS = frozenset({"save", "back", "later", "visit", "clear", "empty", "add", "remove"})
VISITS = {
    "summary": "patient.show_summary",
    "support": "patient.show_support",
    "erase": "patient.show_erase",
    "privacy": "patient.show_privacy",
    "about-ketamine": "patient.show_about",
    "for-clinicians": "patient.show_for_clinicians",
    "accessibility": "patient.show_accessibility",
}
"""The pages beside a form that a button of it leads to, so that what is typed there is kept."""


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
    form, problems = find_kept(current, page)
    notice = NOTICE_OPENED if OPENED in request.args else ""
    return draw_page(current, build_page(current, page, form, problems, notice=notice, is_changing=is_changing))


@blueprint.post("/questions/<page_id>")
def save_question_page(page_id: str) -> Answer:  # noqa: ARG001 (find_posted_page reads it with the form)
    """Save a page and go on; with problems, show it again with everything typed."""
    current = find_current()
    if current is None:
        return show_lost(request.form)
    page = find_posted_page(current)
    if page is None:
        # A page of an edition that numbers its pages otherwise, or none at all.
        if request.form.get("asked"):
            return show_lost(request.form)
        abort(404)
    return save_page(current, page, is_changing=_is_changing())


@blueprint.get("/questions/<page_id>/clear")
def show_clear(page_id: str) -> Answer:
    """Ask once more before a page's answers are taken away; where there are none, show the page."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    page = _find_page(current, page_id, PageKind.QUESTIONS)
    typed = find_typed(current, page)
    if not any("".join(values) for values in typed.values()):
        return redirect(locate_page(page, is_changing=_is_changing()), 303)
    view = build_page(current, page, find_form(current, page, typed), is_changing=_is_changing())
    return render_template("patient/clear.html", page=view)


def show_page_again(current: Current, typed: Raw) -> str | None:
    """Return a question page as it was posted long after it was opened; None where the form has no such page."""
    page = find_posted_page(current)
    if page is None:
        return None
    if request.form.get("action") == "empty":
        view = build_old_page(current, page, typed, notice=NOTICE_OLD_BUTTON, is_changing=_is_changing())
        return render_template("patient/clear.html", page=view)
    view = build_old_page(current, page, typed, notice=NOTICE_OLD_PAGE, is_changing=_is_changing())
    return render_template("patient/question.html", page=view)


@blueprint.get("/support")
def show_support() -> str:
    """Show the calm page of clinical.md 1D, the same for everyone; inside a form it leads onward."""
    return draw_support()


def draw_support(notice: str = "") -> str:
    """Return that page as it is drawn."""
    current = find_current()
    served = current.served if current else get_services().editions.get_newest()
    page = find_support_page(served.edition)
    action = ""
    if current is not None and page is not None and _is_due(current, page):
        action = locate_page(page, is_changing=_is_changing())
    drawing = build_drawing(current.progress.language if current else choose_language(), served)
    return render_template(
        "patient/support.html",
        heading=drawing.to(page.title) if page else "",
        sentences=[drawing.to(item.text) for item in page.items] if page else [],
        action=action,
        form=locate_form(),
        notice=translate(notice) if notice else "",
    )


@blueprint.post("/support")
def leave_support() -> Answer:
    """Go on from the support page."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    page = find_support_page(current.served.edition)
    if page is None or not _is_due(current, page):
        return redirect(locate_resume(current), 303)
    try:
        current = save_current(
            current,
            lambda now: keep_answers(
                now.served.edition,
                now.progress,
                page,
                PageReading({}, ()),
                0,
                before=now.way,
                is_changing=_is_changing(),
            ),
        )
    except StaleDraftError:
        return show_nothing_open()
    return answer_step(locate_next(current, page, is_changing=_is_changing()), current)


def find_support_page(edition: Edition) -> Page | None:
    """Return the edition's support page, if it has one."""
    return next((page for page in edition.pages if page.kind is PageKind.SUPPORT), None)


def _is_due(current: Current, page: Page) -> bool:
    """Tell whether the support page is this person's next step, and not only looked up from the foot of a page."""
    if not current.way.has(page):
        return False
    last = current.served.edition.find_page(current.progress.at)
    return page.link_id in current.progress.opened or (last is not None and current.way.after(last) is page)


def find_posted_page(current: Current) -> Page | None:
    """Return the page a post is about: that of its address, or, where it names other questions, theirs (UA-10)."""
    edition = current.served.edition
    page = edition.find_step((request.view_args or {}).get("page_id", ""))
    named = request.form.get("asked", "").split()
    if named and (page is None or not page.link_ids.intersection(named)):
        page = next((edition.page_of[link_id] for link_id in named if link_id in edition.page_of), None)
    return page if page is not None and page.kind is PageKind.QUESTIONS else None


def save_page(current: Current, page: Page, *, is_changing: bool) -> Answer:
    """Save what was posted to a page, by the button that was pressed, and answer with what comes next."""
    if request.form.get("draft", current.draft.id) != current.draft.id:
        # The page belongs to a form that was erased or left for another one on this device (UA-9, UA-111).
        return show_lost(request.form)
    action, _, subject = request.form.get("action", "save").partition(":")
    if action not in _ACTIONS or (action == "clear" and page.kind is not PageKind.QUESTIONS):
        # No button of the page: those of the check and share pages clear nothing.
        action = "save"
    typed: Raw = {name: tuple(values) for name, values in request.form.lists()}
    if action == "empty":
        typed = {}
    elif action == "remove":
        typed = remove_row(page, typed, subject)
    form = find_form(current, page, typed)
    reading = form.read(_list_posted(page, current), get_services().today())
    seen = request.form.get("revision", "")
    change = Change(
        page,
        typed,
        reading,
        int(seen[:9]) if seen.isdecimal() else None,
        is_changing,
        action != "save" or bool(reading.problems),
        _find_changed(current, reading),
    )
    try:
        current = save_current(current, change.apply)
    except OvertakenError as error:
        return show_typed(error.current, page, NOTICE_OVERTAKEN, form, reading, is_changing=is_changing)
    except StaleDraftError:
        return show_lost(request.form)
    if reading.problems and action in {"save", "remove"}:
        if all(problem.link_id in current.way.enabled for problem in reading.problems):
            # It is kept, and its own address shows it: going back in the browser never asks to send it again.
            return answer_step(locate_page(page, is_changing=is_changing), current)
        return show_typed(current, page, "", form, reading, is_changing=is_changing)
    return answer_step(_locate_onward(current, change, action, subject), current)


def _locate_onward(current: Current, change: Change, action: str, subject: str) -> str:
    """Return where a saved page leads, by the button that was pressed."""
    page = change.page
    match action:
        case "later" | "visit":
            # What cannot be read yet is kept too, and shown again on the way back (D-4).
            return url_for(VISITS.get(subject, "patient.show_resume"))
        case "back":
            return locate_back(current, page, is_changing=change.is_changing, place=change.place)
        case "add":
            here = locate_page(page, is_changing=change.is_changing)
            return f"{here}#{list_added(page, change.typed, subject)}"
        case "clear":
            to = "check" if change.is_changing else None
            return url_for("patient.show_clear", page_id=page.slug, to=to)
        case "empty" | "remove":
            return locate_page(page, is_changing=change.is_changing)
        case _:
            return locate_next(current, page, is_changing=change.is_changing, place=change.place)


def _find_changed(current: Current, reading: PageReading) -> str:
    """Return the first question whose answer a post changes, or else the first that it is about."""
    before = current.progress.answers
    changed = (link_id for link_id, answer in reading.answers.items() if before.get(link_id) != answer)
    return next(changed, next(iter(reading.answers), ""))


@dataclass(frozen=True, slots=True)
class Change:
    """One post to one page, applied to the draft as it stands when it is saved; `seen` is the revision it saw.

    `is_staying` when the person is not done with the page: who comes back to the form comes back to it. `place` is the
    question whose answer is changed.
    """

    page: Page
    typed: Raw
    reading: PageReading
    seen: int | None
    is_changing: bool
    is_staying: bool
    place: str

    def apply(self, now: Current) -> Progress:
        """Return the progress with this change, or raise OvertakenError where another tab changed the page."""
        page, reading = self.page, self.reading
        if self.seen is not None and is_overtaken(now.progress, page, self.seen, self.typed, reading):
            raise OvertakenError(now)
        revision = now.draft.revision + 1
        progress = keep_answers(
            now.served.edition,
            now.progress,
            page,
            reading,
            revision,
            before=now.way,
            is_changing=self.is_changing,
            is_staying=self.is_staying,
        )
        # A number we only doubt is an answer already.
        is_unreadable = any(not problem.is_doubt for problem in reading.problems)
        return keep_typed(progress, page, self.typed, revision) if is_unreadable else progress


def show_typed(
    current: Current,
    page: Page,
    notice: str,
    form: PageForm | None = None,
    reading: PageReading | None = None,
    *,
    is_changing: bool | None = None,
) -> Answer:
    """Return a page again with everything that was just typed on it, and the reason why it came back."""
    if form is None:
        form = find_form(current, page, {name: tuple(values) for name, values in request.form.lists()})
    view = build_page(
        current,
        page,
        form,
        reading.problems if reading else (),
        notice=notice,
        is_changing=_is_changing() if is_changing is None else is_changing,
    )
    response = make_response(render_template("patient/question.html", page=view), _OVERTAKEN if notice else _UNREADABLE)
    return hold_secret(response, current.secret)


def _list_posted(page: Page, current: Current) -> set[str]:
    """Return which of the page's questions the post was about: those it names, else those asked now."""
    named = page.link_ids.intersection(request.form.get("asked", "").split())
    return set(named) or set(list_asked(current, page))


def _find_page(current: Current, page_id: str, kind: PageKind) -> Page:
    page = current.served.edition.find_step(page_id)
    if page is None or page.kind is not kind:
        abort(404)
    return page


def _is_changing() -> bool:
    return request.args.get("to") == "check"
