"""Questions drawn as HTML by their components, and kept where they are the same for everybody.

A question with nothing typed, or with one of its own answers chosen, looks the same for every patient of an edition:
it is drawn once. What a person typed is drawn anew each time and never kept.
"""

from __future__ import annotations

from typing import cast

from flask import current_app
from jinja2 import Template

from app.questionnaire.model import Item
from app.web.edition import Drawn
from app.web.forms import AnswerField
from app.web.patient.field import Drawing, FieldView, view_display, view_field

_COMPONENTS = {
    "checkboxes": "checkboxes",
    "date": "date_input",
    "display": "sentence",
    "line": "text_input",
    "number": "number_input",
    "radios": "radios",
    "rows": "rows",
    "textarea": "textarea",
}


def draw_component(name: str, *values: object, **named: object) -> Drawn:
    """Return what the component of this name draws."""
    template: Template = current_app.jinja_env.get_template(f"components/{name}.html")
    return cast("Drawn", getattr(template.module, name)(*values, **named))


def draw_display(item: Item, drawing: Drawing) -> Drawn:
    """Return a displayed sentence as HTML."""
    key = (item.link_id, drawing.language, "")
    if key not in drawing.drawn:
        drawing.drawn[key] = _draw(view_display(item, drawing))
    return drawing.drawn[key]


def draw_field(field: AnswerField, drawing: Drawing) -> Drawn:
    """Return a question with what was typed into it as HTML."""
    chosen = _find_chosen(field)
    if chosen is None:
        return _draw(view_field(field, drawing))
    key = (field.item.link_id, drawing.language, chosen)
    if key not in drawing.drawn:
        drawing.drawn[key] = _draw(view_field(field, drawing))
    return drawing.drawn[key]


def _find_chosen(field: AnswerField) -> str | None:
    """Return the one chosen answer, or nothing where nothing is chosen or typed; None where the field is its own."""
    if field.problem:
        return None
    typed = [(control, value) for control, values in field.typed.items() for value in values if value]
    if not typed:
        return ""
    control, value = typed[0]
    is_answer = control == field.item.link_id and any(option.code == value for option in field.item.answer_options)
    return value if is_answer and len(typed) == 1 else None


def _draw(view: FieldView) -> Drawn:
    return draw_component(_COMPONENTS[view.kind], view)
