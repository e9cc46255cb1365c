"""The way in and out: the sign-in page with the password, and sign-out."""

from __future__ import annotations

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.web.clinic import blueprint
from app.web.clinic.answers import answer_problems, answer_wait
from app.web.clinic.demonstration import list_demonstration_staff
from app.web.clinic.gate import EVERY_ROLE, allow, allow_everybody
from app.web.clinic.identity.checking import TooManyTriesError, check_password
from app.web.clinic.identity.current import find_person
from app.web.clinic.identity.passkeys import offer_sign_in
from app.web.clinic.identity.passwords import BusyError
from app.web.clinic.identity.pending import begin_pending
from app.web.clinic.identity.signing import let_out
from app.web.clinic.identity.words import WRONG_SIGN_IN, say_problem, say_wait
from app.web.clinic.kept import has_kept, take_early


@blueprint.get("/sign-in")
@allow_everybody
def show_sign_in() -> ResponseReturnValue:
    """Show the sign-in page."""
    if find_person():
        return redirect(url_for("clinic.show_home"), 303)
    early = take_early()
    return draw_sign_in(login=early.get("login", "") if early else "", is_again=early is not None)


@blueprint.post("/sign-in")
@allow_everybody
def sign_in() -> ResponseReturnValue:
    """Take name and password; whatever is wrong, the answer is the same for everybody (S10, S11)."""
    login = request.form.get("login", "")
    try:
        access = check_password(login, request.form.get("password", ""))
    except TooManyTriesError as error:
        return answer_wait(draw_sign_in({"login": say_wait(error.wait)}, login), error)
    except BusyError as error:
        return _answer(error.sentence, login)
    if access is None:
        return _answer(WRONG_SIGN_IN, login)
    begin_pending(access)
    onward = "clinic.show_second" if access.has_second_factor else "clinic.show_enrolment"
    return redirect(url_for(onward), 303)


@blueprint.post("/sign-out")
@allow(*EVERY_ROLE)
def sign_out() -> ResponseReturnValue:
    """End the session on the server, and have the browser forget what it kept (security.md S1, S6)."""
    let_out()
    response = make_response(redirect(url_for("clinic.show_signed_out"), 303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/signed-out")
@allow_everybody
def show_signed_out() -> ResponseReturnValue:
    """Show that nobody is signed in any more."""
    return render_template("clinic/signed_out.html")


def draw_sign_in(problems: Mapping[str, str] | None = None, login: str = "", *, is_again: bool = False) -> str:
    """Return the sign-in page with what was typed, except the password."""
    return render_template(
        "clinic/sign_in.html",
        problems=problems or {},
        login=login,
        is_again=is_again,
        passkey=offer_sign_in(),
        demonstration=list_demonstration_staff(),
        has_kept=has_kept(),
    )


def _answer(problem: str, login: str) -> Response:
    problems = {"login": say_problem(problem)}
    return answer_problems(draw_sign_in(problems, login), problems)
