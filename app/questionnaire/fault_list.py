"""Every fault of one questionnaire file, collected so that an author hears of all of them at once.

It must never let a hostile file make the list, or the search for what was meant, cost more than the file itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from app.questionnaire.definition import Place
from app.questionnaire.errors import DefinitionError, Fault

MAX_FAULTS: Final = 1000
_MAX_COMPARED: Final = 60_000  # letters compared in search of what was meant: a third of a second at the very worst
_MAX_EDITS: Final = 2
_MAX_NAME: Final = 64
_MAX_QUOTED: Final = 60


class FaultList:
    """The faults of one file, the first thousand of them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._faults: list[Fault] = []
        self._compared = 0
        self._suggested: dict[tuple[str, str], str] = {}

    def add(self, place: Place, item: str, fault: str, remedy: str) -> None:
        """Add one fault; raises DefinitionError at the first beyond a thousand, because reading on helps nobody."""
        self.count += 1
        if self.count > MAX_FAULTS:
            self.raise_all()
        self._faults.append(Fault(self.file, place.line, place.column, _fit(item), fault, remedy))

    def suggest(self, name: str, names: Iterable[str], otherwise: str) -> str:
        """Return `did you mean "…"?` when one of the names is close, else what to do otherwise.

        >>> FaultList("questions.yaml").suggest("tobaco", ["alcohol", "tobacco"], "take it away")
        'did you mean "tobacco"?'
        """
        asked = (name, otherwise)
        if asked not in self._suggested:
            best = self._find_near(name, names) if len(name) <= _MAX_NAME else ""
            self._suggested[asked] = f'did you mean "{best}"?' if best else otherwise
        return self._suggested[asked]

    def _find_near(self, name: str, names: Iterable[str]) -> str:
        best, least = "", 1 + min(_MAX_EDITS, len(name) // 3)
        for known in names:
            if abs(len(known) - len(name)) > _MAX_EDITS:
                continue
            self._compared += len(name)
            if self._compared > _MAX_COMPARED or least == 0:
                break
            edits = _count_edits(name.casefold(), known.casefold())
            if edits < least:
                best, least = known, edits
        return best

    def raise_all(self) -> NoReturn:
        """Raise DefinitionError with every fault, sorted by place, with one more that says when there are too many."""
        faults = list(dict.fromkeys(self._faults))
        if self.count > MAX_FAULTS:
            last = max(faults)
            told = f"there are more than {MAX_FAULTS:,} faults"
            faults.append(Fault(self.file, last.line, last.column, "file", told, "mend those above first"))
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


def _count_edits(one: str, other: str) -> int:
    """Return how many letters to add, drop, change or swap with their neighbor make one of the other, at most three."""
    too_many = _MAX_EDITS + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        here = [row] + [too_many] * len(other)
        # Further from the diagonal than that, there are too many edits already.
        for column in range(max(1, row - _MAX_EDITS), min(len(other), row + _MAX_EDITS) + 1):
            edits = min(above[column] + 1, here[column - 1] + 1, above[column - 1] + (letter != other[column - 1]))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == other[column - 1]:
                edits = min(edits, before[column - 2] + 1)
            here[column] = edits
        if min(here) >= too_many:
            return too_many
        before, above = above, here
    return min(above[-1], too_many)
