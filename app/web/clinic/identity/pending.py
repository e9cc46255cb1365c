"""Somebody whose password was right and who has not shown the second factor: they may open nothing yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.storage.access import Access, find_access
from app.storage.engine import begin_read
from app.web.clinic.identity.model import is_admitted
from app.web.clinic.session import get_session
from app.web.services import get_services

PENDING_LIFE: Final = timedelta(minutes=10)
"""How long the second factor may take."""

_PENDING: Final = "pending"


def begin_pending(access: Access) -> None:
    """Note whose password was right, in a session with a new id."""
    at = get_services().now().isoformat()
    get_session().hold_pending({"person": access.person.id, "tie": access.uniquifier, "at": at})


def find_pending() -> Access | None:
    """Return whose password was right some minutes ago, if it is still theirs and they may still be let in."""
    pending = get_session().get(_PENDING)
    services = get_services()
    if pending is None or services.now() - datetime.fromisoformat(pending["at"]) >= PENDING_LIFE:
        return None
    with begin_read(services.engine) as connection:
        access = find_access(connection, pending["person"])
    if access is None or access.uniquifier != pending["tie"] or not is_admitted(access):
        return None
    return access
