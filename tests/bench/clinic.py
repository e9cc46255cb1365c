"""The clinic's side with few and with many responses: time and memory, side by side in one run.

The clinics are real servers on databases filled with made-up responses; every figure of a greater one is taken in turn
with the same figure of the least, so that whatever else the machine does meets them all.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import click
import psutil
from sqlalchemy import Engine, text

from app.clinic.editions import EditionShelf
from app.desk.export import STATE_WORDS
from app.desk.intake import take_in_new
from app.desk.keyring import Desk, open_desk
from app.desk.opening import open_newest
from app.settings import load_settings
from app.storage.clinic_keys import find_newest_key
from app.storage.editions import find_latest_edition
from app.storage.engine import begin_read, begin_write, create_engine_for
from app.storage.responses import StoredResponse
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.reference import format_reference
from tests.bench.databases import DATABASES, open_database
from tests.bench.draw import draw_growth
from tests.bench.fill import fill_clinic
from tests.bench.load import encode
from tests.bench.report import Report
from tests.bench.walker import Walker
from tests.support.server import COMMAND, Server, launch_server

EXPORTED = 100_000
"""The most responses that are written to a file here: beyond, each row costs the same, and it takes an hour."""

_REPEATS = 31
_TAKEN_IN = 300
_ROW = re.compile(rb'href="/clinic/responses/[0-9A-Z]{5}-[0-9A-Z]{5}"')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Clinic:
    """A clinic with so many responses: its server and files, who is signed in, and a response in the middle."""

    size: int
    server: Server
    engine: Engine
    desk: Desk
    staff: Walker
    middle: StoredResponse
    person: tuple[str, str]
    settings: Mapping[str, str]
    seconds: dict[str, list[float]] = field(default_factory=dict)


def measure_clinics(report: Report, sizes: Mapping[str, Sequence[int]], keep: Path | None) -> None:
    """Print what each page and command costs at each size, and in brackets how often that of the least size."""
    for database in DATABASES:
        if sizes[database]:
            with ExitStack() as stack:
                clinics = [stack.enter_context(serve_clinic(database, size, keep)) for size in sizes[database]]
                for clinic in clinics:  # only now: a session does not last as long as a million takes to fill
                    _sign_in(clinic.staff)
                _take_turns(clinics)
                group = f"The clinic's side with so many responses, {database}"
                head = ("", *(f"{size:,}" for size in sizes[database]))
                rows = [*_compare_pages(clinics), *_compare_work(clinics), *_compare_exports(clinics)]
                report.say_table(group, head, rows)
                lines = {what: [statistics.median(clinic.seconds[what]) * 1000 for clinic in clinics] for what in ACTS}
                shows = f"Milliseconds of each staff page with so many responses, {database}"
                report.plots[group] = (shows, draw_growth(shows, "ms", sizes[database], lines))


def _take_turns(clinics: Sequence[Clinic]) -> None:
    for what, act in ACTS.items():
        for clinic in clinics:
            clinic.seconds[what] = []
        for _ in range(_REPEATS):
            for clinic in clinics:
                clinic.seconds[what].append(_time(act, clinic))


def _time(act: Callable[[Clinic], None], clinic: Clinic) -> float:
    begun = time.perf_counter()
    act(clinic)
    return time.perf_counter() - begun


def _compare_pages(clinics: Sequence[Clinic]) -> Iterator[tuple[str, ...]]:
    for what in ACTS:
        yield _compare(what, [statistics.median(clinic.seconds[what]) * 1000 for clinic in clinics], "ms")
    yield _compare("memory of the server after it", [_read_memory(clinic.server) for clinic in clinics], "MB")


def _compare_work(clinics: Sequence[Clinic]) -> Iterator[tuple[str, ...]]:
    yield _compare("intake of one response", [measure_intake(clinic) * 1000 for clinic in clinics], "ms")
    yield _compare("size of the database", [_read_size(clinic) for clinic in clinics], "MB", has_ratio=False)


def _compare_exports(clinics: Sequence[Clinic]) -> Iterator[tuple[str, ...]]:
    some = [clinic for clinic in clinics if clinic.size <= EXPORTED]
    made = [measure_export(clinic) for clinic in some]
    yield _compare("foreword export", [one.seconds for one in made], "s", has_ratio=False)
    rows = [one.seconds / clinic.size * 1000 for one, clinic in zip(made, some, strict=True)]
    yield _compare("foreword export, each row", rows, "ms")
    yield _compare("foreword export, its most memory", [one.most for one in made], "MB")
    yield _compare("foreword export, grown while writing", [one.grown for one in made], "MB", has_ratio=False)
    sent = [measure_download(clinic) for clinic in some]
    yield _compare("export page", [one.seconds for one in sent], "s", has_ratio=False)
    yield _compare("export page, what the server grew by", [one.grown for one in sent], "MB", has_ratio=False)
    yield _compare("a patient’s first page meanwhile", [one.page * 1000 for one in sent], "ms")


@contextmanager
def serve_clinic(database: str, size: int, keep: Path | None) -> Iterator[Clinic]:
    """Give a clinic that is filled and served; one on SQLite that was kept is filled already."""
    chosen: Mapping[str, str] = {}
    with ExitStack() as stack:
        if keep and database == "SQLite":
            folder = keep / f"{size}"
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="foreword-bench-")))
            chosen = stack.enter_context(open_database(database))
        server = launch_server(folder, chosen)
        stack.callback(server.stop)
        named = {f"FOREWORD_{name.upper()}": value for name, value in chosen.items()}
        settings = load_settings({"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1", **named})
        engine = create_engine_for(settings.database_url)
        stack.callback(engine.dispose)
        desk = open_desk(engine, settings, datetime.now(UTC))
        _fill(engine, desk, size)
        yield _enter(size, server, engine, desk, named)


def _enter(size: int, server: Server, engine: Engine, desk: Desk, named: Mapping[str, str]) -> Clinic:
    with begin_read(engine) as connection:
        found = list_responses(connection, ResponseFilter(), size // 2)
        # The first one's name is the same at every size: another name would be held by more people, or by fewer.
        opened = open_newest(connection, desk, EditionShelf(engine).find, found[0])
    birth = "{:04}-{:02}-{:02}".format(*opened.sent.patient.birth or (0, 0, 0))
    return Clinic(size, server, engine, desk, Walker(server.url), found[-1], (opened.sent.patient.name, birth), named)


def _sign_in(staff: Walker) -> None:
    staff.ask("GET", "/clinic/sign-in")
    form = next(form for form in staff.document.forms if form.action == "/clinic/demonstration")
    staff.send(form, {"as": ["reviewer"]})
    staff.connection.close()  # the server closes what rests for long; the next request opens another


def _fill(engine: Engine, desk: Desk, size: int) -> None:
    with begin_read(engine) as connection:
        key, latest = find_newest_key(connection), find_latest_edition(connection)
    edition = EditionShelf(engine).find(latest.hash) if latest else None
    if key is None or edition is None:
        raise RuntimeError("the server stored neither a key nor an edition")
    with click.progressbar(length=size, label=f"{size:,} responses", file=sys.stderr) as bar:
        for step in fill_clinic(engine, desk, key, edition, size):
            bar.update(step)


def _ask(clinic: Clinic, address: str) -> None:
    clinic.staff.ask("GET", address)
    if clinic.staff.status != 200:
        raise RuntimeError(f"{address.partition('?')[0]} answered {clinic.staff.status}")


def _search(clinic: Clinic, **typed: str) -> None:
    """Fill in the form above the list and follow where it leads."""
    form = next(form for form in clinic.staff.document.forms if "birth" in form.fields)
    asked = {"name": "", "birth": "", "reference": "", "item": "", **typed}
    clinic.staff.send(form, {"state": list(STATE_WORDS), **{name: [value] for name, value in asked.items()}})
    if clinic.staff.status != 200 or not _ROW.search(clinic.staff.body):
        raise RuntimeError(f"the search answered {clinic.staff.status}")


def _show_middle(clinic: Clinic) -> None:
    place = (clinic.middle.received_at - _EPOCH).total_seconds() * 1_000_000
    states = [("state", word) for word in STATE_WORDS]
    _ask(clinic, f"/clinic/responses?{urlencode([*states, ('after', f'{place:.0f}.{clinic.middle.reference}')])}")


ACTS: dict[str, Callable[[Clinic], None]] = {
    "work list, what is open": lambda clinic: _ask(clinic, "/clinic/responses"),
    "work list, all, a page in the middle": _show_middle,
    "list by an answer other than No": lambda clinic: _ask(
        clinic, "/clinic/responses?state=reviewed&item=heart-disease"
    ),
    "search by name and date of birth": lambda clinic: _search(clinic, name=clinic.person[0], birth=clinic.person[1]),
    "search by name alone": lambda clinic: _search(clinic, name=clinic.person[0], birth=""),
    "search by reference": lambda clinic: _search(
        clinic, name="", birth="", reference=format_reference(clinic.middle.reference)
    ),
    "open a response": lambda clinic: _ask(clinic, f"/clinic/responses/{format_reference(clinic.middle.reference)}"),
    "overview": lambda clinic: _ask(clinic, "/clinic/overview"),
    "back to the work list": lambda clinic: _ask(clinic, "/clinic/responses"),
}


def measure_intake(clinic: Clinic) -> float:
    """Return the seconds that it takes to open a new response and write its search tokens."""
    newest = "SELECT reference FROM responses ORDER BY received_at DESC LIMIT :count"
    some = text(f"UPDATE responses SET taken_in = 0 WHERE reference IN ({newest})")  # noqa: S608 - both texts are ours
    with begin_write(clinic.engine) as connection:
        connection.execute(some, {"count": _TAKEN_IN})
    find, done = EditionShelf(clinic.engine).find, 0
    begun = time.monotonic()
    while step := take_in_new(clinic.engine, clinic.desk, find, datetime.now(UTC)):
        done += step
    if done < min(_TAKEN_IN, clinic.size):
        raise RuntimeError(f"{done} responses were taken in")
    return (time.monotonic() - begun) / done


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export took: seconds, its most memory in MB, and how much that grew after the first tenth of the file."""

    seconds: float
    most: float
    grown: float


