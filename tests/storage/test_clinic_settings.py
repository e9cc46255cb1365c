"""The clinic's settings: each change is kept, and of two at once the second hears of the first."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import Engine

from app.storage.clinic_settings import StaleSettingsError, find_settings, list_settings, save_settings
from app.storage.engine import begin_read, begin_write


def save(engine: Engine, content: str, seen: int, now: datetime, by: str = "a") -> None:
    with begin_write(engine) as connection:
        save_settings(connection, content, seen=seen, changed_by=by, now=now)


def test_the_last_one_holds_and_those_before_stay(engine: Engine, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert find_settings(connection) is None
    for number in range(3):
        save(engine, f"{number}", number, now)
    with begin_read(engine) as connection:
        newest = find_settings(connection)
        assert newest is not None
        assert (newest.revision, newest.content) == (3, "2")
        assert [stored.content for stored in list_settings(connection, 2)] == ["2", "1"]


def test_whoever_saw_an_older_state_is_told_who_was_first(engine: Engine, now: datetime) -> None:
    save(engine, "one", 0, now, by="first")
    with pytest.raises(StaleSettingsError) as stale:
        save(engine, "two", 0, now)
    assert stale.value.changed_by == "first"


def test_of_ten_who_save_at_once_one_does(engine: Engine, now: datetime) -> None:
    done: list[str] = []

    def try_to_save(content: str) -> None:
        try:
            save(engine, content, 0, now)
        except StaleSettingsError:
            return
        done.append(content)

    threads = [threading.Thread(target=try_to_save, args=(f"{number}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with begin_read(engine) as connection:
        assert [stored.content for stored in list_settings(connection, 10)] == done
    assert len(done) == 1
