"""Many patients at once: how many requests one and two processes answer, and how long each patient waits for theirs.

Each patient has a draft and a connection, and asks again as soon as they are answered; the load comes from one more
process on the same machine, so that two cores are short for two processes. All kinds of request take turns within a
round, and a share is of the bare view's rate in the same round.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.questionnaire.answer import Answer
from tests.bench.databases import DATABASES, open_database
from tests.bench.load import Shot, Tally, encode, fire
from tests.bench.report import Report
from tests.bench.submit import prepare_submits
from tests.bench.walker import Walker
from tests.support.ports import find_free_port
from tests.support.server import launch_server

CROWDS = (1, 50, 200)
WORKERS = (1, 2)
_ROUNDS = 3
_SECONDS = 2.0
_SENDERS = 100
_HEAD = ("", "requests/s", "share of a bare view", "p50", "p95", "p99", "errors")


def measure_crowds(report: Report, answers: Mapping[str, Answer]) -> None:
    """Print the table of each database; `answers` are what those send who send."""
    for database in DATABASES:
        rows: list[tuple[str, ...]] = []
        with tempfile.TemporaryDirectory(prefix="foreword-bench-") as folder, open_database(database) as settings:
            for workers in WORKERS:
                with serve(settings, Path(folder), workers) as (urls, bare):
                    for crowd in CROWDS:
                        place = (
                            f"{crowd} patient{'s' if crowd > 1 else ''}, {workers} process{'es' if workers > 1 else ''}"
                        )
                        rows += _measure(urls, bare, crowd, place)
                    rows += _measure_sending(urls, bare, answers, workers)
        report.say_table(f"Many patients at once, {database}", _HEAD, rows)


@contextmanager
def serve(settings: Mapping[str, str], folder: Path, workers: int) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Give the addresses of so many processes on one database, and of as many that serve the bare view."""
    with ExitStack() as stack:
        urls, bare = [], []
        for number in range(workers):
            place = folder / f"{number}"
            place.mkdir(exist_ok=True)
            server = launch_server(place, {**settings, "data": folder / "data"})
            stack.callback(server.stop)
            urls.append(server.url)
            port = find_free_port()
            yard = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)])
            stack.callback(yard.wait)
            stack.callback(yard.terminate)
            bare.append(f"http://127.0.0.1:{port}")
            _wait(bare[-1])
        yield urls, bare


def _measure(urls: Sequence[str], bare: Sequence[str], crowd: int, place: str) -> Iterator[tuple[str, ...]]:
    shots: dict[str, list[Shot]] = {"bare view": [], "question GET": [], "question POST": []}
    for number in range(crowd):
        url = urls[number % len(urls)]
        walker = Walker(url)
        walker.start()
        form, cookies = walker.document.forms[0], (("Cookie", walker.cookie_header), ("Sec-Fetch-Site", "same-origin"))
        body = encode({**form.fields, "age": ["40"], "reason-for-visit": ["chronic-pain"], "action": ["save"]})
        walker.connection.close()
        shots["bare view"].append(Shot(bare[number % len(bare)], "/"))
        shots["question GET"].append(Shot(url, walker.path, headers=cookies))
        shots["question POST"].append(Shot(url, form.action, body, cookies, expected=303))
    tallies = {kind: Tally() for kind in shots}
    for _ in range(_ROUNDS):
        for kind, some in shots.items():
            fire([[shot] for shot in some], tallies[kind], _SECONDS)
    for kind, tally in tallies.items():
        yield tally.write(f"{place}: {kind}", tallies["bare view"])


def _measure_sending(
    urls: Sequence[str], bare: Sequence[str], answers: Mapping[str, Answer], workers: int
) -> Iterator[tuple[str, ...]]:
    """Measure posts that can be made once: each of so many patients sends, fifty at a time."""
    lanes, tally, yard = 50, Tally(), Tally()
    yards = [[Shot(bare[lane % len(bare)], "/")] for lane in range(lanes)]
    prepared = [prepare_submits(url, answers, _ROUNDS * _SENDERS // len(urls)) for url in urls]
    # In turn, so that a lane, which is one connection, is to one process.
    shots = [shot for turn in zip(*prepared, strict=True) for shot in turn]
    for number in range(_ROUNDS):
        fire(yards, yard, _SECONDS)
        some = shots[number * _SENDERS : (number + 1) * _SENDERS]
        fire([some[lane::lanes] for lane in range(min(lanes, len(some)))], tally)
    yield tally.write(f"50 patients, {workers} process{'es' if workers > 1 else ''}: sending", yard)


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            Walker(url).ask("GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
