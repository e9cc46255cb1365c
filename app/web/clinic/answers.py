"""How a form of staff is answered that was not taken: with what is typed, what to do, and when to come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from flask import make_response
from werkzeug.wrappers import Response

from app.storage.access import Access
from app.web.clinic.identity.checking import TooManyTriesError
from app.web.clinic.identity.owner import PASSWORD_CONTROL, ask_password
from app.web.clinic.identity.words import BUSY, CLOSED, count_minutes, say_problem, say_wait

_SOON: Final = 5

Draw = Callable[[Mapping[str, str]], str]
"""Returns a form's page with what to do, by control."""


def answer_problems(page: str, problems: Mapping[str, str]) -> Response:
    """Return a page with problems on it; where none is for whoever typed to mend, it says to come back in a moment."""
    if not {say_problem(BUSY), say_problem(CLOSED)} & set(problems.values()):
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    response = make_response(page, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(_SOON)
    return response


def answer_wait(page: str, error: TooManyTriesError) -> Response:
    """Return a page that says to wait."""
    response = make_response(page, HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(60 * count_minutes(error.wait))
    return response


def refuse_without_password(access: Access, draw: Draw, control: str = PASSWORD_CONTROL) -> Response | None:
    """Return the answer to a form in which one's password was not typed again as it is; None where it was."""
    try:
        problems = ask_password(access, control)
    except TooManyTriesError as error:
        return answer_wait(draw({control: say_wait(error.wait)}), error)
    return answer_problems(draw(problems), problems) if problems else None
