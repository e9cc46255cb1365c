"""What running programs do on the side: taken in within seconds, purged once, however many of them there are."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.clinic.profile import DEMONSTRATION, dump_settings
from app.storage.trouble import CHECKED_AT_START
from tests.cli.conftest import Run, run
from tests.support.server import StartServer

__all__ = ["run"]

SECONDS = 90
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")


def wait_until(is_done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.2)
    return is_done()


def find_zone_by_day() -> str:
    """Return a time zone in which the chores' hours are over and the day does not end during this test."""
    return next(zone for zone in ZONES if 8 <= datetime.now(ZoneInfo(zone)).hour < 23)


def test_two_programs_take_in_what_came_and_purge_what_is_due_once(
    run: Run, start_server: StartServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert run("demo", "--responses", "9", FOREWORD_DEMO="1", FOREWORD_DATA=str(data)).code == 0
    file = data / "foreword.sqlite3"

    def ask(statement: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(file, timeout=60)) as connection:
            rows: list[tuple[object, ...]] = connection.execute(statement, values).fetchall()
            connection.commit()
        return rows

    content = dump_settings(replace(DEMONSTRATION, time_zone=find_zone_by_day()))
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    ask("INSERT INTO clinic_settings VALUES (1, ?, ?, 'x')", content, now)
    ask("DELETE FROM response_tokens")
    ask("UPDATE responses SET taken_in = 0")
    ask("UPDATE responses SET delete_at = '2020-01-01 00:00:00.000000' WHERE rowid > 3")
    [(due,)] = ask("SELECT count(*) FROM responses WHERE delete_at < '2021-01-01'")
    servers = [start_server(data=data) for _ in range(2)]
    assert wait_until(lambda: ask("SELECT count(*) FROM responses WHERE delete_at < '2021-01-01'") == [(0,)])
    assert wait_until(lambda: ask("SELECT count(*) FROM responses WHERE taken_in = 0") == [(0,)])
    assert wait_until(lambda: len(ask("SELECT 1 FROM chores WHERE name IN ('purge', 'check', 'notice')")) == 3)
    assert ask("SELECT count(*) FROM response_tokens")[0] > (0,)
    [(about,)] = ask("SELECT about FROM audit_entries WHERE action = 'responses.purged'")
    assert json.loads(str(about))["count"] == due
    for server in servers:
        server.stop()
    assert run("audit", "verify", FOREWORD_DEMO="1", FOREWORD_DATA=str(data)).code == 0


def test_a_large_database_is_looked_through_on_the_side(run: Run, start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("demo", "--responses", "3", FOREWORD_DEMO="1", FOREWORD_DATA=str(data)).code == 0
    file = data / "foreword.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE responses SET taken_in = 0")
        connection.execute("CREATE TABLE filler AS SELECT zeroblob(?) AS one", (CHECKED_AT_START,))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as pages:
        pages.seek(CHECKED_AT_START // 2 // 4096 * 4096)
        pages.write(b"\xa5" * 4096)
    server = start_server(data=data)
    told = '"error": "DamagedDatabaseError"'
    assert wait_until(lambda: told in server.read_log().replace('":"', '": "')), server.read_log()
    assert "soundness failed" in server.read_log()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM responses WHERE taken_in = 0").fetchone() == (0,)
    server.stop(may_have_failed=True)
