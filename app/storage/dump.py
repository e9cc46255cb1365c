"""All that is kept of a clinic, table by table as plain values, and back: the same for SQLite and PostgreSQL.

Without drafts, sessions and throttles: a draft its patient erased must not come back, nor a session that has ended.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Column, Connection, LargeBinary, Table, delete, func, insert, select

from app.storage.metadata import METADATA, UtcDateTime
from app.storage.postgres import allow_long_statements
from app.storage.staff_tables import STAFF_SESSIONS, THROTTLES
from app.storage.tables import AUDIT_HEAD, DRAFTS

Plain = str | int | bool | None

_LEFT_OUT: Final = (DRAFTS, STAFF_SESSIONS, THROTTLES)
_BATCH: Final = 200


def list_tables() -> list[Table]:
    """Return the tables that are dumped, each after those it refers to."""
    return [table for table in METADATA.sorted_tables if table not in _LEFT_OUT]


def count_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each dumped table has."""
    allow_long_statements(connection)  # here as below: whatever looks at all there is takes as long as it takes
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in list_tables()
    }


def dump_rows(connection: Connection, table: Table) -> Iterator[list[Plain]]:
    """Give a table's rows as plain values in the order of its columns, without holding them all."""
    allow_long_statements(connection)
    statement = select(table).order_by(*table.primary_key.columns)
    with connection.execute(statement.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            yield [_dump(value) for value in row]


def load_rows(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Plain]]) -> int:
    """Store rows as they were dumped, with columns of these names, and return how many."""
    allow_long_statements(connection)
    columns = [table.columns[name] for name in names]
    if table is AUDIT_HEAD:
        connection.execute(delete(table))  # the migration made one for an empty log
    count, waiting = 0, iter(rows)
    while batch := [_load_row(columns, row) for row in islice(waiting, _BATCH)]:
        connection.execute(insert(table), batch)
        count += len(batch)
    return count


def _load_row(columns: Sequence[Column[object]], row: Sequence[Plain]) -> Mapping[str, object]:
    return {column.name: _load(column, value) for column, value in zip(columns, row, strict=True)}


def _dump(value: object) -> Plain:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(type(value).__name__)


def _load(column: Column[object], value: Plain) -> object:
    if isinstance(value, str) and isinstance(column.type, LargeBinary):
        return base64.b64decode(value, validate=True)
    if isinstance(value, str) and isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    return value
