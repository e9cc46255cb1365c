"""Items as WTForms: one form class a page, built once per edition; every rule is the core's, a field only calls it.

It must never decide whether an answer is right, and never change what was typed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

from app.questionnaire.answers import PageReading, Raw, list_controls, read_page
from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import Item
from app.questionnaire.problem import Problem


class AnswerField(Field):
    """All the form controls of one item, as one field; `typed` is what they hold, character for character."""

    def __init__(self, item: Item, **kwargs: Any) -> None:  # noqa: ANN401 (WTForms hands its own keywords through)
        super().__init__(label="", **kwargs)
        self.item = item
        self.typed: Raw = {}
        self.problem: Problem | None = None

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ANN401, ARG002 (theirs)
        """Take the item's controls out of what was posted."""
        posted: Raw = dict(formdata.lists()) if formdata is not None else {}
        self.typed = {
            control: tuple(posted[control]) for control in list_controls(self.item, posted) if control in posted
        }


class PageForm(Form):
    """One question page's form."""

    def get_field(self, name: str) -> AnswerField:
        """Return the field of an item by its linkId."""
        field = self._fields[name]
        if not isinstance(field, AnswerField):
            raise TypeError(name)
        return field

    def read(self, asked: Collection[str], today: date) -> PageReading:
        """Return the answers and problems of the questions that were `asked`; each field notes its first problem."""
        fields = [self.get_field(name) for name in self._fields if name in asked]
        typed = {control: values for field in fields for control, values in field.typed.items()}
        reading = read_page([field.item for field in fields], typed, today)
        for problem in reversed(reading.problems):
            self.get_field(problem.link_id).problem = problem
        return reading


Forms = Mapping[str, type[PageForm]]


def build_forms(edition: Edition) -> Forms:
    """Return one form class for each page of an edition that asks something, by the page's linkId."""
    pages = [*edition.pages, *(page for page in (edition.check, edition.share) if page)]
    return {page.link_id: build_form(page) for page in pages if page.questions}


def build_form(page: Page) -> type[PageForm]:
    """Return the form class of a page."""
    # Outside a form WTForms makes an unbound field of this call; it is bound when the form is made.
    fields = {item.link_id: AnswerField(item) for item in page.questions}
    return type("PageForm", (PageForm,), fields)


def bind_form(forms: Forms, page: Page, typed: Raw) -> PageForm:
    """Return the page's form holding what was typed."""
    return fill_form(forms[page.link_id], typed)


def fill_form(form: type[PageForm], typed: Raw) -> PageForm:
    """Return a form holding what was typed."""
    return form(MultiDict({name: list(values) for name, values in typed.items()}))
