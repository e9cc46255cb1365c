"""What a template needs to draw one question page, and where its links and its form lead.

It must never decide which page is next: that is the core's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from flask import request, url_for

from app.output.frame import fill_placeholders
from app.questionnaire.answers import Raw
from app.questionnaire.edition import Page
from app.questionnaire.model import Item, PageKind
from app.questionnaire.numbers import find_doubts
from app.questionnaire.problem import Problem
from app.questionnaire.refill import fill_controls
from app.web.edition import Drawn, Served
from app.web.forms import PageForm, bind_form
from app.web.i18n import translate
from app.web.patient.current import Current, find_current
from app.web.patient.draw import draw_display, draw_field
from app.web.patient.field import Drawing, say_problem
from app.web.services import get_services

OPENED = "opened"
"""What the address of a page says where a form has just been opened again with its resume code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """One line of the error summary: the sentence and the control it links to."""

    control: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A question page ready to draw. `draft`, `revision` and `asked` go back with the post (UA-9, UA-10).

    Where a stencil is drawn, a gap's mark stands in the place of what is each person's own.
    """

    heading: str
    section: str
    section_number: int
    section_count: int
    action: str
    draft: str
    revision: int | str
    asked: str
    fields: tuple[Drawn | str, ...]
    problems: tuple[ProblemView, ...]
    has_doubts_only: bool
    notice: str
    is_changing: bool


def find_typed(current: Current, page: Page) -> Raw:
    """Return what the page's controls hold: what could not be read last time, else the saved answers as typed."""
    typed: dict[str, tuple[str, ...]] = {}
    for item in page.questions:
        controls = fill_controls(item, current.progress.answers.get(item.link_id))
        typed |= {control: tuple(values) for control, values in controls.items()}
    return {**typed, **current.progress.pending.get(page.link_id, {})}


def find_form(current: Current, page: Page, typed: Raw) -> PageForm:
    """Return the page's form with what was typed."""
    return bind_form(current.served.forms, page, typed)


def find_kept(current: Current, page: Page) -> tuple[PageForm, tuple[Problem, ...]]:
    """Return the page's form with what is kept of it, and what to look at again there.

    That is what could not be read yet, and numbers that we did not expect and that the person has not kept.
    """
    form = find_form(current, page, find_typed(current, page))
    progress = current.progress
    if page.link_id not in progress.pending and not find_doubts(page.questions, progress.answers):
        return form, ()
    return form, form.read(list_asked(current, page), get_services().today()).problems


def list_asked(current: Current, page: Page, also: Collection[str] = ()) -> list[str]:
    """Return the linkIds of the page's questions that are asked of this person, and those of `also`."""
    return [item.link_id for item in page.questions if item.link_id in current.way.enabled or item.link_id in also]


def build_drawing(language: str, served: Served, items: Mapping[str, Item] | None = None) -> Drawing:
    """Return what the fields of a page share; `items` are those of a page that is not the edition's own."""
    clinic = get_services().clinic

    def fill(text: str) -> str:
        return fill_placeholders(text, clinic, translate) if clinic else text

    kept = served.find_drawn(clinic)
    return Drawing(items=served.edition.items if items is None else items, language=language, fill=fill, kept=kept)


def build_page(
    current: Current,
    page: Page,
    form: PageForm,
    problems: tuple[Problem, ...] = (),
    *,
    notice: str = "",
    is_changing: bool = False,
    also: Collection[str] = (),
) -> PageView:
    """Return the page with its fields as they stand in the form; questions of `also` are shown on whatever way."""
    served = current.served
    drawing = build_drawing(current.progress.language, served)
    shown = [item for item in page.items if item.link_id in current.way.enabled or item.link_id in also]
    return PageView(
        heading=drawing.to(page.title),
        section=drawing.to(page.section_title),
        section_number=page.section_number,
        # The check page's own section comes after those of the questions.
        section_count=max(current.served.edition.section_count, page.section_number),
        action=locate_page(page, is_changing=is_changing),
        draft=current.draft.id,
        revision=current.draft.revision,
        asked=" ".join(list_asked(current, page, also)),
        fields=tuple(
            draw_field(form.get_field(item.link_id), drawing) if item.is_question else draw_display(item, drawing)
            for item in shown
        ),
        problems=tuple(ProblemView(control=each.control, sentence=say_problem(each, drawing)) for each in problems),
        has_doubts_only=bool(problems) and all(problem.is_doubt for problem in problems),
        notice=translate(notice) if notice else "",
        is_changing=is_changing,
    )


def build_old_page(
    current: Current, page: Page, typed: Raw, *, notice: str = "", is_changing: bool = False
) -> PageView:
    """Return the page as it was posted: its questions, what was typed, and the revision that its reader saw."""
    form, asked = find_form(current, page, typed), request.form.get("asked", "").split()
    view = build_page(current, page, form, notice=notice, is_changing=is_changing, also=asked)
    return replace(view, revision=request.form.get("revision", view.revision))


def locate_page(page: Page, *, is_changing: bool = False) -> str:
    """Return a page's address; while an answer is being changed from the check page, it says where to return to."""
    to = "check" if is_changing else None
    if page.kind is PageKind.SUPPORT:
        return url_for("patient.show_support", to=to)
    if page.kind is PageKind.CHECK:
        return url_for("patient.show_check")
    return url_for("patient.show_question_page", page_id=page.slug, to=to)


def locate_check(place: str) -> str:
    """Return the check page's address, at the answer to the question `place` where that is known."""
    return url_for("patient.show_check", _anchor=place or None)


def locate_next(current: Current, page: Page, *, is_changing: bool, place: str = "") -> str:
    """Return where a page leads: to the next on the way, or, while changing, to what that opened, then back.

    Back is where the check page shows `place`.
    """
    if page.kind is PageKind.CHECK:
        return url_for("patient.show_share")
    if not is_changing:
        following = current.way.after(page)
        return locate_page(following) if following else url_for("patient.show_check")
    for step in current.way.pages:
        if step.number > page.number and step.link_id in current.progress.opened:
            return locate_page(step, is_changing=True)
    return locate_check(place)


def locate_resume(current: Current) -> str:
    """Return where the person left off: the page after the last that they were done with, or the check page."""
    edition = current.served.edition
    last = edition.find_page(current.progress.at)
    if last is None:
        if edition.check and current.progress.at == edition.check.link_id:
            return url_for("patient.show_check")
        return locate_page(current.way.pages[0])
    if last.link_id in current.progress.pending:
        return locate_page(last)
    following = current.way.after(last)
    return locate_page(following) if following else url_for("patient.show_check")


def locate_form() -> str:
    """Return where the form that is open goes on, or nothing where none is: for the pages beside it."""
    current = find_current()
    return locate_resume(current) if current else ""


def locate_back(current: Current, page: Page, *, is_changing: bool, place: str = "") -> str:
    """Return the page before this one on the way; while an answer is being changed, the check page at `place`."""
    if is_changing:
        return locate_check(place)
    previous = current.way.before(page)
    return locate_page(previous) if previous else url_for("patient.show_start")
