"""The summary on screen and paper: one object, drawn as HTML and as PDF."""

from __future__ import annotations

from typing import Literal

from flask import Response as FlaskResponse
from flask import abort, make_response, render_template, request
from werkzeug.wrappers import Response

from app.logs import record_failure
from app.output.frame import build_frame, write_moment
from app.output.screen import choose_face
from app.questionnaire.summary import Frame, build_summary
from app.questionnaire.summary_model import Summary
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current
from app.web.patient.lost import show_nothing_open
from app.web.patient.receipt import Receipt, build_sent, find_receipt_of
from app.web.patient.share import is_offered, name_newer
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
_BUSY = 503
PAPERS: dict[str, Literal["a4", "us-letter"]] = {"a4": "a4", "letter": "us-letter"}


@blueprint.get("/summary")
def show_summary() -> Answer:
    """Show the summary with its PDF; its face sheet is whole on the screen, and fits a page in print."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    receipt = find_receipt_of(current)
    summary = build_current_summary(current, receipt)
    return render_template(
        "patient/summary.html",
        summary=summary,
        face=choose_face(summary),
        receipt=receipt,
        is_offered=is_offered(current),
        newer=name_newer(current),
    )


@blueprint.get("/summary.pdf")
def show_pdf() -> Answer:
    """Return the summary as a PDF: `paper` a4 or us-letter, `size` large for 18-point type."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    paper = PAPERS.get(request.args.get("paper", "letter"))
    if paper is None:
        abort(404)
    from app.output.pdf import PdfBusyError, PdfError, render_pdf  # noqa: PLC0415 (typst is heavy; a start should not wait for it)

    summary = build_current_summary(current, find_receipt_of(current))
    try:
        pdf = render_pdf(summary, paper=paper, large_print=request.args.get("size") == "large")
    except PdfError as error:
        # The page itself prints as well: nobody leaves without a paper.
        if not isinstance(error, PdfBusyError):
            record_failure(error, "no pdf")
        return make_response(render_template("patient/no_pdf.html"), _BUSY, {"Retry-After": "30"})
    headers = {"Content-Disposition": 'inline; filename="summary.pdf"'}
    return FlaskResponse(pdf, mimetype="application/pdf", headers=headers)


@blueprint.get("/summary.svg")
def show_code() -> Answer:
    """Return the QR code on the summary of what was sent: the clinic's own page about it, and nothing personal."""
    current = find_current()
    receipt = find_receipt_of(current) if current else None
    if receipt is None:
        abort(404)
    from app.output.qr import draw_qr_svg  # noqa: PLC0415 (needed by those who sent only: a quick start)

    return FlaskResponse(draw_qr_svg(receipt.address), mimetype="image/svg+xml")


def say_until(current: Current) -> str:
    """Return until when the draft is kept, on the clinic's clock."""
    return write_moment(get_services().localize(current.draft.expires_at), current.progress.language)


def build_current_frame(current: Current, receipt: Receipt | None = None) -> Frame:
    """Return the frame of this draft's summary, dated by its last page; once sent, with what was sent and as whom."""
    services = get_services()
    if services.clinic is None:
        abort(503)
    return build_frame(
        services.clinic,
        language=current.progress.language,
        today=services.localize(current.draft.saved_at).date(),
        translate=translate,
        sent=build_sent(receipt) if receipt else None,
    )


def build_current_summary(current: Current, receipt: Receipt | None = None) -> Summary:
    """Return the summary of this draft as it stands: the patient's copy, without the companion (W-14)."""
    return build_summary(current.served.edition, current.progress.answers, build_current_frame(current, receipt))
