"""Chores: of many who would do one on the same day, one has it; what failed, or died with its process, rests."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from app.storage.chores import REST, find_last_time, hold_chore, note_time
from app.storage.engine import begin_read, begin_write
from app.storage.locks import hold_lock

DAY = timedelta(days=1)
SECONDS_TO_NOTICE = 60
# Another process: says whether it has the chore, and then does it until it is told that it is done.
DO = """
import sys
from datetime import datetime
from app.storage.chores import hold_chore, note_time
from app.storage.engine import begin_write, create_engine_for
engine, now = create_engine_for(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
with hold_chore(engine, "purge", now.date(), now) as is_ours:
    print("ours" if is_ours else "not ours", flush=True)
    sys.stdin.readline()
    if is_ours:
        with begin_write(engine) as connection:
            note_time(connection, "purge", now.date(), now)
engine.dispose()
"""


def do(engine: Engine, now: datetime, *, name: str = "purge", is_good: bool = True) -> bool:
    """Do a chore if it is ours, and tell whether it was."""
    with hold_chore(engine, name, now.date(), now) as is_ours:
        if is_ours and is_good:
            with begin_write(engine) as connection:
                note_time(connection, name, now.date(), now)
    return is_ours


@contextmanager
def start_others(engine: Engine, now: datetime, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes that all would do the chore."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "error", "-c", DO, url, now.isoformat()]
    others = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield others
    finally:
        for other in others:
            other.kill()
            other.communicate()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_twenty_threads_at_once_one_does_it(engine: Engine, now: datetime) -> None:
    start = Barrier(20)

    def try_it(_: int) -> bool:
        start.wait()
        return do(engine, now)

    with ThreadPoolExecutor(20) as threads:
        told = list(threads.map(try_it, range(20)))
    assert sorted(told) == [False] * 19 + [True]


def test_of_four_processes_at_once_one_does_it_and_the_day_is_done(engine: Engine, now: datetime) -> None:
    with start_others(engine, now, 4) as others:
        assert sorted(map(read_line, others)) == ["not ours"] * 3 + ["ours"]
        assert not do(engine, now)  # one is at it
        for other in others:
            _, errors = other.communicate("done\n", timeout=60)
            assert (errors, other.returncode) == ("", 0)
    assert not do(engine, now)
    assert do(engine, now + DAY)


def test_what_died_with_its_process_rests_and_is_then_another_s(engine: Engine, now: datetime) -> None:
    with start_others(engine, now, 1) as (holder,):
        assert read_line(holder) == "ours"
        with begin_read(engine) as connection:
            assert find_last_time(connection, "purge") == now  # who looks at no lock sees it too
        assert not do(engine, now)
        assert not do(engine, now + REST)  # it is still being done
        holder.kill()
        holder.wait()
    wait_for_lock(engine)
    assert not do(engine, now + REST - timedelta(seconds=1))
    assert do(engine, now + REST)
    assert not do(engine, now + REST)


def test_what_kills_every_process_that_does_it_is_begun_once_in_a_rest(engine: Engine, now: datetime) -> None:
    for begun in (now, now + REST):
        with start_others(engine, begun, 1) as (holder,):
            assert read_line(holder) == "ours"
            holder.kill()
            holder.wait()
        wait_for_lock(engine)
        for seconds in (0, 1, 1799):  # started anew at once, and again and again
            assert not do(engine, begun + timedelta(seconds=seconds))


def wait_for_lock(engine: Engine) -> None:
    """Wait until nobody holds the chore's lock: the kernel or the server has noticed."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while True:
        with hold_lock(engine, "chore purge") as is_held:
            if is_held:
                return
        assert time.monotonic() < deadline


def test_it_is_done_again_the_next_day_and_never_the_day_before(engine: Engine, now: datetime) -> None:
    assert do(engine, now)
    assert not do(engine, now)
    assert not do(engine, now + REST)
    assert not do(engine, now - DAY)
    assert do(engine, now + DAY)
    with begin_read(engine) as connection:
        assert find_last_time(connection, "purge") == now + DAY
    assert do(engine, now, name="check")


def test_what_failed_rests_and_is_then_anybody_s(engine: Engine, now: datetime) -> None:
    assert do(engine, now, is_good=False)
    assert not do(engine, now + REST - timedelta(seconds=1))
    with pytest.raises(ZeroDivisionError), hold_chore(engine, "purge", now.date(), now + REST) as is_ours:
        _ = 1 / (not is_ours)
    assert not do(engine, now + REST)
    assert do(engine, now + 2 * REST)


def test_a_lock_file_is_for_the_owner_alone(engine: Engine, now: datetime) -> None:
    assert do(engine, now)
    for path in Path(str(engine.url.database)).parent.glob("*.lock"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_succeeded_is_noted_each_time(engine: Engine, now: datetime) -> None:
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") is None
    for hours in (0, 1):
        with begin_write(engine) as connection:
            note_time(connection, "backup", now.date(), now + timedelta(hours=hours))
    with begin_read(engine) as connection:
        assert find_last_time(connection, "backup") == now + timedelta(hours=1)


def test_a_day_that_a_wrong_clock_noted_is_not_believed_for_years(engine: Engine, now: datetime) -> None:
    assert do(engine, now + 400 * DAY)
    assert do(engine, now)
    assert not do(engine, now)
