"""A listening socket that whoever started the program holds and hands over: systemd's socket activation.

While one program has gone and the next is not yet there, whoever connects waits in that socket and is not refused.
"""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

from app.settings import StartError

_FIRST: Final = 3
_NAMES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})


def take_handed_over(environ: MutableMapping[str, str]) -> socket.socket | None:
    """Return the socket that was handed over to this process, or None; raises `StartError` for what is no such thing.

    What says so is taken out of the environment, so that no process started from here believes it is meant.
    """
    process, count, _ = (environ.pop(name, "") for name in _NAMES)
    if process != str(os.getpid()) or count in {"", "0"}:
        return None
    if count != "1":
        raise StartError(f"LISTEN_FDS: {count} sockets were handed over; keep one ListenStream in the socket unit")
    with suppress(OSError), socket.socket(fileno=_FIRST) as handed:
        if handed.family in _INTERNET and handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return handed.dup()  # which no process started from here inherits
    raise StartError(
        "LISTEN_FDS: what was handed over is no listening TCP socket; "
        "write ListenStream with an address and a port, such as 127.0.0.1:8000"
    )
