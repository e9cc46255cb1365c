"""A real Redis server in a temporary folder; it listens on a local socket and on no port, and keeps nothing."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

_SECONDS_TO_START = 60


@dataclass
class RedisServer:
    """A server that can be stopped, paused and started again; `url` is where it listens, whatever it does."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return the address, as FOREWORD_REDIS_URL has it."""
        return f"unix://{self.folder}/socket"

    @property
    def client(self) -> Redis:
        """Return a way in of the test's own."""
        return Redis.from_url(self.url, decode_responses=True)

    def start(self, *options: str) -> None:
        """Start the server, and wait until it answers."""
        kept = ("--save", "", "--appendonly", "no", "--dir", str(self.folder))
        command = ["redis-server", "--port", "0", "--unixsocket", f"{self.folder}/socket", *kept, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._is_answering():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("redis-server did not start: make test installs it", pytrace=False)
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, with all it has."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Let it be there and answer nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def _is_answering(self) -> bool:
        try:
            with self.client as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None:
            pytest.fail("this Redis does not run", pytrace=False)
        self.process.send_signal(number)


@contextmanager
def run_redis() -> Iterator[RedisServer]:
    """Run a server of one's own."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:  # short: a socket's path has about a hundred bytes
        server = RedisServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Run a Redis server for one test: it starts in some hundredths of a second."""
    with run_redis() as server:
        yield server
