"""A question page as HTML: what stands around its questions looks the same for everybody, and is drawn once.

A page that something has to be said on, about a problem or what happened elsewhere, is drawn whole each time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import current_app, render_template
from flask_wtf.csrf import generate_csrf

from app.web.edition import Stencil
from app.web.patient.current import Current
from app.web.patient.draw import draw_component
from app.web.patient.page import PageView
from app.web.patient.stencil import cut, hold_open, list_pieces
from app.web.services import get_services

_TEMPLATE = "patient/question.html"


def draw_page(current: Current, page: PageView) -> str:
    """Return the page of a draft."""
    if page.problems or page.notice:
        return render_template(_TEMPLATE, page=page)
    stencils = current.served.find_drawn(get_services().clinic).stencils
    # The action tells the page, and where it leads back to.
    key = (page.action, current.progress.language, len(page.fields))
    if key not in stencils:
        stencils[key] = _draw_around(page)
    values: dict[str, object] = {f"{place}": field for place, field in enumerate(page.fields)}
    values |= {"token": generate_csrf(), "draft": page.draft, "revision": page.revision, "asked": page.asked}
    return str(draw_component("pieces", list_pieces(stencils[key], values)))


def _draw_around(page: PageView) -> Stencil:
    blank = replace(
        page,
        draft=hold_open("draft"),
        revision=hold_open("revision"),
        asked=hold_open("asked"),
        fields=tuple(hold_open(f"{place}") for place in range(len(page.fields))),
    )
    context = {"page": blank, "csrf_token": partial(hold_open, "token")}
    current_app.update_template_context(context)
    return cut(current_app.jinja_env.get_template(_TEMPLATE).make_module(context))
