"""What can be done with a response now, and by whom: the buttons beside it and what stands in their boxes.

All of them belong to one form with every box for a note, so that whichever is pressed, nothing typed is lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from werkzeug.datastructures import MultiDict

from app.storage.responses import OPEN, ReviewStatus, StoredResponse
from app.web.clinic.sheet import NOTE, StrayNote
from app.web.clinic.words import write_state
from app.web.i18n import translate
from app.web.services import get_services

_FORM_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A button."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The state, the buttons, and what was typed; `form` is drawn anew with each page, so that it is used once."""

    state: str
    who: str
    acts: tuple[Act, ...]
    can_finish: bool
    can_hold: bool
    revision: int
    version: int
    shown: int
    form: str
    note: str = field(repr=False)
    strays: tuple[StrayNote, ...] = field(repr=False)
    call_on: str
    problems: Mapping[str, str]


def build_panel(
    stored: StoredResponse,
    *,
    me: str,
    owner: str,
    is_open: bool,
    shown: int,
    typed: MultiDict[str, str],
    strays: tuple[StrayNote, ...],
    problems: Mapping[str, str],
) -> Panel:
    """Return what can be done; what nobody can read cannot be marked reviewed (`is_open`).

    The day of a call is today's until another is set or typed.
    """
    return Panel(
        state=write_state(stored),
        who=owner,
        acts=tuple(_list_acts(stored, me, owner)),
        can_finish=is_open and stored.review_status in OPEN,
        can_hold=stored.review_status in OPEN,
        revision=stored.revision,
        version=stored.version,
        shown=shown,
        form=typed.get("form") or secrets.token_hex(_FORM_BYTES),
        note=typed.get(NOTE, ""),
        strays=strays,
        call_on=typed.get("call-on", stored.call_on or get_services().today().isoformat()),
        problems=problems,
    )


def _list_acts(stored: StoredResponse, me: str, owner: str) -> list[Act]:
    if stored.review_status is None:
        return []  # from where nothing is known to lead anywhere
    if stored.review_status is ReviewStatus.COMPLETED:
        return [Act(value="reopen", text=translate("Take it up again"))]
    acts = []
    if stored.owner != me:
        taken = translate("Take it over from %(name)s") % {"name": owner}
        acts.append(Act(value="claim", text=taken if stored.owner else translate("Take it for review")))
    elif stored.review_status is ReviewStatus.REQUESTED:  # reviewed once, and a newer version came in
        acts.append(Act(value="claim", text=translate("Take it for review")))
    elif stored.review_status is ReviewStatus.ON_HOLD:
        acts.append(Act(value="claim", text=translate("Back to review")))
    if stored.owner:
        acts.append(Act(value="release", text=translate("Put it back for anybody")))
    return acts
