"""What goes wrong, one thing after another: each strikes, lasts, is mended, and patients have to get on afterwards."""

import errno
import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.machines.ledger import Ledger
from tests.machines.programs import wait_for
from tests.machines.site import COUNTER, Site

_SECONDS_TO_GO_ON = 60
_SECONDS_TO_NOTICE = 5  # two checks of the balancer, and what they wait
_ENOUGH = 15
"""How often something is acknowledged until a site counts as back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault that is over: how long it lasted, and the longest time in which nobody got on."""

    name: str
    how: str
    lasted: float
    without_service: float


@contextmanager
def kill_patients_machine(site: Site, chance: random.Random) -> Iterator[str]:
    """Kill the program of a patients' machine with kill -9, and start it again."""
    machine = chance.choice(site.patients)
    machine.program.kill()
    yield f"{machine.name}, kill -9"
    site.start(machine.name)


@contextmanager
def cut_patients_machine(site: Site, chance: random.Random) -> Iterator[str]:
    """Cut a patients' machine off from the balancer and the databases, and let it back in once that was noticed."""
    machine = chance.choice(site.patients)
    how = site.places.cut(machine.name, machine.program.list_processes(), is_silent=chance.random() < 0.5)
    try:
        time.sleep(_SECONDS_TO_NOTICE)
        yield f"{machine.name}, {how}"
    finally:
        site.places.join(machine.name)
    site.wait_until_ready(machine.name)


@contextmanager
def kill_primary(site: Site, chance: random.Random) -> Iterator[str]:
    """Kill the primary with kill -9, promote the standby, and let the old primary follow it."""
    machine = site.cluster.kill_primary()
    time.sleep(chance.uniform(0.5, 2.0))  # somebody has to notice
    site.cluster.promote()
    yield f"{machine}, kill -9, {site.cluster.primary.machine} promoted"
    site.cluster.rejoin()


@contextmanager
def kill_standby(site: Site, chance: random.Random) -> Iterator[str]:  # noqa: ARG001  there is one
    """Kill the standby that every commit waits for, and start it again: until then nothing can be acknowledged."""
    site.cluster.standby.program.kill()
    yield f"{site.cluster.standby.machine}, kill -9"
    site.cluster.restart_standby()


@contextmanager
def fill_disk(site: Site, chance: random.Random) -> Iterator[str]:
    """Leave a patients' machine no room for a single byte of data, logs and temporary files, and clear it again."""
    machine = chance.choice(site.patients)
    if machine.has_own_disk:
        filler = machine.folder / "filler"
        _fill(filler)
        yield f"{machine.name}, disk full"
        filler.unlink()
        return
    limits = {
        process.pid: resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        for process in machine.program.list_processes()
    }
    for pid, (_, hard) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    yield f"{machine.name}, may write no byte to a file"
    for pid, limit in limits.items():
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


@contextmanager
def lose_redis(site: Site, chance: random.Random) -> Iterator[str]:
    """Let Redis go away, killed or silent, and come back."""
    if chance.random() < 0.5:
        site.counter.kill()
        yield "kill -9, and it comes back empty"
        site.counter.start()
        return
    how = site.places.cut(COUNTER, site.counter.list_processes(), is_silent=True)
    try:
        yield how
    finally:
        site.places.join(COUNTER)


FAULTS = {
    "patient process": kill_patients_machine,
    "machine cut off": cut_patients_machine,
    "disk full": fill_disk,
    "primary": kill_primary,
    "standby": kill_standby,
    "redis": lose_redis,
}


def suffer(site: Site, ledger: Ledger, name: str, chance: random.Random, lasting: tuple[float, float]) -> Outcome:
    """Let one thing go wrong for some seconds, mend it, and wait until patients get on; raises `MachinesError`."""
    begun = time.monotonic()
    with FAULTS[name](site, chance) as how:
        time.sleep(chance.uniform(*lasting))
    mended = time.monotonic()
    wait_for(f"patients get on after {name}", lambda: ledger.count_since(mended) >= _ENOUGH, _SECONDS_TO_GO_ON)
    return Outcome(name, how, mended - begun, ledger.find_longest_gap(begun, time.monotonic()))


def _fill(path: Path) -> None:
    """Write until there is no room for a single byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(os.urandom(size) if size == 1 else bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
