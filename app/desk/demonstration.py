"""The people who can be met in a demonstration. They sign in without proof, and exist nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from app.storage.people import Person, Role, change_roles, create_person, find_person_by_login

DEMONSTRATION_STAFF: Final = {
    "reviewer": ("Demonstration reviewer", frozenset({Role.REVIEWER})),
    "administrator": ("Demonstration administrator", frozenset({Role.ADMINISTRATOR})),
    "auditor": ("Demonstration auditor", frozenset({Role.AUDITOR})),
    "lead": ("Demonstration lead", frozenset({Role.REVIEWER, Role.ADMINISTRATOR})),
}
"""Who can be met in a demonstration, by the word in their button: their name and their roles."""


def meet(connection: Connection, word: str, now: datetime) -> Person:
    """Return a member of demonstration staff by the word in their button, made where nobody met them before."""
    name, roles = DEMONSTRATION_STAFF[word]
    login = f"{word}@demonstration.invalid"
    person = find_person_by_login(connection, login)
    if person is None:
        return create_person(connection, login=login, name=name, roles=roles, now=now, is_demonstration=True)
    if person.roles != roles:
        change_roles(connection, person.id, roles)
    return person
