"""Who is signed in."""

from __future__ import annotations

from flask_login import current_user

from app.storage.access import Access
from app.storage.people import Person
from app.web.clinic.identity.model import Member


def find_member() -> Member | None:
    """Return who is signed in with all that lets them in, or None."""
    user = current_user._get_current_object()  # noqa: SLF001  the object itself: Flask-Login has no other way to it
    return user if isinstance(user, Member) else None


def find_person() -> Person | None:
    """Return who is signed in, or None."""
    member = find_member()
    return member.access.person if member else None


def get_person() -> Person:
    """Return who is signed in, on a page that only they can open."""
    person = find_person()
    if person is None:
        raise LookupError
    return person


def get_access() -> Access:
    """Return all that lets in whoever is signed in, on a page that only they can open."""
    member = find_member()
    if member is None:
        raise LookupError
    return member.access
