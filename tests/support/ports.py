"""Ports for programs that a test starts: nobody else takes one between its choice and the program's start."""

import os
import socket
from contextlib import suppress
from itertools import count
from typing import Final

# Below the ports that the kernel gives to whoever asks for none, so that no connection of another test has one. Each
# worker of a run has a thousand of its own; two runs on one machine begin at different places.
_FIRST: Final = 20_000
_EACH: Final = 1_000
_WORKERS: Final = 12
_PLACES: Final = count(os.getpid())


def find_free_port() -> int:
    """Return a port of this machine's own address on which nobody listens; raises OSError where there is none."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{_WORKERS - 1}").removeprefix("gw")) % _WORKERS
    for _ in range(_EACH):
        port = _FIRST + worker * _EACH + next(_PLACES) % _EACH
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    message = f"the ports {_FIRST + worker * _EACH} and the {_EACH - 1} after it are all taken"
    raise OSError(message)
