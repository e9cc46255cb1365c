"""One's own account: password, second factors, recovery codes and where one is signed in."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.web.clinic import blueprint
from app.web.clinic.gate import EVERY_ROLE, allow
from app.web.clinic.identity.current import get_person


@blueprint.get("/account")
@allow(*EVERY_ROLE)
def show_account() -> ResponseReturnValue:
    """Show the account of whoever is signed in."""
    return render_template("clinic/account.html", person=get_person())
