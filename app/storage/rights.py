"""What the database user of a program that serves patients alone needs on PostgreSQL, and nothing else.

Taken from the tables, so that it is never older than they are. A table that is not named here is closed to that user.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import dialect

from app.storage import staff_tables  # noqa: F401  importing it is what fills METADATA
from app.storage.metadata import METADATA, SCHEMA_REVISION
from app.storage.staff_tables import THROTTLES
from app.storage.tables import (
    AUDIT_HEAD,
    CHORES,
    CLINIC_KEYS,
    CLINIC_KIND,
    CLINIC_SETTINGS,
    DRAFT_ENDS,
    DRAFTS,
    EDITIONS,
    RESPONSE_VERSIONS,
    RESPONSES,
)

_READ: Final = ("SELECT",)
_ADD: Final = ("SELECT", "INSERT")
_NEW_VERSION: Final = (
    "version",
    "edition_hash",
    "language",
    "sent_at",
    "delete_at",
    "review_status",
    "reviewed_at",
    "revision",
    "taken_in",
)

PATIENT_RIGHTS: Final[dict[Table, tuple[str, ...]]] = {
    EDITIONS: _ADD,
    DRAFTS: (*_ADD, "UPDATE", "DELETE"),
    DRAFT_ENDS: (*_ADD, "UPDATE"),
    CLINIC_KEYS: _READ,
    CLINIC_SETTINGS: _READ,
    CLINIC_KIND: _READ,
    RESPONSES: _ADD,
    RESPONSE_VERSIONS: ("INSERT",),
    THROTTLES: (*_ADD, "UPDATE"),
    CHORES: _READ,  # these two for the numbers that are watched
    AUDIT_HEAD: _READ,
}
"""What may be done with a whole table."""

PATIENT_COLUMNS: Final[dict[Table, tuple[Column[object], ...]]] = {
    EDITIONS: (EDITIONS.c.accepted_at,),
    RESPONSES: tuple(RESPONSES.c[name] for name in _NEW_VERSION),
}
"""Which columns may be changed of a table whose others may not."""

_REVISION_TABLE: Final = "alembic_version"


def list_patient_grants(user: str) -> Iterator[str]:
    """Give the statements that take everything from a database user and grant what patients' pages need."""
    quote = dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    name = quote(user)
    tables = ", ".join(quote(table) for table in (_REVISION_TABLE, *sorted(METADATA.tables)))
    yield f"-- What FOREWORD_ROLE=patient needs of schema {SCHEMA_REVISION}; to be run by the owner of the tables."
    yield "BEGIN;"
    yield f"REVOKE ALL ON TABLE {tables} FROM {name};"
    yield f"GRANT SELECT ON TABLE {quote(_REVISION_TABLE)} TO {name};"
    for table, rights in PATIENT_RIGHTS.items():
        yield f"GRANT {', '.join(rights)} ON TABLE {quote(table.name)} TO {name};"
    for table, columns in PATIENT_COLUMNS.items():
        listed = ", ".join(quote(column.name) for column in columns)
        yield f"GRANT UPDATE ({listed}) ON TABLE {quote(table.name)} TO {name};"
    yield "COMMIT;"
