"""The real program in a folder of its own: started, killed and asked from outside, on a port that stays the same."""

import ctypes.util
import os
import signal
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.server import COMMAND
from tests.torture.client import Client, LostError, Traffic

_SECONDS = 60
_FAKETIME = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def shift_clock(seconds: int | Path) -> dict[str, str]:
    """Return what has a program believe in another time: so many seconds off, or as many as a file says just then."""
    found = next(iter(_FAKETIME), ctypes.util.find_library("faketimeMT"))
    if found is None:
        raise RuntimeError("a clock can only be shifted with libfaketime: apt-get install faketime")
    told = (
        {"FAKETIME_TIMESTAMP_FILE": str(seconds), "FAKETIME_NO_CACHE": "1"}
        if isinstance(seconds, Path)
        else {"FAKETIME": f"{seconds:+d}"}
    )
    # A step of the wall clock moves no other clock, and no file's time.
    return {"LD_PRELOAD": str(found), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", **told}


@dataclass(slots=True)
class Program:
    """One clinic's program; `environ` is what its settings are made of."""

    folder: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """Return its data folder."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """Return its database."""
        return self.data / "foreword.sqlite3"

    @property
    def log(self) -> Path:
        """Return the file with all that it said."""
        return self.folder / "log"

    def read_log(self) -> str:
        """Return what it said so far."""
        return self.log.read_text() if self.log.exists() else ""

    def build_environ(self) -> dict[str, str]:
        """Return the whole environment it is started with."""
        (self.folder / "temporary").mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL") if name in os.environ}
        own = {
            "FOREWORD_DATA": str(self.data),
            "FOREWORD_DEMO": "0",
            "FOREWORD_SENDS_AN_HOUR": "1000000",  # all patients come from one address
            "FOREWORD_PASSWORD_COST": "test",
            "FOREWORD_STAFF_IDLE_MINUTES": "60",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUTF8": "1",
            "TMPDIR": str(self.folder / "temporary"),
        }
        return {**kept, **own, **self.environ}

    def start(self, log: Path | None = None) -> None:
        """Start the server, and wait for nothing."""
        environ = self.build_environ()
        with (log or self.log).open("ab") as output:
            self.process = subprocess.Popen(
                [COMMAND, "serve"],
                env=environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.starts += 1

    def start_well(self) -> None:
        """Start the server and wait until it is ready; raises RuntimeError with what it said when it is not."""
        self.start()
        if not self.is_ready():
            self.kill()
            raise RuntimeError(f"the server is not ready:\n{self.read_log()[-4000:]}")

    def is_ready(self) -> bool:
        """Wait until the server is ready, and tell whether it is."""
        client = Client(self.url, Traffic())
        deadline = time.monotonic() + _SECONDS
        while self.process is not None and self.process.poll() is None and time.monotonic() < deadline:
            with suppress(LostError), closing(client):
                if client.ask("GET", "/readyz").status == 200:
                    return True
            time.sleep(0.05)
        return False

    def refuse(self) -> Said:
        """Start a server that cannot start, and return how it ended; raises TimeoutExpired when it goes on."""
        done = subprocess.run(
            [COMMAND, "serve"],
            env=self.build_environ(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def kill(self) -> int | None:
        """Kill the server without a word (SIGKILL), and return how it had ended before, if it had."""
        if self.process is None:
            return None
        ended = self.process.poll()
        if ended is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.process = None
        return ended

    def stop(self) -> int:
        """End the server as an operator would, and return its exit code."""
        if self.process is None:
            raise RuntimeError("it does not run")
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None
        return code

    def run(self, *words: str, kill_after: float | None = None, **environ: str) -> Said:
        """Run a command of this clinic; it may be killed after so many seconds, and its code is then negative."""
        process = subprocess.Popen(
            [COMMAND, *words],
            env={**self.build_environ(), **environ},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = process.communicate(timeout=kill_after or 2 * _SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return Said(process.returncode, out.decode(), err.decode())
