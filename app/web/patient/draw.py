"""Questions drawn as HTML by their components, and kept where they are the same for everybody.

A question with nothing typed, or with one of its own answers chosen, looks the same for every patient of an edition:
it is drawn once. So is what stands around the texts in its boxes; what a person typed is put in each time and never
kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from flask import current_app
from jinja2 import Template

from app.questionnaire.answers import CONFIRMED, get_first
from app.questionnaire.model import Item
from app.web.edition import Drawn
from app.web.forms import AnswerField
from app.web.patient.field import Drawing, FieldView, view_display, view_field
from app.web.patient.stencil import cut, hold_open, list_pieces

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
    drawn = drawing.kept.drawn
    if key not in drawn:
        drawn[key] = _draw(view_display(item, drawing))
    return drawn[key]


def draw_field(field: AnswerField, drawing: Drawing) -> Drawn:
    """Return a question with what was typed into it as HTML."""
    chosen = _find_chosen(field)
    if chosen is None:
        boxes = _find_boxes(field)
        return _draw_boxes(field, drawing, boxes) if boxes else _draw(view_field(field, drawing))
    key = (field.item.link_id, drawing.language, chosen)
    drawn = drawing.kept.drawn
    if key not in drawn:
        drawn[key] = _draw(view_field(field, drawing))
    return drawn[key]


def _draw_boxes(field: AnswerField, drawing: Drawing, boxes: dict[str, str]) -> Drawn:
    """Return a question with texts in its boxes: what is around them is drawn once for each set of boxes."""
    key = (field.item.link_id, drawing.language, *boxes)
    stencils = drawing.kept.stencils
    if key not in stencils:
        view = view_field(field, drawing)
        inputs = tuple(replace(box, typed=hold_open(box.name) if box.typed else "") for box in view.inputs)
        stencils[key] = cut(_draw(replace(view, inputs=inputs)))
    return draw_component("pieces", list_pieces(stencils[key], boxes))


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


def _find_boxes(field: AnswerField) -> dict[str, str]:
    """Return the texts of a question that is boxes only and has no problem, by their controls; else nothing."""
    if field.problem or field.item.answer_options or field.item.is_rows:
        return {}
    boxes = {control: text for control in field.typed if (text := get_first(field.typed, control))}
    return {} if field.item.link_id + CONFIRMED in boxes else boxes


def _draw(view: FieldView) -> Drawn:
    return draw_component(_COMPONENTS[view.kind], view)
