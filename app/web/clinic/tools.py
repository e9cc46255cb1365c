"""What can be done with one person's data beside its review (clinical.md L-14), and who may do it.

A reviewer may correct. Giving out, restricting, holding and erasing need somebody who is an administrator as well: an
administrator alone reads no answers (L-02), and no reviewer alone lets data leave or vanish.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.storage.responses import StoredResponse
from app.web.clinic.opened import may_see_restricted
from app.web.i18n import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool, and the address of its page."""

    name: str
    address: str


def list_tools(stored: StoredResponse, reference: str) -> tuple[Tool, ...]:
    """Return the tools that the person may use on a response."""
    tools = [(translate("Correct the person’s details"), "clinic.show_correction")]
    if may_see_restricted():
        restrict = translate("End the restriction") if stored.is_restricted else translate("Restrict the use")
        keep = translate("End the legal hold") if stored.is_kept else translate("Put under legal hold")
        tools += [
            (translate("Give out this person’s data"), "clinic.show_giving"),
            (restrict, "clinic.show_restricting"),
            (keep, "clinic.show_keeping"),
            (translate("Erase"), "clinic.show_erasing"),
        ]
    return tuple(Tool(name=name, address=url_for(view, reference=reference)) for name, view in tools)
