"""One torture: everybody at work at once, the server killed and started again, and then the verdict."""

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

from tests.support.ports import find_free_port
from tests.torture.checker import Verdict, judge
from tests.torture.client import StoppedError, Traffic
from tests.torture.clinic import Member, invite_reviewer, open_clinic
from tests.torture.ledger import Ledger, read_ledger
from tests.torture.outside import look, read_head
from tests.torture.patients import OddError, Patient
from tests.torture.program import Program, shift_clock
from tests.torture.reviewers import Reviewer

_RETENTION_DAYS = 400
_DUE_IN = 8
_DUE = 6
_AT_START = 0.2
_MOST_START = 1.2
_LEAST_LIFE, _MOST_LIFE = 0.05, 2.2
_KILLED_COMMANDS = 0.3
_PATIENTS_AT_ONCE = 5
_REVIEWERS = ("ada@clinic.example", "ben@clinic.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard and how long: `seed` decides who does what, and when the server dies."""

    seed: str
    kills: int
    sample: int = 40
    most_seconds: float = 3600
    has_rotation: bool = True


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    plan: Plan
    verdict: Verdict
    kills: int
    starts: int
    seconds: float
    statuses: Counter[int]
    lost: int
    commands: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Return everything that is wrong: also what nobody should ever be answered, and starts that needed a human."""
        broken = [
            f"{count} requests answered with {status}" for status, count in self.statuses.items() if status == 500
        ]
        return [*self.verdict.faults, *self.odd, *broken]


class Torture:
    """One clinic under torture in a folder that is empty."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Choose by the seed."""
        self._plan = plan
        self._program = Program(folder / "clinic", find_free_port())
        self._program.folder.mkdir(mode=0o700, parents=True)
        self._old_keys = folder / "old-keys"
        self._backups = folder / "backups"
        self._backups.mkdir()
        self._ledger_path = folder / "ledger.jsonl"
        self._ledger = Ledger(self._ledger_path)
        self._traffic = Traffic()
        self._chance = random.Random(f"{plan.seed}/kills")  # noqa: S311 - when the server dies, not a secret
        self._numbers = count()
        self._odd: list[str] = []
        self._commands: Counter[str] = Counter()
        self._heads: list[str] = []
        self._due_at = 0.0

    def run(self) -> Outcome:
        """Do it all, and return what came of it."""
        begun = time.monotonic()
        try:
            self._prepare()
            reviewers = [invite_reviewer(self._program, self._traffic, login) for login in _REVIEWERS]
            shutil.copytree(self._program.data / "keys", self._old_keys)
            self._program.kill()
            kills = self._torture(reviewers)
            self._ledger.close()
            self._settle()
            lines = read_ledger(self._ledger_path)
            verdict = judge(lines, look(self._program, lines, self._old_keys, self._heads, self._plan.sample))
            if self._program.stop() != 0:
                self._odd.append("the last server did not stop well")
        finally:
            self._program.kill()
        return Outcome(
            plan=self._plan,
            verdict=verdict,
            kills=kills,
            starts=self._program.starts,
            seconds=time.monotonic() - begun,
            statuses=self._traffic.statuses,
            lost=self._traffic.lost,
            commands=self._commands,
            odd=self._odd,
        )

    def _prepare(self) -> None:
        """Open the clinic so long ago that what is sent now is past its day in some seconds."""
        late = timedelta(days=-_RETENTION_DAYS, seconds=_DUE_IN)
        self._program.environ = shift_clock(int(late.total_seconds()))
        self._program.start_well()
        open_clinic(self._program, self._traffic, late, retention_days=[f"{_RETENTION_DAYS}"]).client.close()
        for number in range(_DUE):
            seed = f"due{self._plan.seed}"
            Patient(number, seed, self._program.url, self._traffic, self._ledger, late=late).live()
        self._due_at = time.monotonic() + _DUE_IN + 1
        self._program.stop()
        self._program.environ = {}
        self._program.start_well()

    def _torture(self, reviewers: list[Member]) -> int:
        work: list[Callable[[], None]] = [self._send_patients] * _PATIENTS_AT_ONCE
        work += [Reviewer(member, self._plan.seed, self._traffic, self._ledger).work for member in reviewers]
        work.append(self._look_after)
        threads = [threading.Thread(target=self._watch, args=(one,)) for one in work]
        for thread in threads:
            thread.start()
        kills = 0
        deadline = time.monotonic() + self._plan.most_seconds
        try:
            while kills < self._plan.kills and not self._odd and time.monotonic() < deadline:
                self._live_a_while()
                ended = self._program.kill()
                kills += 1
                if ended is not None:
                    self._odd.append(f"start {self._program.starts} ended by itself with {ended}")
        finally:
            self._traffic.over.set()
            for thread in threads:
                thread.join()
        return kills

    def _live_a_while(self) -> None:
        """Start the server; some die while they start, the others when they have served for a moment."""
        self._program.start()
        if self._chance.random() < _AT_START:
            time.sleep(self._chance.uniform(0, _MOST_START))
        elif self._program.is_ready():
            time.sleep(self._chance.uniform(_LEAST_LIFE, _MOST_LIFE))
        else:
            self._odd.append(f"start {self._program.starts} did not get ready:\n{self._program.read_log()[-2000:]}")

    def _settle(self) -> None:
        """Finish what a killed command began, take every old key away, and start once more.

        Without a rotation there is no old key: whoever tries to read has then none for what was sent.
        """
        if self._plan.has_rotation:
            self._expect("keys", "rotate")
            self._expect("keys", "rotate")
            newest = next(
                line.split()[0] for line in self._expect("keys", "list").splitlines() if "sealed to now" in line
            )
            for path in (self._program.data / "keys").glob("response-*.pem"):
                if newest not in path.name:
                    path.unlink()
        else:
            for path in self._old_keys.glob("response-*.pem"):
                path.unlink()
        time.sleep(max(0.0, self._due_at - time.monotonic()))
        self._expect("purge", "--clock-is-right")
        self._program.start_well()

    def _send_patients(self) -> None:
        while not self._traffic.over.is_set():
            Patient(next(self._numbers), self._plan.seed, self._program.url, self._traffic, self._ledger).live()

    def _look_after(self) -> None:
        """Run purge, backup and key rotation by turns, some of them killed half-way."""
        chance = random.Random(f"{self._plan.seed}/commands")  # noqa: S311 - which command dies, not a secret
        jobs = [("purge", "--clock-is-right"), ("backup",), ("keys", "rotate"), ("audit", "head")]
        while not self._traffic.over.is_set():
            for words in jobs if self._plan.has_rotation else jobs[:2]:
                if self._traffic.over.is_set():
                    return
                dies = chance.random() < _KILLED_COMMANDS
                self._command(words, chance.uniform(0.5, 9.0) if dies else None)

    def _command(self, words: tuple[str, ...], kill_after: float | None) -> None:
        name = " ".join(words)
        target = (f"{self._backups / f'{self._commands.total()}'}",) if name == "backup" else ()
        said = self._program.run(*words, *target, kill_after=kill_after)
        how = "done" if said.code == 0 else "killed" if said.code < 0 else "refused"
        self._commands[f"{name} {how}"] += 1
        if how == "refused":
            self._odd.append(f"foreword {name}: {said.out}{said.err}".strip())
        if name == "audit head":
            self._heads += read_head(said.out)

    def _expect(self, *words: str) -> str:
        said = self._program.run(*words)
        if said.code != 0:
            self._odd.append(f"foreword {' '.join(words)}: {said.out}{said.err}".strip())
        return said.out

    def _watch(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StoppedError:
            pass
        except OddError as error:
            self._odd.append(str(error))
            self._traffic.over.set()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the torture ends
            self._odd.append(f"{type(error).__name__}: {error}")
            self._traffic.over.set()
