"""Rows that can be added and removed with plain buttons, no script needed."""

from __future__ import annotations

from app.questionnaire.answers import Raw, list_row_numbers
from app.questionnaire.edition import Page
from app.questionnaire.model import Item


def remove_row(page: Page, typed: Raw, subject: str) -> Raw:
    """Return what was typed without the row that `subject` (`linkId:number`) names."""
    link_id, _, number = subject.partition(":")
    item = _find_rows(page, link_id)
    if item is None:
        return typed
    gone = {f"{link_id}-{number}-{child.link_id}" for child in item.items}
    return {control: values for control, values in typed.items() if control not in gone}


def list_added(page: Page, typed: Raw, subject: str) -> str:
    """Return the id of the first box of the empty row that comes after those typed."""
    item = _find_rows(page, subject)
    if item is None:
        return ""
    filled = [
        number
        for number in list_row_numbers(item, typed)
        if any("".join(typed.get(f"{subject}-{number}-{child.link_id}", ())).strip() for child in item.items)
    ]
    return f"{subject}-{len(filled) + 1}-{item.items[0].link_id}"


def _find_rows(page: Page, link_id: str) -> Item | None:
    return next((item for item in page.questions if item.is_rows and item.link_id == link_id), None)
