"""A campaign: many requests from several connections at once, counted by who sent them, where, and what came back."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import islice
from typing import Final
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException

from tests.fuzz.cast import HOST, ROLES, SENTINELS
from tests.fuzz.judge import SLOW_SECONDS, find_faults, is_done
from tests.fuzz.mutate import make_recipe
from tests.fuzz.recipe import PLACEHOLDER, Recipe
from tests.fuzz.stage import Stage
from tests.fuzz.talk import Exchange

AT_ONCE: Final = 4
_BATCH: Final = 250
SLOWEST: Final = 10
MOST_FAULTS: Final = 25
"""After so many a campaign ends: there is enough to do."""

CLASSES: Final = ("2xx", "3xx", "4xx", "429", "5xx", "none")


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that was not answered as it should be."""

    recipe: Recipe
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        """Say where and what."""
        how = ", ".join(self.recipe.how)
        return f"{self.recipe.role}: {self.recipe.endpoint} ({how}): {'; '.join(self.sentences)}"


@dataclass
class Tally:
    """What was counted."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    slowest: list[tuple[float, str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    memory: list[tuple[int, float]] = field(default_factory=list)
    answers: int = 0
    slow_once: int = 0
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """Return how many requests were made."""
        return self.counts.total()

    def note(self, recipe: Recipe, exchange: Exchange) -> None:
        """Count one."""
        self.counts[recipe.role, recipe.endpoint, name_class(exchange)] += 1
        self.answers += len(exchange.replies)
        self.slowest.append((exchange.seconds, recipe.role, f"{recipe.endpoint} ({', '.join(recipe.how)})"))
        if len(self.slowest) > 1000:
            self.slowest = nlargest(SLOWEST, self.slowest)

    def sum_by(self, part: int) -> dict[str, Counter[str]]:
        """Return the counts by role (0) or endpoint (1)."""
        found: dict[str, Counter[str]] = {}
        for key, count in self.counts.items():
            found.setdefault(key[part], Counter())[key[2]] += count
        return found


def name_class(exchange: Exchange) -> str:
    """Return what kind of answer it was."""
    if not exchange.replies:
        return "none"
    status = exchange.replies[0].status
    return "429" if status == 429 else f"{status // 100}xx"


class Campaign:
    """Sends recipes, judges each, and looks at the database between batches."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tally = Tally()
        self._lock = threading.Lock()
        stage.warm_up()
        self._pages = stage.read_sentinels()
        stage.ledger.open()
        self.note_memory()

    def try_one(self, recipe: Recipe) -> list[str]:
        """Send one recipe and return its faults."""
        exchange = self._send(recipe)
        faults = find_faults(recipe, exchange)
        if self.stage.is_timed and exchange.silence > SLOW_SECONDS:
            # Something else may have had the machine: what is slow by itself is slow again.
            again = self._send(recipe)
            if again.silence > SLOW_SECONDS:
                faults.append(f"silent for {exchange.silence:.1f} s, and {again.silence:.1f} s when it was sent again")
            else:
                self.tally.slow_once += 1
        return faults

    def _send(self, recipe: Recipe) -> Exchange:
        exchange = self.stage.send(recipe)
        with self._lock:
            self.tally.note(recipe, exchange)
            if exchange.replies and is_done(recipe, exchange.replies[0]):
                self.stage.ledger.done[name_target(self.stage, recipe)] += 1
        return exchange

    def run(self, recipes: Iterator[Recipe], report: Callable[[int], None]) -> None:
        """Send them all, so many at once."""
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while batch := list(islice(recipes, _BATCH)):
                for recipe, faults in zip(batch, threads.map(self.try_one, batch), strict=True):
                    if faults:
                        self.tally.faults.append(Fault(recipe, tuple(faults)))
                self.renew()
                report(len(batch))
                if len(self.tally.faults) >= MOST_FAULTS:
                    break
        self.tally.seconds += time.monotonic() - begun

    def renew(self) -> None:
        """Bring back whoever was signed out or has erased what they had, and have something new to change and erase."""
        cast = self.stage.cast
        cast.replenish()
        for role in ROLES:
            if not cast.is_alive(role):
                if role in SENTINELS:
                    self.tally.findings.append(f"the draft of {role} is gone")
                cast.renew(role)

    def look(self) -> None:
        """Compare the database and the sentinels' pages with what they were, and read the memory."""
        found = [*self.stage.ledger.find_faults(), *self.stage.ledger.verify()]
        pages = self.stage.read_sentinels()
        found += [f"{name} is not as it was" for name, page in self._pages.items() if pages[name] != page]
        found += [f"the server's log says: {line}" for line in self.stage.read_errors()]
        self.tally.findings += [sentence for sentence in found if sentence not in self.tally.findings]
        self.note_memory()

    def note_memory(self) -> None:
        """Take down how much memory the server has."""
        self.tally.memory.append((self.tally.sent, self.stage.read_memory()))


def mutate(stage: Stage, seed: int, numbers: Iterable[int]) -> Iterator[Recipe]:
    """Give the recipes of these numbers."""
    return (make_recipe(stage.corpus, seed, number) for number in numbers)


def name_target(stage: Stage, recipe: Recipe) -> str:
    """Return which address really answered, as the list of addresses calls it."""
    path = unquote(urlsplit(recipe.line.split(" ")[1]).path)
    known = stage.cast.known[recipe.role]
    path = PLACEHOLDER.sub(lambda found: known.get(found[1], ""), path)
    try:
        rule, _ = stage.cast.app.url_map.bind(HOST, url_scheme="https").match(path, "POST", return_rule=True)
    except HTTPException:
        return recipe.endpoint
    return f"POST {rule.rule}"
