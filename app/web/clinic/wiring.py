"""The closed half put together: its pages and what they share."""

from __future__ import annotations

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.web.clinic import (
    account,
    audit,
    blueprint,
    correcting,
    demonstration,
    enrol,
    erasing,
    export,
    factors,
    faults,
    frame,
    gate,
    giving,
    health,
    holding,
    join,
    overview,
    people,
    printing,
    response,
    responses,
    review,
    second,
    settings,
    signin,
)
from app.web.clinic.identity import wiring as identity
from app.web.clinic.kept import keep_form
from app.web.clinic.unsaved import keep_unsaved
from app.web.shell import FormKeeper, get_shell

MODULES = (
    gate,
    frame,
    account,
    signin,
    demonstration,
    settings,
    audit,
    health,
    enrol,
    join,
    second,
    factors,
    people,
    overview,
    export,
    correcting,
    erasing,
    giving,
    holding,
    printing,
    response,
    responses,
    review,
)
"""The modules with pages: importing them is what puts their views on the blueprint."""


def init_app(app: Flask) -> None:
    """Give an application the staff pages; those of patients must be there already."""
    identity.init_app(app)
    app.register_blueprint(blueprint)
    faults.prepare(app)
    shell = get_shell(app)
    shell.keep_form = _divide(keep_form, shell.keep_form)
    shell.keep_unsaved = _divide(keep_unsaved, shell.keep_unsaved)
    if "patient" not in app.blueprints:
        # Where patients are served elsewhere, staff who type the bare address mean theirs.
        app.add_url_rule("/", "lead_to_staff_pages", _lead_to_staff_pages)


def _lead_to_staff_pages() -> ResponseReturnValue:
    return redirect(f"{blueprint.url_prefix}/", 303)


def _divide(staff: FormKeeper, patients: FormKeeper | None) -> FormKeeper:
    """Return what keeps a form for whoever sent it: staff or a patient."""

    def keep(posted: MultiDict[str, str]) -> ResponseReturnValue | None:
        if request.blueprint == blueprint.name:
            return staff(posted)
        return patients(posted) if patients else None

    return keep
