"""A `Summary` on paper: PDF bytes, drawn by a process of their own.

    PdfError
    ├── PdfTooLargeError    more text than a questionnaire can hold
    ├── PdfNotDrawnError    the text could not be set
    ├── PdfTimeoutError     drawing took too long; the process was ended
    ├── PdfBusyError        others are drawn, and too many wait already, or one's turn does not come
    └── PdfWorkerError      the process ended on its own, twice, or cannot start

It must never put an answer into a file, an exception or a document property.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.counters import COUNTERS, PDF_DRAWINGS, PDF_STARTS
from app.output.payload import Paper, build_payload
from app.output.pdf_worker import DRAWN, NOT_READY, PAPER_BREAK, REPLY, REQUEST
from app.questionnaire.summary_model import Summary

TIMEOUT = 10.0
LARGEST_REQUEST = 8_000_000
MOST_IN_BATCH = 25
LARGEST_BATCH = 1_600_000  # drawing takes about 400 times as many bytes of memory
LONGEST_WAIT = 2.0  # seconds for one's turn: more would keep the threads that other patients need
MOST_TOGETHER = 3  # of the server's four threads: one is left for whoever wants a page and no paper
LARGEST_WORKER = 100_000  # resident kilobytes at which the worker is replaced
MOST_DRAWINGS = 500
_HERE = Path(__file__).resolve().parent


class PdfError(Exception):
    """The root of everything that can go wrong with a PDF; never carries a word of an answer."""


class PdfTooLargeError(PdfError):
    """The summary holds more text than a questionnaire can hold."""


class PdfNotDrawnError(PdfError):
    """The text could not be set."""


class PdfTimeoutError(PdfError):
    """Drawing took too long; the process was ended."""


class PdfBusyError(PdfError):
    """Others are drawn, and too many wait already, or one's turn does not come: nothing is broken."""


class PdfWorkerError(PdfError):
    """The process that draws ended, or cannot start."""


def find_folder(name: str) -> Path:
    """Return the folder `name` that stands beside the package, or inside it when the package was installed."""
    for folder in (_HERE.parent.parent / name, _HERE.parent / "_bundle" / name):
        if folder.is_dir():
            return folder
    raise PdfWorkerError(f"no folder {name!r} beside the package; install Foreword again")


