"""What all tables share: how names are made, how a moment is stored, and which migration they come from."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

SCHEMA_REVISION: Final = "0006"
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


class AuditMoment(UtcDateTime):
    """A moment of the audit log. What is none, because somebody wrote there by hand, is read as the first of 1970.

    Then the entry can be read and named as the one that was changed: its link is that of another moment.
    """

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what reads a stored moment."""
        read = super().result_processor(dialect, coltype)
        if read is None:
            return None

        def read_or_begin(value: Any) -> datetime | None:  # noqa: ANN401  whatever the database holds there
            try:
                return read(value)
            except (ValueError, TypeError):
                return datetime(1970, 1, 1, tzinfo=UTC)

        return read_or_begin


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
