"""The end: what happens next, until when what is kept, and how to erase it. Also for those whose draft is gone.

Once sent, it is the receipt: the holder of the cookie or the resume code sees it as long as the clinic keeps what they
sent. It must never show an answer or a name, nor who at the clinic did what.
"""

from __future__ import annotations

from flask import render_template
from werkzeug.wrappers import Response

from app.vault.codes import format_resume_code
from app.web.patient import blueprint
from app.web.patient.current import find_current, read_secret
from app.web.patient.lost import show_nothing_open
from app.web.patient.paper import say_until
from app.web.patient.receipt import find_receipt_alone, find_receipt_of
from app.web.patient.share import is_offered, name_newer

Answer = Response | str | tuple[str, int]


@blueprint.get("/done")
def show_done() -> Answer:
    """Show what happens next, until when the answers are kept, and how to erase them."""
    current = find_current()
    if current is None:
        return show_receipt_alone(read_secret()) or show_nothing_open()
    return render_template(
        "patient/done.html",
        until=say_until(current),
        receipt=find_receipt_of(current),
        is_offered=is_offered(current),
        newer=name_newer(current),
        was_sent=current.progress.sent is not None,
        code=format_resume_code(current.secret),
    )


def show_receipt_alone(secret: bytes | None) -> str | None:
    """Return the receipt of what was sent with this secret, or None; no cookie is set: devices are shared."""
    receipt = find_receipt_alone(secret) if secret else None
    return render_template("patient/receipt.html", receipt=receipt) if receipt else None
