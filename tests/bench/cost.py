"""What one submission costs: time of processors, bytes written, rows, transactions and connections, on each database.

Figures for docs/scaling.md: counts and sums of processor time, so that other work on the machine changes little.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from sqlalchemy import Connection, Engine, func, select, text

from app.questionnaire.answer import Answer
from app.storage.engine import begin_read, create_engine_for
from app.storage.metadata import METADATA
from app.storage.tables import RESPONSES
from tests.bench.databases import DATABASES, open_database
from tests.bench.walker import Walker
from tests.security.sending import WHO
from tests.support.server import Server, launch_server

PATIENTS = 20
AT_ONCE = 4
_WARM_UP = 4
_SECONDS_FOR_INTAKE = 60
_TABLES = ("responses", "response_versions", "response_tokens", "audit_entries")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was spent so far."""

    server: float
    database: float
    written: int
    transactions: int
    size: int


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it is, and how much on each database, in their order."""

    what: str
    figures: tuple[str, ...]


class Meter:
    """Reads what a server and its database have spent."""

    def __init__(self, server: Server, engine: Engine) -> None:
        """Look at a server that runs."""
        self._engine = engine
        self._server = server
        self._process = psutil.Process(server.process.pid)

    def read(self) -> Reading:
        """Return what was spent so far."""
        if self._engine.dialect.name == "sqlite":
            # Written by calls, whatever the disk makes of it, and without the log.
            written = self._process.io_counters().write_chars - self._server.log.stat().st_size
            size = Path(str(self._engine.url.database)).stat().st_size
            return Reading(_sum_time([self._process]), 0.0, written, 0, size)
        with begin_read(self._engine) as connection:
            written, transactions, size = connection.execute(
                text(
                    "SELECT pg_current_wal_lsn() - '0/0', xact_commit, pg_database_size(current_database()) "
                    "FROM pg_stat_database WHERE datname = current_database()"
                )
            ).one()
        database = _sum_time(_list_processes(str(self._engine.url.query["host"])))
        return Reading(_sum_time([self._process]), database, int(written), transactions, size)

    def count_rows(self) -> Mapping[str, int]:
        """Return how many rows there are of what a submission leaves."""
        with begin_read(self._engine) as connection:
            return {name: _count(connection, name) for name in _TABLES}

    def count_connections(self) -> int:
        """Return how many connections the server has to PostgreSQL."""
        if self._engine.dialect.name == "sqlite":
            return 0
        with begin_read(self._engine) as connection:
            asked = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(connection.execute(asked).scalar_one())

    def wait_for_intake(self) -> None:
        """Wait until the clinic's side has taken in all that was sent."""
        deadline = time.monotonic() + _SECONDS_FOR_INTAKE
        waiting = select(func.count()).select_from(RESPONSES).where(RESPONSES.c.taken_in == 0)
        while time.monotonic() < deadline:
            with begin_read(self._engine) as connection:
                if connection.execute(waiting).scalar_one() == 0:
                    return
            time.sleep(0.2)
        raise RuntimeError("nobody took in what was sent")


def measure_cost(answers: Mapping[str, Answer], patients: int = PATIENTS) -> list[Row]:
    """Return what a submission costs on each database, for patients who give these answers."""
    columns = [dict(_measure(name, answers, patients)) for name in DATABASES]
    return [Row(what, tuple(column[what] for column in columns)) for what in columns[0]]


def _measure(name: str, answers: Mapping[str, Answer], patients: int) -> Iterator[tuple[str, str]]:
    with _serve(name) as (server, engine):
        meter = Meter(server, engine)
        _send(_walk(server.url, answers, _WARM_UP))
        meter.wait_for_intake()
        rows, begun = meter.count_rows(), meter.read()
        walked = _walk(server.url, answers, patients)
        before = meter.read()
        connections = meter.count_connections()
        _send(walked)
        sent = meter.read()
        meter.wait_for_intake()
        taken, left = meter.read(), meter.count_rows()
        pages = walked[0].requests
    for part, first, last in (("walking", begun, before), ("sending", before, sent), ("intake", sent, taken)):
        yield f"{part}: server, ms of processor", f"{(last.server - first.server) / patients * 1000:.1f}"
        yield f"{part}: database, ms of processor", f"{(last.database - first.database) / patients * 1000:.1f}"
        yield f"{part}: bytes written", f"{(last.written - first.written) / patients:,.0f}"
        yield f"{part}: transactions", f"{(last.transactions - first.transactions) / patients:.1f}"
    yield "requests before sending", f"{pages}"
    yield "bytes kept", f"{(taken.size - begun.size) / patients:,.0f}"
    for table in _TABLES:
        yield f"rows of {table}", f"{(left[table] - rows[table]) / patients:.1f}"
    yield f"connections with {AT_ONCE} patients at once", f"{connections}"


@contextmanager
def _serve(name: str) -> Iterator[tuple[Server, Engine]]:
    with TemporaryDirectory(prefix="cost-") as folder, open_database(name) as settings:
        server = launch_server(Path(folder), settings)
        url = settings.get("database_url", f"sqlite:///{server.data}/foreword.sqlite3")
        engine = create_engine_for(str(url))
        try:
            yield server, engine
        finally:
            server.stop()
            engine.dispose()


def _walk(url: str, answers: Mapping[str, Answer], count: int) -> list["Counting"]:
    def walk(_: int) -> Counting:
        walker = Counting(url)
        walker.start()
        walker.walk(answers)
        walker.ask("GET", "/share/send")
        return walker

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(walk, range(count)))


def _send(walkers: Sequence["Counting"]) -> None:
    def send(walker: Counting) -> None:
        with closing(walker.connection):
            form = next(form for form in walker.document.forms if form.action == "/share/send")
            walker.send(form, WHO)
            if walker.path != "/done":
                raise RuntimeError(f"{walker.path} answered {walker.status}")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(send, walkers))


class Counting(Walker):
    """A walker who counts requests."""

    requests = 0

    def ask(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send one request and follow where it leads."""
        self.requests += 1
        super().ask(method, path, body)


def _sum_time(processes: Sequence[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def _list_processes(folder: str) -> list[psutil.Process]:
    """Return the processes of the PostgreSQL server in a folder."""
    found = (one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres")
    return [one for one in found if _find_place(one).startswith(folder)]


def _find_place(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:  # it ended meanwhile
        return ""


def _count(connection: Connection, name: str) -> int:
    return int(connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one())
