"""The patients' own record of what they were told: it knows nothing of any database, and the checker trusts it.

A page is acknowledged when the redirect to the next one has come, an answer is sent when the reference was shown.
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

MARK = re.compile(r"mark-[0-9a-f]{4}-\d{5}")
"""What each patient's texts have in them, every patient another."""

Controls = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Entry:
    """One patient: `pages` are the acknowledged ones by address, `answers` what was asked on them, by linkId."""

    mark: str
    cookies: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Controls] = field(default_factory=dict)
    answers: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    tried_to_send: bool = False
    reference: str = ""


@dataclass(slots=True)
class Ledger:
    """All patients, when something was acknowledged, what they were shown instead of a page, and what was wrong."""

    entries: list[Entry] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    requests: int = 0
    reconnected: int = 0
    longest_step: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open_entry(self, mark: str) -> Entry:
        """Return the entry of a new patient."""
        entry = Entry(mark)
        with self._lock:
            self.entries.append(entry)
        return entry

    def note_acknowledged(self) -> None:
        """Note that somebody was told now that something is kept."""
        with self._lock:
            self.acknowledged_at.append(time.monotonic())

    def note_request(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    def note_step(self, seconds: float) -> None:
        """Note how long somebody waited and tried again from one page to the next."""
        with self._lock:
            self.longest_step = max(self.longest_step, seconds)

    def note_shown(self, what: str) -> None:
        """Count a page that was not the one asked for."""
        with self._lock:
            self.shown[what] += 1

    def note_wrong(self, what: str) -> None:
        """Note something that must never happen."""
        with self._lock:
            self.wrong.append(what)

    def note_reconnected(self, times: int) -> None:
        """Count kept connections that were found closed."""
        with self._lock:
            self.reconnected += times

    @property
    def sent(self) -> list[Entry]:
        """Return those who were shown a reference."""
        return [entry for entry in self.entries if entry.reference]

    def count_since(self, moment: float) -> int:
        """Return how often something was acknowledged since then."""
        with self._lock:
            return sum(at >= moment for at in self.acknowledged_at)

    def find_longest_gap(self, begin: float, end: float) -> float:
        """Return the longest time between two moments in which nobody was told that anything is kept."""
        with self._lock:
            moments = [begin, *(at for at in self.acknowledged_at if begin <= at <= end), end]
        return max(later - earlier for earlier, later in pairwise(moments))
