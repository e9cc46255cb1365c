"""Sending: one page that asks who somebody is and whether they agree, and one post that sends exactly once.

What is typed there is kept in the sealed draft whatever is decided about it, and where that itself breaks it stands on
the page that says so: a failed check, another tab or a day later lose nothing. It must never log or repeat a name, and
never ask for one before somebody wants to send.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.questionnaire.answers import Raw
from app.questionnaire.edition import Page
from app.questionnaire.identity import AGREE, build_share_page, find_consent, read_wish
from app.questionnaire.problem import Advice, Problem
from app.questionnaire.progress import Progress, Typed, list_typed
from app.storage.drafts import StaleDraftError
from app.web.edition import Drawn
from app.web.forms import build_form, fill_form
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current, hold_secret, save_current
from app.web.patient.deliver import (
    ChangedSinceError,
    NotReceivedError,
    Post,
    SentBeforeError,
    TooManySentError,
    deliver,
    name_next_version,
)
from app.web.patient.draw import draw_field
from app.web.patient.field import say_problem
from app.web.patient.lost import show_lost, show_nothing_open
from app.web.patient.notice import (
    NOTICE_CHANGED_BEFORE_SENDING,
    NOTICE_NOT_RECEIVED,
    NOTICE_OLD_SENDING,
    NOTICE_SENT_BEFORE,
    NOTICE_TOO_MANY_SENT,
)
from app.web.patient.page import ProblemView, build_drawing, locate_page
from app.web.patient.questions import VISITS
from app.web.patient.receipt import find_stored
from app.web.patient.share import Door, draw_share, find_door, name_newer
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
_UNREADABLE = 422
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class SendView:
    """The page ready to draw; `version`, `draft` and `revision` go back with the post, so that it sends once.

    So does `words`, by which it is known which words somebody agrees to. `newer` is what `name_newer` returns.
    """

    fields: tuple[Drawn, ...]
    unread: tuple[tuple[str, str], ...]
    problems: tuple[ProblemView, ...]
    has_doubts_only: bool
    notice: str
    newer: int
    version: int
    draft: str
    revision: int
    words: str
    asked: str


@blueprint.get("/share/send")
def show_send() -> Answer:
    """Show what has to be known to send, as it was typed before."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    if find_door(current) is not Door.OPEN:
        return redirect(url_for("patient.show_share"), 303)
    return render_template("patient/send.html", page=build_send(current, current.progress.share))


@blueprint.post("/share/send")
def send() -> Answer:
    """Keep what was typed, and send once; what is lacking is said on the same page, and nothing is sent before."""
    current = find_current()
    if current is None or request.form.get("draft", current.draft.id) != current.draft.id:
        return show_lost(request.form)
    page, door = find_share_page(current), find_door(current)
    if page is None:
        return redirect(url_for("patient.show_share"), 303)
    posted = list_typed(page, {name: tuple(values) for name, values in request.form.lists()})
    typed = _drop_unread_consent(current, page, posted)
    try:
        if aside := _locate_aside(current):
            return _lead(keep_share(current, typed), aside)
        if door in {Door.CLOSED, Door.ADULTS_ONLY}:
            return _lead(keep_share(current, typed), url_for("patient.show_share"))
        return _answer(current, page, typed, is_unread=typed != posted)
    except StaleDraftError:
        return show_lost(request.form)


def keep_share(current: Current, typed: Typed) -> Current:
    """Return the draft with what was typed to send it, as typed; saved where it is not what is there."""
    if current.progress.share == typed:
        return current

    def change(now: Current) -> Progress:
        return replace(now.progress, share=typed)

    return save_current(current, change)


def _answer(current: Current, page: Page, typed: Typed, *, is_unread: bool) -> Answer:
    services = get_services()
    clinic = services.clinic
    wish = read_wish(
        current.served.edition,
        page,
        typed,
        services.today(),
        is_adults_only=clinic is not None and clinic.is_print_only_for_minors,
    )
    if wish.is_declined:
        return _lead(keep_share(current, typed), url_for("patient.show_kept"))
    if wish.patient is None:
        return _ask_again(current, typed, tuple(_tell_unread(each) if is_unread else each for each in wish.problems))
    return _send_once(
        current,
        Post(
            typed=typed,
            patient=wish.patient,
            consent=_read_consent(current, page),
            version=_read_number("version"),
            seen=_read_number("revision"),
        ),
    )


def _send_once(current: Current, post: Post) -> Answer:
    try:
        current = deliver(current, post)
    except ChangedSinceError as error:
        return show_send_again(keep_share(error.current, post.typed), post.typed, notice=NOTICE_CHANGED_BEFORE_SENDING)
    except NotReceivedError as error:
        return _refuse(error.current, post.typed)
    except SentBeforeError as error:
        return show_send_again(keep_share(error.current, post.typed), post.typed, notice=NOTICE_SENT_BEFORE)
    except TooManySentError as error:
        return _put_off(error, post.typed)
    return _lead(current, url_for("patient.show_done"))


def show_send_again(current: Current, typed: Raw, *, problems: tuple[Problem, ...] = (), notice: str = "") -> Answer:
    """Return the page again with everything just typed on it, and why it came back."""
    page = find_share_page(current)
    typed = _drop_unread_consent(current, page, typed) if page else typed
    view = build_send(current, typed, problems, notice=notice)
    response = make_response(render_template("patient/send.html", page=view), _CONFLICT if notice else _UNREADABLE)
    return hold_secret(response, current.secret)


