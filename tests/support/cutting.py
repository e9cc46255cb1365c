"""A wire to a PostgreSQL server that is cut at the worst moment: when a commit was asked for and nobody heard back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_SOCKET = ".s.PGSQL.5432"
_CHUNK = 65536
_COMMIT = b"COMMIT"


class CuttingWire:
    """Passes on what client and server say, and cuts the next commit when it is told to."""

    def __init__(self, folder: Path, server: Path) -> None:
        """Listen in a folder for what is meant for a server's folder."""
        self.folder = folder
        self.cuts = 0
        self._server = server
        self._wanted = ""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _SOCKET))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut_next_commit(self, when: str) -> None:
        """Cut the next commit `before` the server hears of it, or `after` it was done and before that is told."""
        self._wanted = when

    def close(self) -> None:
        """Cut everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in [self._listener, *self._open]:
            _end(one)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / _SOCKET))
                self._open += [client, server]
                for work in (self._pass_on, self._pass_back):
                    thread = threading.Thread(target=work, args=(client, server))
                    self._threads.append(thread)
                    thread.start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(_CHUNK):
                if self._wanted and _COMMIT in said:
                    when, self._wanted = self._wanted, ""
                    self.cuts += 1
                    _end(client)  # from here on nobody hears what the server answers
                    if when == "after":
                        server.sendall(said)
                        # A farewell, as libpq says it: the server does what it was told first.
                        server.sendall(b"X\x00\x00\x00\x04")
                    return
                server.sendall(said)
        _end(server)

    @staticmethod
    def _pass_back(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := server.recv(_CHUNK):
                with suppress(OSError):
                    client.sendall(said)
        _end(client)


@contextmanager
def lay_wire(server: Path) -> Iterator[CuttingWire]:
    """Give a wire to the server whose socket is in a folder."""
    with TemporaryDirectory(prefix="wire-") as folder:
        wire = CuttingWire(Path(folder), server)
        try:
            yield wire
        finally:
            wire.close()


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
