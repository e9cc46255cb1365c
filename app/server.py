"""The HTTP server: waitress, with limits that let many slow clients wait without keeping the quick ones out.

Measured beside granian (security.md S23): with 900 half-sent headers or bodies open waitress answers in 10 ms. Granian
is three times as quick for an empty page, but dead at as many half-sent bodies as it has threads, and holds 40 MB more.
Most of a real page's time is the page's own, so patience won.
"""

import errno
import resource
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from time import time
from types import FrameType
from typing import Final, NoReturn
from wsgiref.types import WSGIApplication

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from app.settings import Settings, StartError

_BACKLOG: Final = 1024
_OPEN_FILES: Final = 4096
_REQUEST_SECONDS: Final = 60
_HEARD_OUT: Final = 16 * 1024 * 1024

_LIMITS: Final = {
    "threads": 4,
    "connection_limit": 1000,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "max_request_header_size": 32 * 1024,
    "asyncore_use_poll": True,  # select() breaks at the 1024th open file
    "ident": None,
    "expose_tracebacks": False,
}


class Refusal(ErrorTask):
    """The answer to what is no request at all: with our page and headers, for waitress would repeat what was sent."""

    def execute(self) -> None:
        """Send the page, and have the connection hear the rest of the request out."""
        channel, error = self.channel, self.request.error  # type: ignore[attr-defined]  the stubs mistake its type
        server = channel.server
        assert isinstance(channel, Channel) and isinstance(server, Server)
        page = server.pages.get(error.code, server.pages[400])
        self.status = f"{error.code} {HTTPStatus(error.code).phrase}"
        self.response_headers = [*server.headers, ("Content-Type", "text/html; charset=utf-8")]
        self.set_close_on_finish()
        self.content_length = len(page)
        self.write(page)
        channel.is_refused = True


class Channel(HTTPChannel):
    """A connection that may be slow, but not for ever, and that reads our refusal before it is closed."""

    error_task_class = Refusal
    began = 0.0
    heard = 0
    is_refused = False
    is_hearing_out = False

    def received(self, data: bytes) -> bool:
        """Take in what was sent, or throw it away once the request was refused."""
        if self.is_hearing_out:
            self.heard += len(data)
            self.will_close = self.heard > _HEARD_OUT
            return False
        if self.request is None:
            self.began = time()
        return super().received(data)

    def handle_write(self) -> None:
        """Send what is ready; after a refusal close our half only.

        To close a socket with unread bytes in it makes the kernel throw away what the client has not read yet: a person
        whose text was too long would see a broken connection, not the page that says so.
        """
        if self.is_refused and self.close_when_flushed and not self.total_outbufs_len and self.socket:
            self.close_when_flushed = False
            self.is_hearing_out = True
            with suppress(OSError):  # the client has gone already
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_write()

    def is_overdue(self, now: float) -> bool:
        """Tell whether a request has been arriving for too long: one byte a second would keep a connection for ever."""
        is_arriving = self.is_hearing_out or (self.request is not None and not self.requests)
        return is_arriving and now - self.began > _REQUEST_SECONDS


class Server(TcpWSGIServer):
    """The listening side: waitress, on a socket that is open already."""

    channel_class = Channel

    def __init__(
        self,
        application: WSGIApplication,
        listener: socket.socket,
        settings: Settings,
        *,
        max_body: int,
        headers: Sequence[tuple[str, str]],
        pages: Mapping[int, bytes],
    ) -> None:
        self.headers = (*headers, ("Cache-Control", "no-store"))
        self.pages = pages
        adjustments = Adjustments(
            **_LIMITS,
            sockets=[listener],
            max_request_body_size=max_body + 1,  # the first size that is too large
            inbuf_overflow=max_body + 2,  # above it waitress would write what was typed to a temporary file
            clear_untrusted_proxy_headers=not settings.trusted_hops,
        )
        where = (listener.family, listener.type, None, listener.getsockname())
        super().__init__(application, {}, True, listener, None, adjustments, where, bind_socket=False)  # noqa: FBT003  as it is

    def maintenance(self, now: int) -> None:
        """Close connections on which nothing happens, or the same thing for too long."""
        super().maintenance(now)
        channels: dict[int, Channel] = self.active_channels  # type: ignore[assignment]  the stubs mistake its type
        for channel in channels.values():
            if channel.is_overdue(now):
                channel.will_close = True


def open_listener(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say, or raise `StartError`: those who come now wait in it."""
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family = min(family for family, *_ in found)  # IPv4 first: `localhost` is both, and people type 127.0.0.1
        address = next(address for kind, *_, address in found if kind == family)
        return socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
        )
    except OSError as error:
        raise StartError(_explain(error, host, port)) from None


def stop_on_signals() -> None:
    """Have SIGTERM and SIGINT end the program quietly; a second one ends it at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def run(server: Server) -> None:
    """Serve until the program is told to stop; requests that were being answered are answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:  # each waiting client is an open file
        most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    server.run()
    server.close()


def _stop(_: int, __: FrameType | None) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    raise SystemExit(0)


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is already in use; choose another: PORT={port % 65535 + 1} make run"
    if error.errno == errno.EACCES:
        return f"Port {port} is kept for the system; choose one above 1023: PORT=8000 make run"
    return f"HOST: this machine has no address {host}; choose one it has: HOST=127.0.0.1 make run"
