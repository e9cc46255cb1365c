"""Pages to read: about ketamine, why each question is asked, the notices. The same for everyone."""

from __future__ import annotations

from flask import abort, render_template

from app.output.frame import build_frame
from app.questionnaire.summary import build_companion
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.services import get_services


@blueprint.get("/about-ketamine")
def show_about() -> str:
    """Show the article's content in our own words, dated."""
    edition = get_services().editions.get_newest().edition
    return render_template("patient/about_ketamine.html", article=edition.questionnaire.article_title)


@blueprint.get("/for-clinicians")
def show_for_clinicians() -> str:
    """Show each question, why it is asked, and what sources say: general information, about nobody (W-15)."""
    services = get_services()
    if services.clinic is None:
        abort(503)
    edition = services.editions.get_newest().edition
    frame = build_frame(
        services.clinic, language=edition.questionnaire.language, today=services.today(), translate=translate
    )
    entries = build_companion(edition, frame)
    cited = {source.key: source for entry in entries for source in entry.sources}
    return render_template(
        "patient/for_clinicians.html", edition=edition, entries=entries, sources=cited.values(), frame=frame
    )


@blueprint.get("/privacy")
def show_privacy() -> str:
    """Show who reads the answers, why, how long they are kept, and what a person can ask for (L-13)."""
    return render_template("patient/privacy.html")


@blueprint.get("/accessibility")
def show_accessibility() -> str:
    """Show how the pages can be used, and what is known not to work."""
    return render_template("patient/accessibility.html")
