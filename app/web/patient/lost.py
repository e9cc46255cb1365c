"""Pages for when there is no draft: nothing typed is lost even then (security.md S38, UA-2, UA-24)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from werkzeug.datastructures import MultiDict

from app.questionnaire.answers import list_controls
from app.questionnaire.edition import Edition, Page
from app.questionnaire.identity import build_share_page
from app.questionnaire.model import Item
from app.web.edition import NoEditionError
from app.web.i18n import translate
from app.web.patient.receipt import find_receipt_here
from app.web.services import get_services

GONE = 410
SHARE = "share"
"""What the lost page calls the page on which somebody says who they are, in whatever edition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedView:
    """One question of the lost page, with what was typed as people read it, and its controls as they were posted."""

    text: str
    typed: tuple[str, ...]
    controls: tuple[tuple[str, str], ...]


def show_nothing_open() -> tuple[str, int]:
    """Show that no form is open on this device, with the ways on; also to what was sent from it."""
    return render_template("patient/nothing_open.html", receipt=find_receipt_here(None)), GONE


def show_lost(posted: MultiDict[str, str]) -> tuple[str, int]:
    """Show that the draft is gone, with everything just typed on the page and a button that starts anew with it."""
    name, typed = view_posted(posted)
    if not typed:
        return show_nothing_open()
    return render_template("patient/lost.html", page_id=name, asked=posted.get("asked", ""), typed=typed), GONE


def view_posted(posted: MultiDict[str, str]) -> tuple[str, tuple[TypedView, ...]]:
    """Return the page that was posted, by its linkId or as `SHARE`, and each of its questions with what was typed."""
    try:
        edition = get_services().editions.get_newest().edition
    except NoEditionError:
        return "", ()
    # By its questions, not by its address: a newer edition may number its pages otherwise.
    asked = posted.get("asked", "").split()
    page = next((edition.page_of[link_id] for link_id in asked if link_id in edition.page_of), None)
    if page is None:
        return "", ()
    name = page.link_id
    if page is edition.share:
        page, name = build_share_page(page, translate, edition.questionnaire.language, has_unread=False), SHARE
    return name, view_typed(edition, page, posted)


def view_typed(edition: Edition, page: Page, posted: MultiDict[str, str]) -> tuple[TypedView, ...]:
    """Return each question of the page that something was typed into."""
    language = edition.questionnaire.language
    views = []
    for item in page.questions:
        controls = [
            (control, value)
            for control in list_controls(item, dict(posted.lists()))
            for value in posted.getlist(control)
            if value
        ]
        if controls:
            text = item.text.to(language)
            views.append(TypedView(text=text, typed=tuple(_say(item, controls, language)), controls=tuple(controls)))
    return tuple(views)


def _say(item: Item, controls: list[tuple[str, str]], language: str) -> list[str]:
    displays = {option.code: option.display.to(language) for option in item.answer_options}
    return [displays.get(value, value) if control == item.link_id else value for control, value in controls]