class PdfRenderer:
    """Draws summaries in one long-lived process, one at a time, from any thread, and replaces it as it grows.

    The program that has one does not fork: two that shared its pipes would be given each other's papers.
    """

    def __init__(
        self,
        *,
        timeout: float = TIMEOUT,
        longest_wait: float = LONGEST_WAIT,
        keeps_process: bool = True,
        places: threading.Semaphore | None = None,
    ) -> None:
        """Start nothing yet: the process starts with the first summary, and ends with it unless it is kept.

        Whoever finds none of the `places` free does not wait at all; without them anybody waits.
        """
        self._timeout = timeout
        self._longest_wait = longest_wait
        self._keeps_process = keeps_process
        self._places = places
        self._lock = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._drawn = 0
        atexit.register(self.close)

    def render(self, summary: Summary, *, paper: Paper = "a4", large_print: bool = False) -> bytes:
        """Return the PDF of a summary; raises a `PdfError`."""
        payload = build_payload(summary, paper=paper, large_print=large_print).encode()
        return self._render(payload, LARGEST_REQUEST)

    def render_batch(self, summaries: Sequence[Summary], *, paper: Paper = "a4", large_print: bool = False) -> bytes:
        """Return one PDF of several summaries, each on pages of its own and counted anew; raises a `PdfError`."""
        if not 0 < len(summaries) <= MOST_IN_BATCH:
            raise PdfTooLargeError(f"{len(summaries)} summaries, from 1 to {MOST_IN_BATCH} are drawn together")
        payloads = (build_payload(one, paper=paper, large_print=large_print) for one in summaries)
        return self._render(PAPER_BREAK.join(payloads).encode(), LARGEST_BATCH)

    def _render(self, payload: bytes, limit: int) -> bytes:
        if len(payload) > limit:
            raise PdfTooLargeError(f"{len(payload)} bytes of text, at most {limit} are drawn")
        with self._take_turn():
            try:
                drawn = self._draw(payload)
            except PdfError:
                COUNTERS.count(PDF_DRAWINGS, "failed")
                raise
        COUNTERS.count(PDF_DRAWINGS, "done")
        return drawn

    @contextlib.contextmanager
    def _take_turn(self) -> Iterator[None]:
        """Wait for the process; raises `PdfBusyError` when too many wait already, or when it takes too long."""
        places = self._places
        if places is not None and not places.acquire(blocking=False):
            raise _tell_busy()
        try:
            if not self._lock.acquire(timeout=self._longest_wait):
                raise _tell_busy()
            try:
                yield
            finally:
                self._lock.release()
        finally:
            if places is not None:
                places.release()

    def find_worker(self) -> int | None:
        """Return the number of the process that draws, if one is running."""
        worker = self._worker  # once: another thread may end it meanwhile
        return worker.pid if worker and worker.poll() is None else None

    def close(self) -> None:
        """End the process that draws; the next summary starts another."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        _close_pipes(worker)

    def _draw(self, payload: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout
        try:
            return self._exchange(payload, deadline)
        except PdfWorkerError:
            # It may have been ended from outside between two summaries: one fresh start, then the fault is told.
            return self._exchange(payload, deadline)

    def _exchange(self, payload: bytes, deadline: float) -> bytes:
        worker = self._find_or_start()
        try:
            _write(worker, REQUEST.pack(len(payload)) + payload, deadline)
            outcome, resident, length = REPLY.unpack(_read(worker, REPLY.size, deadline))
            drawn = _read(worker, length, deadline)
        except (OSError, PdfError) as fault:
            self.close()
            if isinstance(fault, PdfError):
                raise
            raise PdfWorkerError("the process that draws has ended") from None
        self._drawn += 1
        if outcome == NOT_READY:
            self.close()
            raise PdfWorkerError(f"the process that draws cannot start: {drawn.decode(errors='replace')}")
        is_old = resident > LARGEST_WORKER or self._drawn >= MOST_DRAWINGS
        if outcome != DRAWN or is_old or not self._keeps_process:
            self.close()
            if self._keeps_process:
                self._find_or_start()
        if outcome != DRAWN:
            raise PdfNotDrawnError("the summary could not be set")
        return drawn

    def _find_or_start(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self.close()
            COUNTERS.count(PDF_STARTS)
            self._worker, self._drawn = _start(), 0
        return self._worker


def _tell_busy() -> PdfBusyError:
    COUNTERS.count(PDF_DRAWINGS, "busy")
    return PdfBusyError("the process that draws is busy")


def _start() -> subprocess.Popen[bytes]:
    folders = (find_folder("templates") / "print", find_folder("static") / "fonts")
    command = [sys.executable, "-I", str(_HERE / "pdf_worker.py"), *map(str, folders)]
    # An empty environment: settings and keys stay in this process. One thread is enough for one page after another.
    environment = {"MALLOC_ARENA_MAX": "1", "RAYON_NUM_THREADS": "1"}
    try:
        worker = subprocess.Popen(  # noqa: S603 - our own file, no shell, no word from outside
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a crash says may hold an answer
            bufsize=0,
            env=environment,
            cwd="/",
        )
    except OSError as fault:
        raise PdfWorkerError(f"the process that draws cannot start: {fault.strerror}") from None
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
    return worker


def _write(worker: subprocess.Popen[bytes], message: bytes, deadline: float) -> None:
    if worker.stdin is None:
        raise PdfWorkerError("the process that draws has no pipe")
    left = memoryview(message)
    while left:
        _wait(worker.stdin.fileno(), deadline, is_write=True)
        left = left[os.write(worker.stdin.fileno(), left) :]


def _read(worker: subprocess.Popen[bytes], count: int, deadline: float) -> bytes:
    if worker.stdout is None:
        raise PdfWorkerError("the process that draws has no pipe")
    parts = bytearray()
    while len(parts) < count:
        _wait(worker.stdout.fileno(), deadline)
        part = os.read(worker.stdout.fileno(), count - len(parts))
        if not part:
            raise PdfWorkerError("the process that draws has ended")
        parts += part
    return bytes(parts)


def _wait(pipe: int, deadline: float, *, is_write: bool = False) -> None:
    poller = select.poll()
    poller.register(pipe, select.POLLOUT if is_write else select.POLLIN)
    if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise PdfTimeoutError("drawing took too long")


def _close_pipes(worker: subprocess.Popen[bytes]) -> None:
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


_places = threading.BoundedSemaphore(MOST_TOGETHER)
_shared = PdfRenderer(places=_places)
# A batch takes more memory than anything else: its process gives it back by ending.
_batches = PdfRenderer(keeps_process=False, places=_places)


def render_pdf(summary: Summary, *, paper: Paper = "a4", large_print: bool = False) -> bytes:
    """Return the summary as a tagged PDF (PDF/UA-1); raises a `PdfError`."""
    return _shared.render(summary, paper=paper, large_print=large_print)


def render_batch(summaries: Sequence[Summary], *, paper: Paper = "a4", large_print: bool = False) -> bytes:
    """Return one tagged PDF of up to `MOST_IN_BATCH` summaries, without a blank page between them; raises a `PdfError`.

    Drawn in a process of its own, so that no patient waits for it; one batch at a time. Leave the companion out of a
    batch: it is the same for everyone.
    """
    return _batches.render_batch(summaries, paper=paper, large_print=large_print)
