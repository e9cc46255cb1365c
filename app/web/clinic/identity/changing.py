"""Changing what somebody signs in with: only while that is what it was when they asked for it (S35)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, redirect, url_for
from sqlalchemy import Connection

from app.storage.access import Access, hold_unchanged
from app.storage.engine import begin_write
from app.web.clinic.accounting import record
from app.web.services import get_services


@contextmanager
def change_access(access: Access, action: str, **about: str) -> Iterator[tuple[Connection, Access]]:
    """Give a transaction in which nobody else changes what a person signs in with, and what that is.

    Where it is another by now than `access` says, the block does not begin: they were reset or closed, or changed it
    elsewhere. That is accounted for as a refused `action`, and the request ends on the way to the sign-in page.
    """
    with begin_write(get_services().engine) as connection:
        held = hold_unchanged(connection, access)
        if held is not None:
            yield connection, held
        else:
            person_id = access.person.id
            record(connection, action, subject=person_id, actor=person_id, outcome="refused", **about)
    if held is None:
        abort(redirect(url_for("clinic.show_sign_in"), 303))
