"""What is done on the side, each on a hundred thousand: drafts that expire, a new key, responses past their time.

A patient saves a page again and again meanwhile: what they wait for is the price that counts.
"""

import os
import secrets
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert, update

from app.server import purge
from app.storage.editions import find_latest_edition
from app.storage.engine import begin_read, begin_write
from app.storage.tables import DRAFTS, RESPONSES
from tests.bench.clinic import Clinic, serve_clinic
from tests.bench.databases import DATABASES
from tests.bench.load import encode
from tests.bench.report import Report
from tests.bench.walker import Walker
from tests.support.server import COMMAND

_SEALED = 2048
_BATCH = 5000
_HEAD = ("", "seconds", "each", "a patient saves meanwhile: p50", "p95", "longest")


def measure_chores(report: Report, count: int) -> None:
    """Print what each chore takes, and what a patient who saves meanwhile waits for, on both databases."""
    for database in DATABASES:
        with serve_clinic(database, count, None) as clinic:
            add_expired(clinic.engine, count)
            chores: Mapping[str, Callable[[Clinic], None]] = {
                f"{count:,} drafts expire": lambda clinic: purge(clinic.engine, has_staff=True),
                f"a new key for {count:,} responses": lambda clinic: _run(clinic, "keys", "rotate"),
                f"{count:,} responses past their time": _purge_all,
            }
            rows = [_watch(clinic, name, chore, count) for name, chore in chores.items()]
        report.say_table(f"On the side, {database}", _HEAD, rows)


def add_expired(engine: Engine, count: int) -> None:
    """Store so many drafts whose 24 hours are over; they need not open."""
    now = datetime.now(UTC)
    with begin_read(engine) as connection:
        edition = find_latest_edition(connection)
    if edition is None:
        raise RuntimeError("the server stored no edition")
    for first in range(0, count, _BATCH):
        rows = [
            {
                "id": secrets.token_hex(16),
                "secret_hash": secrets.token_hex(32),
                "edition_hash": edition.hash,
                "revision": 3,
                "sealed": secrets.token_bytes(_SEALED),
                "created_at": now - timedelta(hours=30),
                "saved_at": now - timedelta(hours=25),
                "expires_at": now - timedelta(hours=1),
                "reached": 4,
            }
            for _ in range(first, min(first + _BATCH, count))
        ]
        with begin_write(engine) as connection:
            connection.execute(insert(DRAFTS), rows)


def _watch(clinic: Clinic, name: str, chore: Callable[[Clinic], None], count: int) -> tuple[str, ...]:
    begun = time.perf_counter()
    with _save_meanwhile(clinic.server.url) as waits:
        chore(clinic)
        seconds = time.perf_counter() - begun
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    times = (f"{wait * 1000:,.0f} ms" for wait in (cuts[49], cuts[94], max(waits)))
    return (name, f"{seconds:,.1f} s", f"{seconds / count * 1000:.3f} ms", *times)


@contextmanager
def _save_meanwhile(url: str) -> Iterator[list[float]]:
    """Have a patient save a page every tenth of a second, and give how long each took."""
    waits: list[float] = []
    done = threading.Event()
    walker = Walker(url)
    walker.start()
    form = walker.document.forms[0]
    body = encode({**form.fields, "age": ["40"], "action": ["save"]})

    def save() -> None:
        while len(waits) < 2 or not done.is_set():
            begun = time.perf_counter()
            walker.connection.request("POST", form.action, body, _name_headers(walker))
            answer = walker.connection.getresponse()
            answer.read()
            if answer.status != 303:
                raise RuntimeError(f"a saved page answered {answer.status}")
            waits.append(time.perf_counter() - begun)
            time.sleep(0.1)

    patient = threading.Thread(target=save)
    patient.start()
    try:
        yield waits
    finally:
        done.set()
        patient.join()


def _name_headers(walker: Walker) -> dict[str, str]:
    return {
        "Cookie": walker.cookie_header,
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def _purge_all(clinic: Clinic) -> None:
    with begin_write(clinic.engine) as connection:
        past = datetime.now(UTC) - timedelta(days=1)
        connection.execute(update(RESPONSES).values(delete_at=past))
    _run(clinic, "purge")


def _run(clinic: Clinic, *words: str) -> None:
    environment = {**os.environ, "FOREWORD_DATA": str(clinic.server.data), "FOREWORD_DEMO": "1", **clinic.settings}
    done = subprocess.run(
        [str(COMMAND), *words], env=environment, cwd=Path(clinic.server.data).parent, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"foreword {words[0]} ended with {done.returncode}: {done.stderr.decode()[-300:]}")
