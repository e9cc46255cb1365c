"""Asking somebody who is signed in for their password again, before what they sign in with is changed (S8)."""

from __future__ import annotations

from typing import Final

from flask import request

from app.storage.access import Access
from app.web.clinic.identity.checking import check_own_password
from app.web.clinic.identity.passwords import BusyError
from app.web.clinic.identity.words import WRONG_PASSWORD, say_problem

PASSWORD_CONTROL: Final = "password"  # noqa: S105  the name of a box
"""The box for one's password."""


def ask_password(access: Access, control: str = PASSWORD_CONTROL) -> dict[str, str]:
    """Return what to do about the password that was typed again, by its control; nothing when it is right.

    Raises `TooManyTriesError`.
    """
    try:
        if check_own_password(access, request.form.get(control, "")):
            return {}
    except BusyError as error:
        return {control: say_problem(error.sentence)}
    return {control: say_problem(WRONG_PASSWORD)}
