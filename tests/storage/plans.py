"""How a database finds what a statement asks for: it tells, and going through all of a table is what it must never do.

SQLite tells its plan. PostgreSQL's depends on how much is there, and a test has little: it is asked to do without going
through tables, and then tells how many rows it looked at. Where no index fits, that is all there are.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, event

_SOME = 5001
"""As many rows as a look-up may touch: so far it counts how many have a token."""


def count_rows(connection: Connection) -> None:
    """Let PostgreSQL know how much is in its tables, as it does by itself some minutes after they were filled."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")


@contextmanager
def watch_plans(connection: Connection) -> Iterator[list[str]]:
    """Give a list that fills with each step of each statement's plan: `SEARCH t`, or `SCAN t` for all of a table."""
    steps: list[str] = []
    ours = {"sqlite": _ask_sqlite, "postgresql": _ask_postgres}[connection.dialect.name]

    def explain(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:  # noqa: ANN401  the driver's
        if statement.startswith(("SELECT", "WITH", "DELETE")):
            steps.extend(ours(cursor.connection, statement, parameters))

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(connection, "before_cursor_execute", explain)


@contextmanager
def watch_work(connection: Connection) -> Iterator[Callable[[], int]]:
    """Give a function that tells what was done so far: steps of SQLite's machine, or rows that PostgreSQL looked at."""
    done = 0

    def count_step() -> int:
        nonlocal done
        done += 1
        return 0

    if connection.dialect.name == "sqlite":
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        driver.set_progress_handler(count_step, 1)
        try:
            yield lambda: done
        finally:
            driver.set_progress_handler(None, 0)
    else:
        with watch_plans(connection) as steps:
            yield lambda: sum(int(step.split()[2]) for step in steps)


def list_scans(steps: list[str], *tables: str) -> list[str]:
    """Return the steps that go through all of a table, or through all of one of its indexes."""
    return [step for step in steps if step.startswith("SCAN") and any(table in step for table in tables)]


def _ask_sqlite(connection: Any, statement: str, parameters: Any) -> list[str]:  # noqa: ANN401  the driver's
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()]


def _ask_postgres(connection: Any, statement: str, parameters: Any) -> list[str]:  # noqa: ANN401  the driver's
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT explained")  # it does the statement: what that changes is undone
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        ((plans,),) = cursor.fetchall()
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
    found = json.loads(plans) if isinstance(plans, str) else plans
    return list(_list_steps(found[0]["Plan"]))


def _list_steps(plan: dict[str, Any]) -> Iterator[str]:
    if "Relation Name" in plan:
        touched = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
        is_all = plan["Node Type"] == "Seq Scan" or touched > _SOME
        condition = plan.get("Index Cond", "")
        yield f"{'SCAN' if is_all else 'SEARCH'} {plan['Relation Name']} {int(touched)} rows {condition}"
    for below in plan.get("Plans", ()):
        yield from _list_steps(below)
