"""The open half put together: its pages, what they all share, and what happens before the clinic has opened."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.output.frame import Clinic, view_contact
from app.web.i18n import choose_language, translate
from app.web.patient import blueprint, check, done, paper, questions, reading, send, share, start
from app.web.patient.draw import draw_component
from app.web.patient.old_page import show_old_page
from app.web.patient.unsaved import keep_unsaved
from app.web.problems import prepare
from app.web.services import get_services
from app.web.shell import get_shell

MODULES = (start, questions, check, share, send, paper, done, reading)
_ALWAYS_OPEN = frozenset({"patient.show_privacy", "patient.show_accessibility"})
_NOT_OPEN = 503
_SHARED = "foreword-shared"


def init_app(app: Flask) -> None:
    """Give an application the patient's pages."""
    app.register_blueprint(blueprint)
    shell = get_shell(app)
    shell.keep_form, shell.keep_unsaved, shell.keep_broken = keep_form, keep_unsaved, keep_unsaved


@blueprint.before_request
def refuse_unopened() -> ResponseReturnValue | None:
    """Show *not open yet* until the clinic is set up (design section 4)."""
    if get_services().clinic is None and request.endpoint not in _ALWAYS_OPEN:
        return render_template("patient/not_open.html"), _NOT_OPEN
    return None


@blueprint.app_context_processor
def share_clinic() -> dict[str, Any]:
    """Give every template the clinic and its contacts, the same on each page (W-13)."""
    language, clinic = choose_language(), get_services().clinic
    shared: dict[str, tuple[Clinic | None, dict[str, Any]]] = current_app.extensions.setdefault(_SHARED, {})
    kept = shared.get(language)
    if kept is None or kept[0] is not clinic:
        kept = shared[language] = (clinic, _draw_shared(clinic))
        prepare(current_app)
    return kept[1]


def _draw_shared(clinic: Clinic | None) -> dict[str, Any]:
    lines = clinic.crisis.contacts if clinic else ()
    contacts = [(line, view_contact(line, translate)) for line in lines]
    return {
        "clinic": clinic,
        "contacts": contacts,
        "header": draw_component("header", clinic),
        "footer": draw_component("footer", clinic, contacts),
        "form_footer": draw_component("footer", clinic, contacts, is_form=True),
        "form_actions": draw_component("form_actions"),
    }


def keep_form(posted: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Return the page whose form's token has died once more, with all that was typed on it (S38)."""
    if request.blueprint != blueprint.name:
        return None
    return refuse_unopened() or show_old_page(posted)
