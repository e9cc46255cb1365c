"""What the outside world was told, line by line: all that the checker may read of what happened before the end.

A line is written before something is tried, and another when an answer said that it was kept. What has the first and
not the second may be there or not.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Values = dict[str, list[str]]
"""What stands in a form, by control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: who, what, and about what."""

    kind: str
    who: str
    about: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """The book, safe for several threads; `path` gets every line at once, so that it can be read after a crash."""

    def __init__(self, path: Path) -> None:
        """Begin a new book."""
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._number = 0

    def write(self, kind: str, who: str, **about: object) -> int:
        """Write a line and return its number, by which a later line can say what became of it."""
        with self._lock:
            self._number += 1
            line = {"n": self._number, "kind": kind, "who": who, **about}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
            return self._number

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def read_ledger(path: Path) -> list[Line]:
    """Return the lines of a book."""
    return list(_read(path))


def _read(path: Path) -> Iterator[Line]:
    for text in path.read_text(encoding="utf-8").splitlines():
        values = json.loads(text)
        yield Line(kind=values.pop("kind"), who=values.pop("who"), about=values)
