"""The numbers for Prometheus, at an address of their own and never where people open the pages.

No answer, no reference, no name, no person, and no label that grows with how many there are (D-11). What was counted in
this process comes from `app.counters`; what stands in the database is looked up when somebody asks, for a short time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector
from sqlalchemy import QueuePool

from app.bounded import Bounded
from app.counters import ALL_COUNTERS, BOUNDS, COUNTERS, Counted
from app.logs import record_failure
from app.settings import StartError
from app.storage.engine import begin_read
from app.storage.gauges import MOST_COUNTED, Gauges, read_gauges
from app.web.services import Services

PREFIX: Final = "foreword_"
"""How the names of this program's numbers begin."""

_DATABASE_SECONDS: Final = 3.0
# Whoever connects and says nothing would keep a thread for ever.
_SILENT_SECONDS: Final = 5.0


def serve_metrics(services: Services, count_queued: Callable[[], int]) -> Callable[[], None]:
    """Answer Prometheus where the settings say, and return what ends it; raises `StartError` when that is impossible.

    `count_queued` tells how many requests wait for a thread.
    """
    if services.settings.metrics is None:
        raise ValueError
    host, port = services.settings.metrics
    registry = build_registry(services, count_queued)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise StartError(
            f"FOREWORD_METRICS: {host}:{port} cannot be listened on: {error.strerror}; choose another address or port"
        ) from None
    server.RequestHandlerClass = _limit(server.RequestHandlerClass)
    server.handle_error = _note_failure  # type: ignore[assignment]  # the library’s prints a trace

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _limit(handler: Any) -> Any:  # noqa: ANN401  the library's own class, which it tells nothing of
    return type(handler.__name__, (handler,), {"timeout": _SILENT_SECONDS})


def _note_failure(*_: object) -> None:
    error = sys.exception()
    if not isinstance(error, OSError):  # whoever asked was silent, or has gone
        record_failure(error, "numbers not told")


def build_registry(services: Services, count_queued: Callable[[], int]) -> CollectorRegistry:
    """Return all that is told about this process and its database."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(ProgramCollector(services, count_queued))
    registry.register(DatabaseCollector(services))
    return registry


class ProgramCollector(Collector):
    """What this process counted, and what it is."""

    def __init__(self, services: Services, count_queued: Callable[[], int]) -> None:
        """Look at nothing yet."""
        self._services = services
        self._count_queued = count_queued

    def collect(self) -> Iterator[Metric]:
        """Give each number."""
        counted = COUNTERS.copy()
        build = {"version": _read_version(), "role": self._services.settings.role.value}
        yield InfoMetricFamily(f"{PREFIX}build", "The program that runs here.", build)
        yield from _tell_counts(counted)
        yield _tell_durations(counted)
        yield _gauge("requests_in_flight", "Requests that are being answered.", counted.in_flight)
        yield _gauge("requests_queued", "Requests that wait for a thread.", self._count_queued())
        pool = self._services.engine.pool
        if isinstance(pool, QueuePool):
            yield _gauge("database_connections_in_use", "Connections that are being used.", pool.checkedout())
            yield _gauge("database_connections_idle", "Connections that are open and free.", pool.checkedin())


class DatabaseCollector(Collector):
    """What stands in the database: the same whichever process is asked. Missing while the database does not answer."""

    def __init__(self, services: Services) -> None:
        """Look at nothing yet."""
        self._services = services
        self._look = Bounded(self._read)

    def collect(self) -> Iterator[Metric]:
        """Give each number, or only that the database does not answer."""
        try:
            gauges = self._look.begin().wait(time.monotonic() + _DATABASE_SECONDS)
        except Exception as error:  # noqa: BLE001  whatever it is, the other numbers are told
            record_failure(error, "numbers not read")
            yield _gauge("database_up", "Whether the database answered just now.", 0)
            return
        yield _gauge("database_up", "Whether the database answered just now.", 1)
        yield from _tell_gauges(gauges)
        yield from _tell_chores(gauges)

    def _read(self) -> Gauges:
        with begin_read(self._services.engine) as connection:
            return read_gauges(connection, self._services.now())


def _tell_counts(counted: Counted) -> Iterator[Metric]:
    for counter in ALL_COUNTERS:
        family = CounterMetricFamily(f"{PREFIX}{counter.name}", counter.help, labels=counter.labels)
        for labels, count in sorted(counted.counts[counter.name].items()):
            family.add_metric(labels, count)
        yield family


def _tell_durations(counted: Counted) -> Metric:
    family = HistogramMetricFamily(
        f"{PREFIX}request_duration_seconds", "How long answers took to make, by route.", labels=["route"]
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for route, durations in sorted(counted.durations.items()):
        sums = accumulate(durations.buckets)
        family.add_metric([route], list(zip(bounds, map(float, sums), strict=True)), durations.sum)
    return family


def _tell_gauges(gauges: Gauges) -> Iterator[Metric]:
    at_most = f"{MOST_COUNTED} at most are counted"
    yield _gauge("responses_waiting", f"Responses that nobody began to review; {at_most}.", gauges.waiting)
    yield _gauge("responses_waiting_oldest_timestamp_seconds", "When the oldest came in.", gauges.waiting_since)
    yield _gauge("intake_waiting", f"Responses that are not found by name yet; {at_most}.", gauges.untaken)
    yield _gauge("intake_waiting_oldest_timestamp_seconds", "When the oldest came in.", gauges.untaken_since)
    yield _gauge("drafts", f"Questionnaires being filled in; {at_most}.", gauges.drafts)
    yield _gauge("drafts_overdue", f"Drafts more than an hour past their time; {at_most}.", gauges.drafts_overdue)
    yield _gauge(
        "responses_overdue", f"Responses more than two days past their time; {at_most}.", gauges.responses_overdue
    )
    yield _gauge("audit_entries", "The number of the audit log’s last entry; it never falls.", gauges.audit_number)


def _tell_chores(gauges: Gauges) -> Iterator[Metric]:
    done = GaugeMetricFamily(
        f"{PREFIX}chore_done", "Whether a chore was done (1), or failed at its last try (0).", labels=["chore"]
    )
    last = GaugeMetricFamily(
        f"{PREFIX}chore_last_success_timestamp_seconds",
        "When a chore or a backup last succeeded; missing while it fails.",
        labels=["chore"],
    )
    for name, at in sorted(gauges.chores.items()):
        done.add_metric([name], 1 if at else 0)
        if at is not None:
            last.add_metric([name], at.timestamp())
    yield done
    yield last


def _gauge(name: str, text: str, value: float | datetime | None) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text)
    if value is not None:
        family.add_metric([], value.timestamp() if isinstance(value, datetime) else value)
    return family


def _read_version() -> str:
    try:
        return version("foreword")
    except PackageNotFoundError:
        return "unknown"
