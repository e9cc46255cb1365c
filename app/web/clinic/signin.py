"""The way in: sign-in page, sign-out, and the page after it."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.web.clinic import blueprint
from app.web.clinic.demonstration import list_demonstration_staff
from app.web.clinic.gate import EVERY_ROLE, allow, allow_everybody
from app.web.clinic.identity.signing import let_out
from app.web.clinic.kept import has_kept


@blueprint.get("/sign-in")
@allow_everybody
def show_sign_in() -> ResponseReturnValue:
    """Show the sign-in page."""
    return render_template("clinic/sign_in.html", demonstration=list_demonstration_staff(), has_kept=has_kept())


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
