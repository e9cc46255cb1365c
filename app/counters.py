"""What is counted while a program runs: numbers, and words of this program, for `app.web.metrics` to tell.

It must never hold anything that was sent, nor a label that grows with the number of people. Counting is a lock and an
addition: patients' pages do it. Why not prometheus-client's own counters: to load it took 9.9 ms of processor time, on
a machine where the pages take 448 ms (medians of 15 and 7), and most programs tell no numbers. `app.web.metrics` loads
it where FOREWORD_METRICS is set.
"""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Up to how many seconds each bucket of durations goes; one more has the rest."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that is counted: its name, what it means, and the names of its labels.

    `known` are values of its one label that are told from the start: an alarm sees the first of something by the zero
    before it.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


REQUESTS: Final = Counter(
    "requests", "Requests answered, by route, method and class of status.", ("route", "method", "status")
)
THROTTLED: Final = Counter(
    "throttled", "Requests that were told to wait (status 429).", ("audience",), ("patients", "staff")
)
DRAFTS_STARTED: Final = Counter("drafts_started", "Questionnaires that were begun.")
DRAFTS_SAVED: Final = Counter("drafts_saved", "Pages of a questionnaire that were saved.")
RESPONSES_SENT: Final = Counter("responses_sent", "Responses that patients sent, each version once.")
SIGN_INS_FAILED: Final = Counter(
    "sign_ins_failed",
    "Sign-ins of staff that failed, by the step that did.",
    ("step",),
    ("password", "code", "passkey", "network"),
)
DATABASE_FAILURES: Final = Counter(
    "database_failures",
    "Requests that the database failed: no-connection was free in time, or an operation failed.",
    ("kind",),
    ("no-connection", "operation"),
)
PDF_DRAWINGS: Final = Counter(
    "pdf_drawings", "Summaries drawn as PDF, by how it went.", ("outcome",), ("done", "failed", "busy")
)
PDF_STARTS: Final = Counter("pdf_starts", "Starts of the process that draws.")

ALL_COUNTERS: Final = (
    REQUESTS,
    THROTTLED,
    DRAFTS_STARTED,
    DRAFTS_SAVED,
    RESPONSES_SENT,
    SIGN_INS_FAILED,
    DATABASE_FAILURES,
    PDF_DRAWINGS,
    PDF_STARTS,
)
"""Everything that is counted."""


@dataclass(slots=True)
class Durations:
    """How long requests of one route took: how many in each bucket, and their sum in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    sum: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """All that was counted up to one moment."""

    counts: dict[str, dict[tuple[str, ...], int]]
    durations: dict[str, Durations]
    in_flight: int


class Counters:
    """Counts from any thread."""

    def __init__(self) -> None:
        """Nothing happened yet; what has no labels is counted from zero."""
        self._lock = threading.Lock()
        self._counts: dict[str, dict[tuple[str, ...], int]] = {
            counter.name: {(value,): 0 for value in counter.known} if counter.labels else {(): 0}
            for counter in ALL_COUNTERS
        }
        self._durations: dict[str, Durations] = {}
        self._in_flight = 0

    def count(self, counter: Counter, *labels: str) -> None:
        """Count one more."""
        with self._lock:
            counts = self._counts[counter.name]
            counts[labels] = counts.get(labels, 0) + 1

    def begin(self) -> None:
        """Note that a request is being answered."""
        with self._lock:
            self._in_flight += 1

    def end(self) -> None:
        """Note that its answer is made."""
        with self._lock:
            self._in_flight -= 1

    def record(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered, and how long that took."""
        labels = (route, method, f"{status // 100}xx")
        with self._lock:
            counts = self._counts[REQUESTS.name]
            counts[labels] = counts.get(labels, 0) + 1
            durations = self._durations.get(route)
            if durations is None:
                durations = self._durations[route] = Durations()
            durations.buckets[bisect_left(BOUNDS, seconds)] += 1
            durations.sum += seconds

    def copy(self) -> Counted:
        """Return what was counted so far, as it does not change any more."""
        with self._lock:
            return Counted(
                counts={name: dict(counts) for name, counts in self._counts.items()},
                durations={route: Durations(list(one.buckets), one.sum) for route, one in self._durations.items()},
                in_flight=self._in_flight,
            )


COUNTERS: Final = Counters()
"""What this process counted."""
