"""A call that may hang, for whoever cannot wait that long: however often it is asked for, one runs at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class SlowError(Exception):
    """The call did not come back in time; it goes on, and whoever asks next waits for the same one."""


class Run(Generic[T]):
    """One call, under way in a thread of its own or at its end."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Begin the call."""
        self.ended: Final = threading.Event()
        self._call = call
        self._result: list[T] = []
        self._error: Exception | None = None
        threading.Thread(target=self._do, daemon=True).start()

    def wait(self, deadline: float) -> T:
        """Return what it gives or raise what it raises; `SlowError` once the monotonic clock is past the deadline."""
        if not self.ended.wait(max(0.0, deadline - time.monotonic())):
            raise SlowError
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _do(self) -> None:
        try:
            self._result.append(self._call())
        except Exception as error:  # noqa: BLE001  it is for whoever waits
            self._error = error
        finally:
            self.ended.set()


class Bounded(Generic[T]):
    """A call to make again and again; safe to ask from several threads."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Call nothing yet."""
        self._call = call
        self._lock = threading.Lock()
        self._run: Run[T] | None = None

    def begin(self) -> Run[T]:
        """Return the call that is under way, or begin one."""
        with self._lock:
            if self._run is None or self._run.ended.is_set():
                self._run = Run(self._call)
            return self._run


class BoundedByKey(Generic[K, T]):
    """Calls that differ from time to time, of which one runs at a time for each key; safe to ask from many threads."""

    def __init__(self) -> None:
        """Call nothing yet."""
        self._lock = threading.Lock()
        self._runs: dict[K, Run[T]] = {}

    def begin(self, key: K, call: Callable[[], T]) -> Run[T]:
        """Return the call that is under way for a key, whoever began it, or begin this one."""
        with self._lock:
            run = self._runs.get(key)
            if run is None or run.ended.is_set():
                run = self._runs[key] = Run(call)
            return run
