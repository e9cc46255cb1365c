"""Every fault of one questionnaire file, collected so that an author hears of all of them at once.

It must never let a hostile file make the list, or the search for what was meant, cost more than the file itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NoReturn

from app.questionnaire.definition import Place
from app.questionnaire.errors import DefinitionError, Fault

MAX_FAULTS: Final = 1000
_MAX_GUESSES: Final = 100  # a guess compares with every name: 25,000 misspelt keys would cost minutes
_MAX_NAME: Final = 64
_MAX_QUOTED: Final = 60


class FaultList:
    """The faults of one file; `count` grows with each, also with those beyond the first thousand."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._faults: list[Fault] = []
        self._guesses = 0

    def add(self, place: Place, item: str, fault: str, remedy: str) -> None:
        """Add one fault; beyond a thousand they are counted and no longer kept."""
        self.count += 1
        if self.count <= MAX_FAULTS:
            self._faults.append(Fault(self.file, place.line, place.column, _fit(item), fault, remedy))

    def suggest(self, name: str, names: Iterable[str], otherwise: str) -> str:
        """Return `did you mean "…"?` when one of the names is close, else what to do otherwise.

        >>> FaultList("questions.yaml").suggest("tobaco", ["alcohol", "tobacco"], "take it away")
        'did you mean "tobacco"?'
        """
        if len(name) > _MAX_NAME or self._guesses >= _MAX_GUESSES:
            return otherwise
        self._guesses += 1
        close = get_close_matches(name, sorted(names), n=1)
        return f'did you mean "{close[0]}"?' if close else otherwise

    def raise_all(self) -> NoReturn:
        """Raise DefinitionError with every fault, sorted by place, with one more that says if some were left out."""
        faults = list(dict.fromkeys(self._faults))
        if self.count > MAX_FAULTS:
            left_out = f"{self.count - MAX_FAULTS:,} more faults were found"
            last = max(faults)
            faults.append(Fault(self.file, last.line, last.column, "file", left_out, "mend those above first"))
        raise DefinitionError(tuple(faults))


def quote(text: str) -> str:
    r"""Return a text from the file in quotation marks, on one line, cut where it is long.

    >>> quote("two\nlines")
    '"two lines"'
    """
    return f'"{_fit(text)}"'


def _fit(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_QUOTED else f"{line[: _MAX_QUOTED - 1]}…"