def measure_export(clinic: Clinic) -> Exported:
    """Return what `foreword export` takes for everything there is, watched from outside."""
    out = clinic.server.data.parent / "export.csv"
    words = [
        str(COMMAND),
        "export",
        str(out),
        "--include",
        "identity",
        "--include",
        "substance-use",
        "--include",
        "pregnancy",
    ]
    environment = {**os.environ, "FOREWORD_DATA": str(clinic.server.data), "FOREWORD_DEMO": "1", **clinic.settings}
    begun = time.monotonic()
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watched, readings = psutil.Process(process.pid), []
    while process.poll() is None:
        try:
            readings.append((out.stat().st_size if out.exists() else 0, watched.memory_info().rss / 1e6))
        except psutil.Error:
            break
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    with out.open("rb") as file:
        file.seek(-2000, os.SEEK_END)
        end = file.read().rpartition(b"#rows,")[2].partition(b",")[0]
    if process.wait() or int(end) != clinic.size:
        raise RuntimeError(f"the export ended with {process.returncode} and {end!r} rows")
    writing = [memory for size, memory in readings if size > out.stat().st_size / 10]
    out.unlink()
    most = max(memory for _, memory in readings)
    return Exported(seconds, most, max(writing) - writing[0] if writing else 0.0)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What an export over the web took: seconds, MB that the server grew by, seconds of a patient’s page meanwhile."""

    seconds: float
    grown: float
    page: float


def measure_download(clinic: Clinic) -> Downloaded:
    """Return what the export page takes for everything there is, and what a patient who reads meanwhile waits for."""
    staff, patient = clinic.staff, Walker(clinic.server.url)
    staff.connection.close()
    staff.ask("GET", "/clinic/export")
    form = next(form for form in staff.document.forms if form.action == "/clinic/export")
    headers = {"Cookie": staff.cookie_header, "Sec-Fetch-Site": "same-origin"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    before, most, end, pages = _read_memory(clinic.server), 0.0, b"", []
    begun = time.monotonic()
    staff.connection.request("POST", form.action, encode(form.fields), headers)
    answer = staff.connection.getresponse()
    while part := answer.read(1 << 20):
        end = (end + part)[-2000:]
        most = max(most, _read_memory(clinic.server))
        asked = time.perf_counter()
        patient.ask("GET", "/")
        pages.append(time.perf_counter() - asked)
    seconds = time.monotonic() - begun
    if f"#rows,{clinic.size},".encode() not in end:
        raise RuntimeError(f"the export page answered {answer.status} and not with {clinic.size} rows")
    return Downloaded(seconds, most - before, statistics.median(pages))


def _compare(what: str, figures: Sequence[float], unit: str, *, has_ratio: bool = True) -> tuple[str, ...]:
    cells = [f"{figure:,.1f} {unit}" for figure in figures]
    if has_ratio and figures and figures[0]:
        cells[1:] = [f"{cell} ({figure / figures[0]:.2f})" for cell, figure in zip(cells, figures, strict=True)][1:]
    return (what, *cells)


def _read_memory(server: Server) -> float:
    return float(psutil.Process(server.process.pid).memory_info().rss) / 1e6


def _read_size(clinic: Clinic) -> float:
    if clinic.engine.dialect.name == "postgresql":
        with begin_read(clinic.engine) as connection:
            return float(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()) / 1e6
    return sum(file.stat().st_size for file in clinic.server.data.glob("foreword.sqlite3*")) / 1e6
