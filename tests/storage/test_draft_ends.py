"""Where drafts end: a number for each page, counted once, and of those who sent nothing."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.storage.draft_ends import count_expired, list_draft_ends
from app.storage.drafts import create_draft, find_draft, purge_expired, save_draft
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
    """Count and purge, as the server does."""
    with begin_write(engine) as connection:
        count_expired(connection, now)
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
