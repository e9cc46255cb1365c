"""security.md S23: whoever cannot be let in does not keep the program from stopping."""

import resource
import socket
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from tests.web.probe import Probe, start_probe

MANY = 100


def forbid_more_files(probe: Probe) -> None:
    """Have a program be able to open no file more than it has open."""
    opened = {int(link.name) for link in Path(f"/proc/{probe.process.pid}/fd").iterdir()}
    free = next(number for number in count() if number not in opened)
    resource.prlimit(probe.process.pid, resource.RLIMIT_NOFILE, (free, free))


def test_who_cannot_be_let_in_keeps_no_server_from_stopping(tmp_path: Path) -> None:
    probe = start_probe(tmp_path)
    forbid_more_files(probe)
    with ExitStack() as waiting:
        for _ in range(MANY):
            waiting.enter_context(socket.create_connection(("127.0.0.1", probe.port)))
        while "library failed" not in probe.log.read_text():
            assert probe.process.poll() is None
            time.sleep(0.01)
        time.sleep(2)
        probe.stop()
    assert probe.process.returncode == 0
    assert probe.log.read_text().count("library failed") < MANY  # it was not tried again and again
