"""The way in: the start page, beginning a form, going on with one, and erasing it."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app.questionnaire.identity import OWN
from app.questionnaire.progress import Progress, Typed
from app.vault.codes import ResumeCodeError, format_resume_code, parse_resume_code
from app.web.i18n import choose_language, translate
from app.web.patient import blueprint
from app.web.patient.current import (
    erase_draft_of_cookie,
    find_current,
    forget_secret,
    hold_secret,
    read_secret,
    start_draft,
    try_secret,
)
from app.web.patient.done import show_receipt_alone
from app.web.patient.guesses import must_wait, note_wrong_code
from app.web.patient.lost import SHARE
from app.web.patient.notice import NOTICE_OTHER_FORM
from app.web.patient.page import OPENED, locate_page, locate_resume
from app.web.patient.paper import say_until
from app.web.patient.questions import save_page, show_typed
from app.web.patient.receipt import find_receipt_alone, find_receipt_here
from app.web.patient.send import show_send_again
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
OTHER = "other"
"""What the address of the page of resume codes says for who comes with the code of another form."""
_UNPROCESSABLE = 422
_TOO_MANY = 429


@blueprint.get("/")
def show_start() -> Answer:
    """Show what this is and is not, how long it takes, who can read it and until when."""
    edition = get_services().editions.get_newest().edition
    current = find_current()
    return render_template(
        "patient/start.html", edition=edition, has_draft=current is not None, receipt=find_receipt_here(current)
    )


@blueprint.post("/start")
def start() -> Answer:
    """Begin a form, or go on with the one that is open; typed answers that lost their draft are kept (S38)."""
    current = find_current()
    typed_on = request.form.get("page", "")
    if current is None:
        current = start_draft(Progress(language=choose_language(), share=_read_share()))
        page = current.served.edition.find_page(typed_on)
        if page is not None and page.questions:
            return hold_secret(make_response(save_page(current, page, is_changing=False)), current.secret)
        return hold_secret(make_response(redirect(locate_page(current.way.pages[0]), 303)), current.secret)
    page = current.served.edition.find_page(typed_on)
    if typed_on == SHARE:
        return show_send_again(current, _read_share(), notice=NOTICE_OTHER_FORM)
    if page is not None and page.questions:
        # Another form was begun meanwhile: nothing in it changes before the person has seen both.
        return show_typed(current, page, NOTICE_OTHER_FORM)
    return redirect(locate_resume(current), 303)


@blueprint.get("/resume")
def show_resume() -> Answer:
    """Show the resume code of the form that is open, and a box for the code of another."""
    return draw_resume()


@blueprint.post("/resume")
def resume() -> Answer:
    """Go on with the form that a resume code opens, on any device; of one that was sent and is gone, the receipt."""
    typed = request.form.get("code", "")
    try:
        secret = parse_resume_code(typed)
    except ResumeCodeError:
        return draw_resume(typed, translate("Enter all 24 letters and numbers of your resume code")), _UNPROCESSABLE
    if must_wait():
        problem = translate("There were too many tries from here. Wait some minutes, then send it again")
        return draw_resume(typed, problem), _TOO_MANY
    current = try_secret(secret)
    if current is None and (receipt := show_receipt_alone(secret)):
        return receipt
    if current is None:
        note_wrong_code()
        problem = translate(
            "Check the code. It opens nothing: it was written down differently, its 24 hours are over, or the clinic "
            "has deleted what was sent"
        )
        return draw_resume(typed, problem), _UNPROCESSABLE
    return hold_secret(make_response(redirect(f"{locate_resume(current)}?{OPENED}", 303)), current.secret)


@blueprint.get("/erase")
def show_erase() -> Answer:
    """Ask once more before everything is erased."""
    return draw_erase()


def draw_erase(notice: str = "") -> str:
    """Return the page that asks, as it is drawn."""
    current = find_current()
    return render_template(
        "patient/erase.html",
        has_draft=current is not None,
        receipt=find_receipt_here(current),
        notice=translate(notice) if notice else "",
    )


@blueprint.post("/erase")
def erase() -> Answer:
    """Erase the draft from the server and what this browser holds of it (design D-8, security.md S6).

    The page is the answer itself: nothing may be kept that could name the reference on a page that is asked for later.
    """
    secret = read_secret()
    is_clean = erase_draft_of_cookie()
    # Not before: it has waited for a sending that was under way in another tab, and nothing is sent from now on.
    receipt = find_receipt_alone(secret) if secret else None
    page = render_template("patient/erased.html", receipt=receipt, is_clean=is_clean)
    response = forget_secret(make_response(page))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _read_share() -> Typed:
    """Return who somebody said they are on a page that outlived its form."""
    if request.form.get("page") != SHARE:
        return {}
    return {name: tuple(values) for name, values in request.form.lists() if name.startswith(OWN)}


def draw_resume(typed: str = "", problem: str = "", *, notice: str = "") -> str:
    """Return the page with the resume code and the box for another, as it is drawn.

    It is about leaving for who has a form open and asks for its code, and else about going on.
    """
    current = find_current()
    return render_template(
        "patient/resume.html",
        is_leaving=current is not None and not (typed or problem or notice or OTHER in request.args),
        code=format_resume_code(current.secret) if current else "",
        until=say_until(current) if current else "",
        onward=locate_resume(current) if current else "",
        typed=typed,
        problem=problem,
        notice=translate(notice) if notice else "",
    )
