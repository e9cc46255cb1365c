"""Chores: of many who begin one on the same day, one has it, until it is done or they take too long."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.storage.chores import LEASE, begin_chore, find_last_time, is_settled, note_time
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
        assert not is_settled(connection, "purge", day, now)
        assert begin_chore(connection, "purge", day, now)
        assert is_settled(connection, "purge", day, now)
        note_time(connection, "purge", day, now)
        assert is_settled(connection, "purge", day, now + LEASE)
        assert not begin_chore(connection, "purge", day, now + LEASE)
        assert not begin_chore(connection, "purge", day - timedelta(days=1), now)
        assert begin_chore(connection, "purge", day + timedelta(days=1), now + timedelta(days=1))
        assert find_last_time(connection, "purge") == now + timedelta(days=1)
        assert begin_chore(connection, "check", day, now)


def test_what_was_begun_and_never_done_is_another_s_after_a_while(engine: Engine, now: datetime) -> None:
    day, soon = now.date(), now + LEASE - timedelta(seconds=1)
    with begin_write(engine) as connection:
        assert begin_chore(connection, "purge", day, now)
        assert is_settled(connection, "purge", day, soon)
        assert not begin_chore(connection, "purge", day, soon)
        assert not is_settled(connection, "purge", day, now + LEASE)
        assert begin_chore(connection, "purge", day, now + LEASE)
        assert not begin_chore(connection, "purge", day, now + LEASE)


def test_what_succeeded_is_noted_each_time(engine: Engine, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") is None
    for hours in (0, 1):
        with begin_write(engine) as connection:
            note_time(connection, "backup", now.date(), now + timedelta(hours=hours))
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") == now + timedelta(hours=1)
