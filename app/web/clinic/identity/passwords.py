"""Passwords: hashed with argon2id by Flask-Security, at most two at once, and always one for each try (S7, S10)."""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from flask import Flask, current_app
from flask_security import PasswordUtil, hash_password
from flask_security.utils import verify_password

from app.settings import PasswordCost
from app.web.clinic.identity.model import Member
from app.web.clinic.identity.rules import LONGEST, find_password_problem
from app.web.clinic.identity.words import BUSY

_AT_ONCE: Final = 2
_FOR_ANYBODY: Final = 1
_EXTENSION: Final = "foreword-hasher"


class BusyError(Exception):
    """So many people sign in at this moment that one more would keep patients waiting; `sentence` tells them."""

    sentence = BUSY

    def __init__(self) -> None:
        super().__init__("too many passwords are being checked at once")


class Hasher:
    """Hashes and compares passwords; `work` counts the hashes that were computed."""

    def __init__(self, cost: PasswordCost) -> None:
        """Compute nothing yet."""
        self.work = 0
        self._decoy = _make_decoy(cost)
        self._lock = threading.Lock()
        self._working = 0

    def hash(self, password: str) -> str:
        """Return the hash of a password that is accepted, for somebody with a link or a session; raises `BusyError`."""
        with self.take_place(is_known=True):
            self._count()
            return hash_password(normalize(password))

    def matches(self, member: Member | None, password: str) -> bool:
        """Tell whether a password is a person's, with the same work when there is no such person; needs a place.

        A hash that was made at another cost is made anew. What is longer than any password costs nothing, whoever asks.
        """
        if len(password) > LONGEST:
            return False
        typed = normalize(password)
        self._count()
        if member is None or member.password is None:
            verify_password(typed, self._decoy)
            return False
        return bool(member.verify_and_update_password(typed)) and member.active

    @contextmanager
    def take_place(self, *, is_known: bool) -> Iterator[None]:
        """Take one of the places at work, or raise `BusyError` at once: whoever waited would keep patients waiting.

        One is for people who signed in from where they are before, so that a crowd of others keeps none of them out.
        """
        with self._lock:
            if self._working >= (_AT_ONCE if is_known else _FOR_ANYBODY):
                raise BusyError
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1

    def _count(self) -> None:
        with self._lock:
            self.work += 1


class StaffPasswordUtil(PasswordUtil):
    """Flask-Security's rules for passwords, with ours in place of its own."""

    def normalize(self, password: str) -> str:
        """Return a password as it is hashed."""
        return normalize(password)

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ANN401, ARG002, FBT001  Flask-Security's signature
        """Return what to do about a password, if anything, and the password as it is hashed."""
        problem = find_password_problem(password, kwargs.get("words", ()))
        return ([problem] if problem else None), normalize(password)


def normalize(password: str) -> str:
    """Return a password in one of the ways to write its characters; half a character is a question mark."""
    whole = password.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKD", whole)


def init_app(app: Flask, cost: PasswordCost) -> None:
    """Give an application its hasher."""
    app.extensions[_EXTENSION] = Hasher(cost)


def get_hasher(app: Flask | None = None) -> Hasher:
    """Return the hasher of an application; without one, of the one that answers this request."""
    return cast("Hasher", (app or current_app).extensions[_EXTENSION])


def configure_cost(cost: PasswordCost) -> dict[str, object]:
    """Return what Flask-Security is told about the cost of a hash."""
    options = {
        "argon2__type": "ID",
        "argon2__memory_cost": cost.memory,
        "argon2__time_cost": cost.passes,
        "argon2__parallelism": cost.lanes,
    }
    return {"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": options}


def _make_decoy(cost: PasswordCost) -> str:
    """Return a hash of nothing: comparing with it is the work of comparing with a person's."""
    salt, digest = (base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${salt}${digest}"
