"""Somebody of the clinic without a browser: signs in by the demonstration's buttons and posts forms as one would."""

from datetime import datetime

from flask import Flask
from passlib.totp import TOTP

from app.storage.people import Role
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

BUTTONS = {
    frozenset({Role.REVIEWER}): "reviewer",
    frozenset({Role.ADMINISTRATOR}): "administrator",
    frozenset({Role.AUDITOR}): "auditor",
    frozenset({Role.REVIEWER, Role.ADMINISTRATOR}): "lead",
}
COOKIE = "__Host-foreword-staff"


def sign_in(app: Flask, *roles: Role) -> Visitor:
    """Return a client of its own, signed in as somebody with just these roles; without any, as nobody."""
    visitor = make_visitor(app)
    visitor.get("/clinic/sign-in")
    if roles:
        visitor.post({"as": BUTTONS[frozenset(roles)]}, form=visitor.find_form("/clinic/demonstration"))
        assert visitor.path != "/clinic/sign-in"
    return visitor


def read_cookie(visitor: Visitor) -> str:
    """Return the value of the staff cookie, or nothing."""
    cookie = visitor.client.get_cookie(COOKIE, domain=ORIGIN.removeprefix("https://"))
    return cookie.value if cookie else ""


def make_codes(key: str, at: datetime, *steps: int) -> list[str]:
    """Return what an authenticator app with this key shows, so many steps of 30 seconds from a moment."""
    totp = TOTP(key)
    return [str(totp.generate(int(at.timestamp()) + 30 * step).token) for step in steps]
