"""The summary on screen and paper: one object, drawn as HTML and as PDF."""

from __future__ import annotations

from typing import Literal

from flask import Response as FlaskResponse
from flask import abort, render_template, request
from werkzeug.wrappers import Response

from app.output.frame import build_frame
from app.questionnaire.summary import Frame, build_summary
from app.questionnaire.summary_model import FaceSheet, Summary
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.current import Current, find_current
from app.web.patient.lost import show_nothing_open
from app.web.services import get_services

Answer = Response | str | tuple[str, int]
PAPERS: dict[str, Literal["a4", "us-letter"]] = {"a4": "a4", "letter": "us-letter"}
FACE_LIMIT = 3200
"""How many characters fit on the face sheet as the browser prints it, with room to spare; the PDF measures instead."""


@blueprint.get("/summary")
def show_summary() -> Answer:
    """Show the summary as it will be on paper, with its PDF."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    summary = build_current_summary(current)
    return render_template("patient/summary.html", summary=summary, face=choose_face(summary))


@blueprint.get("/summary.pdf")
def show_pdf() -> Answer:
    """Return the summary as a PDF: `paper` a4 or us-letter, `size` large for 18-point type."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    paper = PAPERS.get(request.args.get("paper", "letter"))
    if paper is None:
        abort(404)
    from app.output.pdf import render_pdf  # noqa: PLC0415 (typst is heavy; a start should not wait for it)

    pdf = render_pdf(build_current_summary(current), paper=paper, large_print=request.args.get("size") == "large")
    headers = {"Content-Disposition": 'inline; filename="summary.pdf"'}
    return FlaskResponse(pdf, mimetype="application/pdf", headers=headers)


@blueprint.get("/done")
def show_done() -> Answer:
    """Show what happens next, until when the answers are kept, and how to erase them."""
    current = find_current()
    if current is None:
        return show_nothing_open()
    return render_template("patient/done.html", until=current.draft.expires_at)


def build_current_frame(current: Current) -> Frame:
    """Return the frame of this draft's summary, dated by its last page."""
    clinic = get_services().clinic
    if clinic is None:
        abort(503)
    return build_frame(
        clinic, language=current.progress.language, today=current.draft.saved_at.date(), translate=translate
    )


def build_current_summary(current: Current) -> Summary:
    """Return the summary of this draft as it stands: the patient's copy, without the companion (W-14)."""
    return build_summary(current.served.edition, current.progress.answers, build_current_frame(current))


def choose_face(summary: Summary) -> FaceSheet:
    """Return the longest face sheet that a browser prints on one page, by its number of characters."""
    return next((face for face in summary.faces if measure_face(face) <= FACE_LIMIT), summary.faces[-1])


def measure_face(face: FaceSheet) -> int:
    """Return how many characters a face sheet has, each entry counted with the line it begins."""
    entries = [*face.visit, *face.lists, *(entry for group in face.groups for entry in group.entries)]
    texts = [line.text for entry in entries for fact in entry.facts for line in fact.lines]
    return sum(len(entry.label) + 8 for entry in entries) + sum(len(text) + 2 for text in texts)
