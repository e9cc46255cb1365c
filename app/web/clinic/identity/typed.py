"""What is typed about a person: names, sign-in names and new passwords, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

from flask import current_app, request

from app.desk.person_words import is_login, is_name
from app.web.clinic.identity.words import LOGIN_MISSING, NAME_MISSING, NOT_THE_SAME, say_problem
from app.web.services import get_services


def find_name_problem(control: str, name: str) -> dict[str, str]:
    """Return what to do about a person's name, by its control."""
    return {} if is_name(name) else {control: say_problem(NAME_MISSING)}


def find_passkey_name_problem(control: str, name: str) -> dict[str, str]:
    """Return what to do about a passkey's name, by its control; it may be left out."""
    return find_name_problem(control, name) if name.strip() else {}


def find_login_problem(control: str, login: str) -> dict[str, str]:
    """Return what to do about a sign-in name, by its control."""
    return {} if is_login(login) else {control: say_problem(LOGIN_MISSING)}


def find_new_password_problems(words: Iterable[str]) -> dict[str, str]:
    """Return what to do about the new password of this request, typed twice, by its control."""
    password, again = request.form.get("new-password", ""), request.form.get("new-password-again", "")
    clinic = get_services().clinic
    known = (*words, clinic.name if clinic else "")
    problems, _ = current_app.extensions["security"].password_util.validate(password, False, words=known)  # noqa: FBT003  Flask-Security's signature
    if problems:
        return {"new-password": say_problem(problems[0])}
    return {} if password == again else {"new-password-again": say_problem(NOT_THE_SAME)}
