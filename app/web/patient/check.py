"""The check page: every answer with *Change*, what will not be sent, and what was sent before."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.questionnaire.answers import Raw
from app.questionnaire.summary import list_unsent
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current
from app.web.patient.lost import show_nothing_open
from app.web.patient.notice import NOTICE_OLD_BUTTON, NOTICE_OLD_PAGE, NOTICE_OPENED
from app.web.patient.page import OPENED, PageView, build_old_page, build_page, find_kept, locate_page
from app.web.patient.paper import build_current_frame, build_current_summary
from app.web.patient.questions import save_page
from app.web.patient.receipt import find_receipt_of

Answer = Response | str | tuple[str, int]


@blueprint.get("/check")
def show_check() -> Answer:
    """Show every answer on the path with a link to change it, and those that will not be sent (D-5)."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    return _draw_check(current, _build_own_page(current), NOTICE_OPENED if OPENED in request.args else "")


def show_check_again(current: Current, typed: Raw) -> str:
    """Return the check page as it was posted long after it was opened."""
    page = current.served.edition.check
    if page is None:
        return _draw_check(current, None, NOTICE_OLD_BUTTON)
    return _draw_check(current, build_old_page(current, page, typed), NOTICE_OLD_PAGE)


def _draw_check(current: Current, own_page: PageView | None, notice: str) -> str:
    summary = build_current_summary(current)
    edition = current.served.edition
    own = edition.check.link_id if edition.check else ""
    sections = [
        (section, [row for row in section.rows if row.page != own])
        for section in summary.sections
        if any(row.page != own for row in section.rows)
    ]
    addresses = {page.link_id: locate_page(page, is_changing=True) for page in edition.pages}
    last = current.way.pages[-1]
    return render_template(
        "patient/check.html",
        sections=sections,
        unanswered=[row for _, rows in sections for row in rows if not row.answer.is_answered],
        unsent=list_unsent(edition, current.progress.answers, build_current_frame(current)),
        unread=[page for page in current.way.pages if page.link_id in current.progress.pending],
        addresses=addresses,
        back=locate_page(last),
        language=current.progress.language,
        receipt=find_receipt_of(current),
        notice=translate(notice) if notice else "",
        page=own_page,
    )


@blueprint.post("/check")
def leave_check() -> Answer:
    """Save whether the answers were looked over, and go on to the decision."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    page = current.served.edition.check
    if page is None:
        return redirect(url_for("patient.show_share"), 303)
    return save_page(current, page, is_changing=False)


def _build_own_page(current: Current) -> PageView | None:
    page = current.served.edition.check
    if page is None:
        return None
    return build_page(current, page, *find_kept(current, page))
