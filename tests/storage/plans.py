"""How SQLite finds what a statement asks for: it tells, and scanning a table is what it must never do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event


@contextmanager
def watch_plans(connection: Connection) -> Iterator[list[str]]:
    """Give a list that fills with each step of the plan of each statement that is made, as `SCAN t` or `SEARCH t …`."""
    steps: list[str] = []

    def explain(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:  # noqa: ANN401  the driver's
        if connection.dialect.name == "sqlite" and statement.startswith("SELECT"):
            found = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            steps.extend(row[3] for row in found)

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(connection, "before_cursor_execute", explain)


def list_scans(steps: list[str], *tables: str) -> list[str]:
    """Return the steps that go through all of a table, or through all of one of its indexes."""
    return [step for step in steps if step.startswith("SCAN") and any(table in step for table in tables)]
