"""Real servers: the `foreword serve` that people start, each with a data folder of its own on a port that was free."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import find_free_port

COMMAND = Path(sys.prefix) / "bin" / "foreword"
_SECONDS_TO_START = 60  # on a machine that is busy with everything else
_SECONDS_TO_STOP = 60
_ERROR = re.compile(r'"level": ?"(error|critical)"|^Traceback ', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it answers, the folder it keeps its data in and the file with all that it said."""

    url: str
    data: Path
    log: Path
    process: subprocess.Popen[bytes]

    def read_log(self) -> str:
        """Return what the server has written to its standard output and error so far."""
        return self.log.read_text()

    def stop(self, *, may_have_failed: bool = False) -> None:
        """End the server as an operator would, and fail if it crashed, hung or (unless it may) logged an error."""
        died = self.process.poll()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"the server did not stop within {_SECONDS_TO_STOP} seconds:\n{self.read_log()}", pytrace=False)
        if died is not None:
            pytest.fail(f"the server had ended by itself with {died}:\n{self.read_log()}", pytrace=False)
        if not may_have_failed and _ERROR.search(self.read_log()):
            pytest.fail(f"the server met an error that nobody expected:\n{self.read_log()}", pytrace=False)


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Give a function that starts servers for one test: `start_server(role="patient")` sets FOREWORD_ROLE."""
    yield from _make_starter(tmp_path_factory)


@pytest.fixture(scope="module")
def start_shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Give the same function for servers that the tests of one file share; all stop with its last test."""
    yield from _make_starter(tmp_path_factory)


@pytest.fixture(scope="module")
def live_server(start_shared_server: StartServer) -> Server:
    """Start the demonstration that `make run` starts, once for the tests of one file."""
    return start_shared_server()


def launch_server(folder: Path, settings: Mapping[str, object], command: Path = COMMAND) -> Server:
    """Start a server that works in a folder, wait until it is alive, and fail with what it said if it is not."""
    port = find_free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL", "TMPDIR") if name in os.environ}
    # All patients of a test come from one address.
    chosen = {"FOREWORD_DATA": f"{folder}/data", "FOREWORD_DEMO": "1", "FOREWORD_SENDS_AN_HOUR": "1000000"}
    chosen |= {f"FOREWORD_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {**inherited, **chosen, "HOST": "127.0.0.1", "PORT": str(port), "PYTHONUTF8": "1"}
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environment["TMPDIR"] = str(temporary)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [command, "serve"], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    server = Server(f"http://127.0.0.1:{port}", Path(chosen["FOREWORD_DATA"]), log, process)
    _wait_until_alive(server)
    return server


def _make_starter(folders: pytest.TempPathFactory) -> Iterator[StartServer]:
    started: list[Server] = []

    def start(**settings: str | int | Path) -> Server:
        server = launch_server(folders.mktemp("server"), settings)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.returncode is None:
            server.stop()


def _wait_until_alive(server: Server) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while server.process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=_SECONDS_TO_START)
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
            connection.close()
            if status == http.HTTPStatus.OK:
                return
        time.sleep(0.05)
    ended = server.process.poll()
    server.process.kill()
    server.process.wait()
    what = f"was not alive after {_SECONDS_TO_START} seconds" if ended is None else f"ended with {ended} at its start"
    pytest.fail(f"the server {what}:\n{server.read_log()}", pytrace=False)
