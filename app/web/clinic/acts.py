"""What every act is called that the audit log can hold: the one table of plain words, each beside its code.

The code is what the log keeps for ever, what commands take and what files that are given out say. It must never look
at an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.web.i18n import translate

ACTS: Final[Mapping[str, str]] = {
    "audit.exported": "Audit log given out",
    "audit.verified": "Audit log checked",
    "audit.viewed": "Audit log read",
    "backup.made": "Backup made",
    "backup.restored": "Backup restored",
    "emergency.opened": "Response read on the server, in an emergency",
    "export.made": "Answers exported",
    "factor.added": "Second key for signing in added",
    "factor.removed": "Second key for signing in removed",
    "health.viewed": "Health looked at",
    "key.locked": "Private key locked with the passphrase",
    "key.made": "Clinic’s keys made",
    "key.rotated": "Clinic’s keys replaced",
    "list.searched": "Responses searched for",
    "list.viewed": "List of responses looked at",
    "overview.viewed": "Overview looked at",
    "page.refused": "Page refused",
    "password.changed": "Password changed",
    "people.listed": "People listed on the server",
    "person.changed": "Roles changed, or new link made",
    "person.disabled": "Account closed",
    "person.enabled": "Account opened again",
    "person.invited": "Somebody invited",
    "person.joined": "Joined by their link",
    "person.sign-in-failed": "Sign-in failed",
    "person.signed-in": "Signed in",
    "person.signed-out": "Signed out",
    "response.claimed": "Taken for review",
    "response.corrected": "Corrected",
    "response.erased": "Erased",
    "response.exported": "Given out",
    "response.held-for-call": "Needs a call",
    "response.kept": "Put under legal hold",
    "response.noted": "Note written",
    "response.opened": "Opened",
    "response.printed": "Printed",
    "response.received": "Received",
    "response.released": "Put back for anybody",
    "response.reopened": "Taken up again",
    "response.restricted": "Restricted",
    "response.reviewed": "Marked reviewed",
    "response.unkept": "Legal hold ended",
    "response.unrestricted": "Restriction ended",
    "responses.purged": "Responses erased whose time was over",
    "settings.changed": "Settings changed",
}
"""The words by the code. Those about one response stand in its own history, too, and need not name it."""

CHANGES: Final = (
    "response.claimed",
    "response.released",
    "response.held-for-call",
    "response.reviewed",
    "response.reopened",
    "response.corrected",
    "response.restricted",
    "response.unrestricted",
    "response.kept",
    "response.unkept",
)
"""What changes a response, so that somebody else who has it open hears of it."""


def name_act(code: str) -> str:
    """Return an act in words; one that a newer program has written keeps its code."""
    return translate(ACTS.get(code, code))
