"""Pages to read: about ketamine, why each question is asked, the notices. The same for everyone.

They must never depend on an answer: all they know of an open form is where it goes on.
"""

from __future__ import annotations

from flask import abort, render_template

from app.output.frame import build_frame
from app.questionnaire.summary import build_companion
from app.web.i18n import translate
from app.web.patient import blueprint
from app.web.patient.page import locate_form
from app.web.services import get_services


@blueprint.get("/about-ketamine")
def show_about() -> str:
    """Show the article's content in our own words, dated."""
    edition = get_services().editions.get_newest().edition
    return _draw("about_ketamine", article=edition.questionnaire.article_title)


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
    return _draw("for_clinicians", edition=edition, entries=entries, sources=cited.values(), frame=frame)


@blueprint.get("/privacy")
def show_privacy() -> str:
    """Show who reads the answers, why, how long they are kept, and what a person can ask for (L-13)."""
    return _draw("privacy")


@blueprint.get("/accessibility")
def show_accessibility() -> str:
    """Show how the pages can be used, and what is known not to work."""
    return _draw("accessibility")


def _draw(name: str, **values: object) -> str:
    return render_template(f"patient/{name}.html", form=locate_form(), **values)