def show_old_send(current: Current, typed: Raw) -> str:
    """Return the page as it was posted long after it was opened: about the version and the revision it was about."""
    page = find_share_page(current)
    view = build_send(current, _drop_unread_consent(current, page, typed) if page else typed, notice=NOTICE_OLD_SENDING)
    return render_template(
        "patient/send.html", page=replace(view, version=_read_number("version"), revision=_read_number("revision"))
    )


def _ask_again(current: Current, typed: Typed, problems: tuple[Problem, ...]) -> Answer:
    if find_door(current) is Door.PAUSED:
        return _refuse(current, typed)  # to mend it would be in vain
    return show_send_again(keep_share(current, typed), typed, problems=problems)


def _refuse(current: Current, typed: Typed) -> Answer:
    """Keep what was typed, and return the decision, which says that the clinic takes nothing now."""
    current = keep_share(current, typed)
    response = make_response(draw_share(current, Door.PAUSED, NOTICE_NOT_RECEIVED), _CONFLICT)
    return hold_secret(response, current.secret)


def _put_off(error: TooManySentError, typed: Typed) -> Answer:
    """Keep what was typed, and return the page, which says to send it later."""
    page = make_response(show_send_again(keep_share(error.current, typed), typed, notice=NOTICE_TOO_MANY_SENT))
    page.status_code = HTTPStatus.TOO_MANY_REQUESTS
    page.headers["Retry-After"] = str(-(-error.wait // timedelta(seconds=1)))
    return page


def find_share_page(current: Current) -> Page | None:
    """Return the page that asks who sends, for this draft; None where the edition has none."""
    page = current.served.edition.share
    if page is None:
        return None
    return build_share_page(page, translate, current.progress.language, has_unread=bool(_list_unread(current)))


def build_send(current: Current, typed: Raw, problems: tuple[Problem, ...] = (), *, notice: str = "") -> SendView:
    """Return the page with what was typed."""
    page = find_share_page(current)
    questions = page.questions if page else ()
    form = fill_form(build_form(page), typed) if page else None
    for problem in reversed(problems):
        if form is not None:
            form.get_field(problem.link_id).problem = problem
    drawing = build_drawing(current.progress.language, current.served, {item.link_id: item for item in questions})
    return SendView(
        fields=tuple(draw_field(form.get_field(item.link_id), drawing) for item in questions) if form else (),
        unread=tuple((each.link_id, drawing.to(each.title)) for each in _list_unread(current)),
        problems=tuple(ProblemView(control=each.control, sentence=say_problem(each, drawing)) for each in problems),
        has_doubts_only=bool(problems) and all(problem.is_doubt for problem in problems),
        notice=translate(notice) if notice else "",
        newer=name_newer(current),
        version=name_next_version(find_stored(current.secret), current.progress.sent),
        draft=current.draft.id,
        revision=current.draft.revision,
        words=_hash_words(current, page) if page else "",
        asked=" ".join(item.link_id for item in questions),
    )


def _list_unread(current: Current) -> list[Page]:
    """Return the pages on the way with something typed that could not be read: it cannot be sent."""
    return [page for page in current.way.pages if page.link_id in current.progress.pending]


def _read_consent(current: Current, page: Page) -> str:
    """Return the words that the person agreed to, as they stood before them (L-11)."""
    drawing = build_drawing(current.progress.language, current.served)
    own = current.served.edition.share
    asked = [item for item in page.questions if own is not None and item.link_id in own.link_ids]
    return "\n".join(text for item in asked for text in (drawing.to(item.text), drawing.to(item.help)) if text)


def _hash_words(current: Current, page: Page) -> str:
    return hashlib.sha256(_read_consent(current, page).encode()).hexdigest()


def _drop_unread_consent(current: Current, page: Page, typed: Raw) -> Typed:
    """Return what was typed, without an agreement to other words than those that stand there now."""
    consent = find_consent(current.served.edition)
    is_read = request.form.get("words") == _hash_words(current, page)
    unread = {consent.link_id} if consent and AGREE in typed.get(consent.link_id, ()) and not is_read else set()
    return {control: tuple(values) for control, values in typed.items() if control not in unread}


def _tell_unread(problem: Problem) -> Problem:
    return replace(problem, advice=Advice.READ_AGAIN) if problem.advice is Advice.AGREE_TO_SEND else problem


def _read_number(name: str) -> int:
    typed = request.form.get(name, "")
    return int(typed[:9]) if typed.isascii() and typed.isdecimal() else 0


def _locate_aside(current: Current) -> str:
    """Return where the button leads that was pressed; nothing where it is the one that sends."""
    action, _, subject = request.form.get("action", "").partition(":")
    match action:
        case "back":
            return url_for("patient.show_share")
        case "later":
            return url_for("patient.show_resume")
        case "visit":
            page = None if subject in VISITS else current.served.edition.find_page(subject)
            return locate_page(page, is_changing=True) if page else url_for(VISITS.get(subject, "patient.show_resume"))
        case _:
            return ""


def _lead(current: Current, address: str) -> Answer:
    return hold_secret(make_response(redirect(address, 303)), current.secret)
