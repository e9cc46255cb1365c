"""What all tools for one person's data have in common: a reason, a second page that says what will happen, and who may.

The log has the reason's word from a list; what somebody writes about it is sealed as a note, or not kept at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.storage.engine import begin_write
from app.web.clinic.accounting import record
from app.web.clinic.gate import refuse
from app.web.clinic.kept import NOTICE_KEPT, find_kept
from app.web.clinic.notes import find_long
from app.web.clinic.opened import Held, may_see_restricted
from app.web.clinic.words import REASONS
from app.web.i18n import translate
from app.web.services import get_services

REASON_MISSING: Final = "Choose why"
STALE: Final = "This response was changed meanwhile. Look at what stands here now, then go on."

_UNSENT: Final = frozenset({"csrf_token", "confirmed", "action"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPage:
    """A tool's first page: `fields` is the template with what it asks beside the reason."""

    title: str
    lead: Sequence[str]
    button: str
    fields: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A tool's second page: what will happen, and the buttons that make it happen, by their values."""

    title: str
    lines: Sequence[str]
    buttons: Mapping[str, str]


def require_lead() -> None:
    """Turn away whoever is not both administrator and reviewer; the refusal is accounted for."""
    if not may_see_restricted():
        abort(make_response(refuse()))


def draw_first(
    held: Held,
    tool: ToolPage,
    *,
    problems: Mapping[str, str] | None = None,
    initial: MultiDict[str, str] | None = None,
    notice: str = "",
    **more: Sequence[tuple[str, str]],
) -> str:
    """Return a tool's first page, with what was typed before: in this request, or when a session ended."""
    kept = find_kept() if request.method == "GET" else None
    typed = request.form if request.method == "POST" else kept or initial or MultiDict()
    if kept and kept.get("revision") != str(held.stored.revision):
        notice = STALE
    notices = [translate(text) for text in (NOTICE_KEPT if kept else "", notice) if text]
    return render_template(
        "clinic/tool.html",
        tool=tool,
        reference=held.reference,
        action=request.path,
        back=url_for("clinic.show_response", reference=held.reference),
        revision=held.stored.revision,
        reasons=[(word, translate(text)) for word, text in REASONS.items()],
        typed=typed,
        problems=defaultdict(str, problems or {}),
        notices=notices,
        **more,
    )


def draw_again(
    held: Held, tool: ToolPage, problems: Mapping[str, str], **more: Sequence[tuple[str, str]]
) -> ResponseReturnValue:
    """Return a tool's first page with what has to be looked at again: also that the response was changed meanwhile."""
    notice = STALE if is_stale(held) else ""
    page = draw_first(held, tool, problems=problems, initial=None, notice=notice, **more)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def draw_stale(held: Held, tool: ToolPage, action: str, **more: Sequence[tuple[str, str]]) -> ResponseReturnValue:
    """Return a tool's first page to somebody who did not see how the response stands now, and account for it."""
    account_failure(held, action, "stale")
    return draw_first(held, tool, problems=None, initial=None, notice=STALE, **more), HTTPStatus.CONFLICT


def draw_second(held: Held, confirmation: Confirmation) -> str:
    """Return a tool's second page: all that was typed goes with its buttons."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _UNSENT]
    return render_template(
        "clinic/tool_confirm.html",
        confirmation=confirmation,
        reference=held.reference,
        action=request.path,
        fields=fields,
        back=url_for("clinic.show_response", reference=held.reference),
    )


def account_view(held: Held, tool: str) -> None:
    """Write that somebody looked at a response through a tool's page."""
    with begin_write(get_services().engine) as connection:
        record(connection, "response.opened", subject=held.stored.reference, by=tool)


def account_failure(held: Held, action: str, outcome: str) -> None:
    """Write that something was tried and not done."""
    with begin_write(get_services().engine) as connection:
        record(connection, action, subject=held.stored.reference, outcome=outcome)


def find_reason_problem() -> dict[str, str]:
    """Return a sentence where no reason was chosen, and where too much was written about it."""
    missing = {} if request.form.get("reason") in REASONS else {"reason": translate(REASON_MISSING)}
    return missing | find_long("words", translate("In your own words"), read_words())


def read_words() -> str:
    """Return what was written about the reason."""
    return request.form.get("words", "").replace("\r\n", "\n").strip()


def read_reason() -> str:
    """Return the word of the reason that was chosen."""
    return request.form["reason"]


def is_confirmed() -> bool:
    """Tell whether the second page was sent."""
    return request.form.get("confirmed") == "yes"


def is_stale(held: Held) -> bool:
    """Tell whether the response has changed since the first page was drawn."""
    return request.form.get("revision", "") != str(held.stored.revision)
