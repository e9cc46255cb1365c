"""The tables, as SQLAlchemy Core sees them; the migrations make them, and a test proves that both agree.

Nothing here may decide anything, and no column may hold an answer that is not sealed.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

SCHEMA_REVISION: Final = "0001"
"""The migration these tables come from. Here, so that a start with nothing to migrate need not import Alembic."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in and out, whatever the database makes of time zones in between."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's signature
        """Return the moment in UTC, or raise ValueError for a naive one: SQLite would store it as if it were UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's signature
        """Return the moment as aware UTC: SQLite gives it back naive, PostgreSQL in the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

EDITIONS: Final = Table(
    "editions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("canonical", Text, nullable=False),
    Column("language", String(35), nullable=False),  # as long as RFC 5646 asks a BCP 47 tag may be
    Column("title", Text, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),  # the one column that may change: see the triggers
)

DRAFTS: Final = Table(
    "drafts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("edition_hash", String(64), ForeignKey("editions.hash"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)
