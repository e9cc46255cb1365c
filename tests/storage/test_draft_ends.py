"""Where drafts end: a number for each page, counted once, and of those who sent nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from app.server import purge as purge_house
from app.storage.draft_ends import list_draft_ends
from app.storage.drafts import PURGE_BATCH, create_draft, find_draft, purge_expired, save_draft
from app.storage.engine import begin_read, begin_write
from app.vault import make_secret

DAY = timedelta(hours=24)


def leave(engine: Engine, edition_hash: str, now: datetime, *reached: int | None) -> None:
    """Begin a draft, save it at each of these pages, and never come back."""
    secret = make_secret()
    with begin_write(engine) as connection:
        create_draft(connection, secret=secret, edition_hash=edition_hash, content=b"", now=now, reached=0)
    for page in reached:
        with begin_write(engine) as connection:
            draft = find_draft(connection, secret, now)
            assert draft is not None
            save_draft(connection, secret, draft, b"", now, reached=page)


def purge(engine: Engine, now: datetime) -> None:
    """Purge, as the server does."""
    with begin_write(engine) as connection:
        purge_expired(connection, now)


def read_ends(engine: Engine, edition_hash: str) -> dict[int, int]:
    """Return the counts."""
    with begin_read(engine) as connection:
        return dict(list_draft_ends(connection, edition_hash))


def test_each_draft_is_counted_once_where_it_ended(engine: Engine, edition_hash: str, now: datetime) -> None:
    leave(engine, edition_hash, now)
    leave(engine, edition_hash, now, 3, 7)
    leave(engine, edition_hash, now, 7)
    leave(engine, edition_hash, now, 7, None)  # sent
    leave(engine, edition_hash, now + timedelta(hours=1), 5)  # still alive
    purge(engine, now + DAY)
    assert read_ends(engine, edition_hash) == {0: 1, 7: 2}
    purge(engine, now + DAY)
    assert read_ends(engine, edition_hash) == {0: 1, 7: 2}
    purge(engine, now + DAY + timedelta(hours=1))
    assert read_ends(engine, edition_hash) == {0: 1, 5: 1, 7: 2}


def test_however_many_are_over_they_go_in_batches_and_each_is_counted(
    engine: Engine, edition_hash: str, now: datetime
) -> None:
    count = 2 * PURGE_BATCH + 1
    with begin_write(engine) as connection:
        for _ in range(count):
            create_draft(
                connection,
                secret=make_secret(),
                edition_hash=edition_hash,
                content=b"",
                now=now - 2000 * DAY,
                reached=0,
            )
    sizes = []

    @event.listens_for(engine, "commit")
    def count_left(connection: Connection) -> None:
        sizes.append(connection.exec_driver_sql("SELECT count(*) FROM drafts").scalar())

    purge_house(engine, has_staff=False)
    assert sizes == [PURGE_BATCH + 1, 1, 0]
    assert read_ends(engine, edition_hash) == {0: count}


def test_two_processes_that_purge_at_once_count_each_draft_once(
    engine: Engine, edition_hash: str, now: datetime
) -> None:
    for _ in range(3):
        leave(engine, edition_hash, now, 7)
    is_begun = threading.Event()

    def purge_too() -> None:
        is_begun.set()
        purge(engine, now + DAY)

    with ThreadPoolExecutor(1) as thread:
        with begin_write(engine) as connection:
            purge_expired(connection, now + DAY)
            second = thread.submit(purge_too)
            assert is_begun.wait(10)
            if engine.dialect.name == "postgresql":  # SQLite lets nobody else begin
                while not is_somebody_waiting(engine):
                    assert not second.done(), second.result()
        second.result(timeout=60)
    assert read_ends(engine, edition_hash) == {7: 3}


def is_somebody_waiting(engine: Engine) -> bool:
    """Tell whether a transaction waits for another one on PostgreSQL."""
    with begin_read(engine) as connection:
        asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool(connection.execute(text(asked)).scalar_one())


def test_pages_are_added_to_in_one_order_whoever_adds_them(engine: Engine, edition_hash: str, now: datetime) -> None:
    said: list[Any] = []

    def note(_: object, __: object, statement: str, values: object, *___: object) -> None:
        if statement.startswith("INSERT INTO draft_ends"):
            said.append(values)

    for page in (9, 2, 5):
        leave(engine, edition_hash, now, page)
    event.listen(engine, "before_cursor_execute", note)
    purge(engine, now + DAY)
    pages = [one["page"] if isinstance(one, dict) else one[1] for one in said]
    assert pages == [2, 5, 9]
