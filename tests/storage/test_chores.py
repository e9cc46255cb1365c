"""Chores: of many who begin one on the same day, one has it."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.storage.chores import begin_chore, find_last_time, has_begun, note_time
from app.storage.engine import begin_read, begin_write


def test_of_twenty_who_begin_at_once_one_is_told_so(engine: Engine, now: datetime) -> None:
    told: list[bool] = []

    def begin() -> None:
        with begin_write(engine) as connection:
            told.append(begin_chore(connection, "purge", now.date(), now))

    threads = [threading.Thread(target=begin) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 19 + [True]


def test_it_is_begun_again_the_next_day_and_never_the_day_before(engine: Engine, now: datetime) -> None:
    day = now.date()
    with begin_write(engine) as connection:
        assert not has_begun(connection, "purge", day)
        assert begin_chore(connection, "purge", day, now)
        assert has_begun(connection, "purge", day)
        assert not begin_chore(connection, "purge", day - timedelta(days=1), now)
        assert begin_chore(connection, "purge", day + timedelta(days=1), now + timedelta(days=1))
        assert find_last_time(connection, "purge") == now + timedelta(days=1)
        assert begin_chore(connection, "check", day, now)


def test_what_succeeded_is_noted_each_time(engine: Engine, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") is None
    for hours in (0, 1):
        with begin_write(engine) as connection:
            note_time(connection, "backup", now.date(), now + timedelta(hours=hours))
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") == now + timedelta(hours=1)
