"""How a form of staff is answered that was not taken: with what is typed, what to do, and whether to come back."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import make_response
from werkzeug.wrappers import Response

from app.web.clinic.identity.words import BUSY, CLOSED, say_problem

_SOON: Final = 5


def answer_problems(page: str, problems: Mapping[str, str]) -> Response:
    """Return a page with problems on it; where none is for whoever typed to mend, it says to come back in a moment."""
    if not {say_problem(BUSY), say_problem(CLOSED)} & set(problems.values()):
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    response = make_response(page, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(_SOON)
    return response
