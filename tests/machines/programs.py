"""Programs on machines: started, killed as a power cut would, waited for, and never left behind."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.machines.places import Places

_SECONDS_TO_STOP = 10
_CALM = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class MachinesError(Exception):
    """The machines could not be built or did not come back; the text says which and what it said last."""


@dataclass(slots=True)
class Program:
    """One program on one machine; it can be started again after it was killed."""

    places: Places
    machine: str
    command: Sequence[str]
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    folder: Path = Path("/")
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; whether it works is for `wait_for` to find out."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.places.wrap(self.machine, self.command, self.user),
                env={**_CALM, **self.environ},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us alone
            )

    def list_processes(self) -> list[psutil.Process]:
        """Return its processes, those that it started as well."""
        if self.process is None:
            return []
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """End all of it at once and without a word, with kill -9."""
        doomed = self.list_processes()
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(doomed, timeout=_SECONDS_TO_STOP)
        if self.process is not None:
            self.process.wait()

    @property
    def has_ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def describe(self) -> str:
        """Return the end of what it said."""
        return self.log.read_text(errors="replace")[-3000:]


def wait_for(what: str, check: Callable[[], bool], seconds: float, program: Program | None = None) -> None:
    """Wait until something is so, or raise `MachinesError` with what the program said."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not (program and program.has_ended):
        if check():
            return
        time.sleep(0.1)
    said = f":\n{program.describe()}" if program else ""
    why = "its program has ended" if program and program.has_ended else f"not after {seconds:.0f} seconds"
    raise MachinesError(f"{what}: {why}{said}")


def run_to_end(
    places: Places,
    machine: str,
    command: Sequence[str],
    user: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Run a program on a machine to its end and return what it said, or raise `MachinesError`."""
    done = subprocess.run(
        places.wrap(machine, command, user),
        env={**_CALM, **(environ or {})},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise MachinesError(
            f"{Path(command[0]).name} on {machine} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout
