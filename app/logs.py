"""The log: one JSON line a request and a line a failure, safe on a screen in the waiting room.

Nothing a person sent is ever in it: no path, no query, no field, no header, no exception's text (D-11, S19).
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

_ROOT: Final = Path(__file__).parent.parent
_LAST_FRAMES: Final = 3
# Where the steps of the form are, a line tells the step, and so an answer where only some answers lead to it (D-11).
_UNNUMBERED: Final = "app/web/patient/questions.py"
# Made once: json.dumps with any option makes one for each line. ASCII only, so that a control character, a line break
# or a right-to-left mark stays a harmless escape (S19).
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def configure_logs(stream: TextIO, role: str = "") -> None:
    """Send this program's log, and what the libraries say, to a stream as JSON lines.

    Each names the process, and whom it serves: where several run, their lines come together.
    """
    about: Mapping[str, int | str] = {"pid": os.getpid()} | ({"role": role} if role else {})
    structlog.configure(
        processors=[
            lambda _, __, line: {**line, **about},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Outlet(stream))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    # Said at every burst of four requests, and of no use: the requests are answered.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda failure: record_failure(failure.exc_value, "thread")


def _encode(line: object, **_: object) -> str:
    return _ENCODER.encode(line)


def get_log() -> FilteringBoundLogger:
    """Return the log; only words of this program and numbers go into it."""
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def record_failure(error: BaseException | None, event: str, **known: str | int) -> None:
    """Log what kind of exception came from where; never its text, which may quote an answer."""
    get_log().error(event, error=type(error).__qualname__, places=list(_list_places(error)), **known)


class _Outlet:
    """A stream that loses lines where there is no room for them, and counts them: nobody's page waits for the log.

    A full disk must not become an exception in a request: it would end the thread that answers, and soon all of them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, text: str) -> None:
        """Write lines, and how many were lost before them."""
        try:
            if self._lost:
                # On a line of its own: the last one may have been cut off in the middle.
                self._stream.write(f"\n{_ENCODER.encode({'event': 'log lines lost', 'lost': self._lost})}\n")
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Do nothing: a line that was written is out."""


class _LibraryHandler(logging.Handler):
    """Passes on what a library says as it stands in its source: the values it would fill in may be a patient's."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's template; of an exception only the type and the place."""
        if record.exc_info and record.exc_info[1]:
            record_failure(record.exc_info[1], "library failed", library=record.name)
        else:
            get_log().log(record.levelno, "library", library=record.name, says=str(record.msg))


def _log_uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    record_failure(error, "stopped")


def _list_places(error: BaseException | None) -> Iterator[str]:
    seen = error
    while seen is not None:
        frames: list[str] = []
        step = seen.__traceback__
        while step is not None:
            place = _shorten(step.tb_frame.f_code.co_filename)
            if place != _UNNUMBERED:
                place = f"{place}:{step.tb_lineno}"
            if place != _UNNUMBERED or frames[-1:] != [place]:
                frames.append(place)
            step = step.tb_next
        # All of our own steps, and of a library's the last.
        kept = [frame for frame in frames[:-_LAST_FRAMES] if frame.startswith("app/")] + frames[-_LAST_FRAMES:]
        yield f"{type(seen).__qualname__} at {' > '.join(kept)}"
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _shorten(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_ROOT / "app"):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])
