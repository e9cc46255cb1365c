"""The whole site: two machines that serve patients, one for the clinic, two databases, a balancer in front of all."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.machines.balancer import FOREWORD_PORT as PORT
from tests.machines.balancer import build_balancer
from tests.machines.cluster import Cluster
from tests.machines.exchange import PATIENTS_HOST, Line, LineError
from tests.machines.places import Places, fill_by_mount, make_folder, make_places
from tests.machines.programs import MachinesError, Program, run_to_end, wait_for

PATIENTS_MACHINES = ("patients-1", "patients-2")
CLINIC_MACHINE = "clinic"
DATABASE_MACHINES = ("database-1", "database-2")
BALANCER, PEOPLE, COUNTER = "balancer", "people", "redis"
MACHINES = (PEOPLE, BALANCER, COUNTER, *PATIENTS_MACHINES, CLINIC_MACHINE, *DATABASE_MACHINES)

_COMMAND = Path(sys.prefix) / "bin" / "foreword"
_DISK = "24m"
_REDIS_PORT = 6379
_SECONDS = 60
_CLINIC_HOST = "staff.example.test:8443"


@dataclass(slots=True)
class Machine:
    """A machine that runs Foreword; all it writes is in its folder, which is a small disk where that is allowed."""

    name: str
    folder: Path
    program: Program
    has_own_disk: bool

    @property
    def data(self) -> Path:
        """Return its data folder."""
        return self.folder / "data"


@dataclass(slots=True)
class Site:
    """Everything that runs."""

    places: Places
    folder: Path
    cluster: Cluster
    counter: Program
    machines: dict[str, Machine] = field(default_factory=dict)

    @property
    def patients(self) -> list[Machine]:
        """Return the machines that serve patients."""
        return [self.machines[name] for name in PATIENTS_MACHINES]

    @property
    def clinic(self) -> Machine:
        """Return the clinic's machine."""
        return self.machines[CLINIC_MACHINE]

    def add_machine(self, name: str, role: str) -> Machine:
        """Make a machine with a folder of its own; nothing runs on it yet."""
        folder = self.folder / name
        folder.mkdir()
        has_own_disk = fill_by_mount(folder, _DISK)
        for part in ("data", "temporary"):
            (folder / part).mkdir(mode=0o700)
        environ = {
            "HOST": self.places.locate(name),
            "PORT": str(PORT),
            "TMPDIR": f"{folder}/temporary",
            "FOREWORD_DATA": f"{folder}/data",
            "FOREWORD_DATABASE_URL": self.cluster.url,
            "FOREWORD_REDIS_URL": f"redis://{self.places.locate(COUNTER)}:{_REDIS_PORT}",
            "FOREWORD_ROLE": role,
            "FOREWORD_DEMO": "1",
            "FOREWORD_PUBLIC_URL": f"https://{PATIENTS_HOST}",
            "FOREWORD_CLINIC_URL": f"https://{_CLINIC_HOST}",
            "FOREWORD_TRUSTED_HOPS": "1",
            "FOREWORD_SENDS_AN_HOUR": "1000000",  # all patients come from one address
        }
        program = Program(self.places, name, [str(_COMMAND), "serve"], folder / "log", environ, folder=folder)
        self.machines[name] = Machine(name, folder, program, has_own_disk)
        return self.machines[name]

    def is_ready(self, name: str) -> bool:
        """Tell whether a machine says of itself that it is ready; asked from the people's machine."""
        try:
            return Line(self.places.locate(name), PORT, host="localhost").ask("GET", "/readyz").status == 200
        except LineError:
            return False

    def start(self, name: str) -> None:
        """Start a machine's program and wait until it is ready."""
        self.machines[name].program.start()
        self.wait_until_ready(name)

    def wait_until_ready(self, name: str) -> None:
        """Wait until a machine is ready, or raise `MachinesError`."""
        wait_for(f"{name} is ready", lambda: self.is_ready(name), _SECONDS, self.machines[name].program)

    def open_line(self, name: str) -> Line:
        """Return a line straight to a machine, as the balancer has one."""
        return Line(self.places.locate(name), PORT)

    def export(self, out: Path) -> None:
        """Let the clinic export all that patients sent, with the clinic's key."""
        kinds = [word for kind in ("identity", "substance-use", "pregnancy") for word in ("--include", kind)]
        command = [str(_COMMAND), "export", str(out), "--format", "json-lines", *kinds]
        run_to_end(self.places, CLINIC_MACHINE, command, environ=self.clinic.program.environ)


@contextmanager
def build_site(*, is_loopback: bool = False) -> Iterator[Site]:
    """Start everything and wait until all of it is ready; whatever happens, end it and leave nothing behind."""
    with ExitStack() as stack:
        folder = stack.enter_context(make_folder())
        places = stack.enter_context(make_places(MACHINES, is_loopback=is_loopback))
        places.enter(PEOPLE)
        programs: list[Program] = []
        stack.callback(_kill_all, programs)
        cluster = Cluster(places, folder, DATABASE_MACHINES)
        programs += [cluster.primary.program, cluster.standby.program]
        counter = _build_counter(places, folder)
        programs.append(counter)
        counter.start()
        site = Site(places, folder, cluster, counter)
        # As docs/deploying.md tells: the clinic's machine is first, and patients' machines have one cookie.key.
        first, second = PATIENTS_MACHINES
        for name, role in ((CLINIC_MACHINE, "clinic"), (first, "patient"), (second, "patient")):
            programs.append(site.add_machine(name, role).program)
        site.start(CLINIC_MACHINE)
        site.machines[first].program.start()
        key = site.machines[first].data / "cookie.key"
        wait_for(f"{first} has its key", key.exists, _SECONDS, site.machines[first].program)
        shutil.copy2(key, site.machines[second].data)
        site.start(second)
        site.wait_until_ready(first)
        balancer = build_balancer(places, folder, BALANCER, PATIENTS_MACHINES, CLINIC_MACHINE)
        programs.append(balancer)
        balancer.start()
        yield site


def _build_counter(places: Places, folder: Path) -> Program:
    """Return the Redis in which tries are counted: it keeps nothing on a disk."""
    redis = shutil.which("redis-server", path="/usr/bin:/usr/sbin:/usr/local/bin")
    if redis is None:
        raise MachinesError("there is no Redis on this machine: make test installs it, or says how")
    where = [
        "--bind",
        places.locate(COUNTER),
        "--port",
        str(_REDIS_PORT),
        "--protected-mode",
        "no",
        "--dir",
        str(folder),
    ]
    kept = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
    return Program(places, COUNTER, [redis, *where, *kept], folder / "redis.log", folder=folder)


def _kill_all(programs: list[Program]) -> None:
    for program in programs:
        program.kill()
