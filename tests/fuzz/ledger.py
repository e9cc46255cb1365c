"""What the database may have gained: nothing that no answer said or in another's name, and no sentinel changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from app.storage.audit import Breach, verify_log
from app.storage.engine import begin_read
from app.storage.people import find_person_by_login
from app.storage.staff_tables import INVITATIONS, PASSKEYS, PEOPLE
from app.storage.tables import (
    AUDIT_ENTRIES,
    CLINIC_KEYS,
    CLINIC_KIND,
    CLINIC_SETTINGS,
    DRAFTS,
    EDITIONS,
    NOTES,
    RESPONSE_VERSIONS,
    RESPONSES,
)
from tests.fuzz.cast import Cast

# What must be the same for ever, row by row.
_FIXED: Final = (EDITIONS, CLINIC_KEYS, CLINIC_KIND, CLINIC_SETTINGS, PASSKEYS)
# What a row of each may come from: an answer that said so.
_MAKERS: Final = {
    DRAFTS: ("POST /start",),
    RESPONSES: ("POST /share/send",),
    RESPONSE_VERSIONS: ("POST /share/send", "POST /clinic/responses/<reference>/correct"),
    PEOPLE: ("POST /clinic/people",),
    INVITATIONS: ("POST /clinic/people", "POST /clinic/people/<person_id>/reset"),
}
_NOTE_MAKERS: Final = ("POST /clinic/responses/<reference>/review",)
# Whose name may stand under what: the beginnings of what is done.
_REVIEWERS: Final = ("response.", "list.", "export.", "responses.")
_ADMINISTRATORS: Final = ("settings.", "person.invited", "person.disabled", "person.enabled", "people.", "health.")
_NOT_OF: Final = {
    "auditor": (*_REVIEWERS, *_ADMINISTRATORS, "overview."),
    "administrator": _REVIEWERS,
    "reviewer": (*_ADMINISTRATORS, "audit."),
}
_OF_NOBODY: Final = ("person.sign-in-failed", "person.joined", "page.refused", "password.changed", "person.signed-in")
_LOOKS: Final = ("response.opened", "response.printed", "response.exported")


@dataclass
class Ledger:
    """What was there at the beginning, and what was said to be done since."""

    cast: Cast
    done: Counter[str] = field(default_factory=Counter)
    fixed: dict[str, list[Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    sentinels: list[Any] = field(default_factory=list)
    first_entry: int = 0

    def open(self) -> None:
        """Take down what there is."""
        self.fixed = {table.name: self._read(table) for table in _FIXED}
        self.counts = {table.name: self._count(table) for table in (*_MAKERS, NOTES)}
        self.sentinels = self._read_sentinels()
        self.first_entry = self._count(AUDIT_ENTRIES)
        self.done.clear()
        self.cast.made.clear()

    def find_faults(self) -> list[str]:
        """Return what nothing explains."""
        return [*self._find_changed(), *self._find_unexplained(), *self._find_in_other_names()]

    def _read(self, table: Any) -> list[Any]:  # noqa: ANN401  a table
        with begin_read(self.cast.engine) as connection:
            return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]

    def _count(self, table: Any) -> int:  # noqa: ANN401  a table
        with begin_read(self.cast.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def _read_sentinels(self) -> list[Any]:
        """Return every row that belongs to a sentinel."""
        references = self.cast.sentinel_references
        asked = (
            select(DRAFTS).where(DRAFTS.c.id.in_(self.cast.sentinel_drafts)).order_by(DRAFTS.c.id),
            *(
                select(table).where(table.c.reference.in_(references)).order_by(*table.primary_key)
                for table in (RESPONSES, RESPONSE_VERSIONS, NOTES)
            ),
        )
        with begin_read(self.cast.engine) as connection:
            return [tuple(row) for one in asked for row in connection.execute(one)]

    def _find_changed(self) -> Iterator[str]:
        for table in _FIXED:
            if self._read(table) != self.fixed[table.name]:
                yield f"{table.name} is not as it was"
        if self._read_sentinels() != self.sentinels:
            yield "a row of a sentinel is not as it was"

    def _find_unexplained(self) -> Iterator[str]:
        for table, makers in _MAKERS.items():
            gained = self._count(table) - self.counts[table.name] - self.cast.made[table.name]
            said = sum(self.done[maker] for maker in makers)
            if gained > said:
                yield f"{table.name} has {gained} rows more, and {said} answers said so"
        # A form of notes has several boxes.
        gained = self._count(NOTES) - self.counts[NOTES.name]
        if gained > 0 and not any(self.done[maker] for maker in _NOTE_MAKERS):
            yield f"notes has {gained} rows more, and no answer said so"

    def _find_in_other_names(self) -> Iterator[str]:
        names = {self.find_id(role): role for role in self.cast.people}
        with begin_read(self.cast.engine) as connection:
            columns = (AUDIT_ENTRIES.c.actor, AUDIT_ENTRIES.c.action, AUDIT_ENTRIES.c.subject)
            wanted = select(*columns).where(
                AUDIT_ENTRIES.c.number > self.first_entry, AUDIT_ENTRIES.c.outcome == "done"
            )
            entries = connection.execute(wanted.distinct()).all()
        for actor, action, subject in entries:
            role = names.get(actor, actor)
            if action.startswith(_NOT_OF.get(role, ())) or (role == "nobody" and action not in _OF_NOBODY):
                yield f"the log says that {role} did {action}"
            if subject in self.cast.sentinel_references and not action.startswith(_LOOKS):
                yield f"the log says that {role} did {action} to a sentinel"

    def find_id(self, role: str) -> str:
        """Return the id that stands for a role in the log."""
        with begin_read(self.cast.engine) as connection:
            person = find_person_by_login(connection, self.cast.people[role].login)
        return person.id if person else ""

    def verify(self) -> list[str]:
        """Return what is wrong with the chain of the audit log."""
        with begin_read(self.cast.engine) as connection:
            found = verify_log(connection, self.cast.services.desk.chain_key)
        return [f"the audit log is broken at {found.number}: {found.fault}"] if isinstance(found, Breach) else []
