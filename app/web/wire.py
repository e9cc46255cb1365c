"""The HTTP server's connections: waitress, with limits that let slow clients wait without keeping quick ones out.

Measured beside granian (security.md S23): with 900 half-sent headers or bodies open waitress answers in 10 ms. Granian
is three times as quick for an empty page, but dead at as many half-sent bodies as it has threads, and holds 40 MB more.
Most of a real page's time is the page's own, so patience won. Nothing here may repeat or log what was sent.
"""

import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from app.logs import get_log
from app.settings import Settings
from app.web.security import NO_STORE, list_headers
from app.web.shell import MAX_BODY, get_shell

_REQUEST_SECONDS: Final = 60
_HEARD_OUT: Final = 16 * 1024 * 1024
_STUCK_SECONDS: Final = 60
_HELD_BACK: Final = 512 * 1024

_LIMITS: Final = {
    "threads": 4,
    "connection_limit": 1000,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "max_request_header_size": 32 * 1024,
    "max_request_body_size": MAX_BODY + 1,  # waitress refuses this size, and takes one less
    "inbuf_overflow": MAX_BODY + 2,  # from here on waitress would write what was typed to a temporary file
    # A download waits for whoever reads it when so much lies ready; waitress would write more to a temporary file.
    "outbuf_high_watermark": _HELD_BACK,
    "outbuf_overflow": 1 << 30,
    "asyncore_use_poll": True,  # select() breaks at the 1024th open file
    "listen": "127.0.0.1:0",  # not used, for our socket is open; but what stands here is looked up
    "ident": None,
    "expose_tracebacks": False,
}


class Channel(HTTPChannel):
    """A connection that may be slow, but not for ever, and on which a refusal is read before it is closed."""

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
            self.began = self.last_activity
        return super().received(data)

    def handle_write(self) -> None:
        """Send what is ready; after a refusal close our half only, and hear the client out.

        To close a socket with unread bytes in it makes the kernel forget what the client has not read yet: a person
        whose text was too long would see a broken connection, not the page that says so.
        """
        is_said = self.is_refused and self.close_when_flushed and not self.total_outbufs_len
        if is_said and self.socket is not None:
            self.close_when_flushed = False
            self.is_hearing_out = True
            with suppress(OSError):  # the client has gone already
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_write()

    def is_overdue(self, now: float) -> bool:
        """Tell whether a request has been arriving for too long: a byte a second would keep a connection for ever.

        So would somebody who takes nothing of an answer that is made while it is sent: its thread waits for them.
        """
        if self.requests and self.total_outbufs_len:
            return now - self.last_activity > _STUCK_SECONDS
        is_arriving = self.is_hearing_out or (self.request is not None and not self.requests)
        return is_arriving and now - self.began > _REQUEST_SECONDS


class Refusal(ErrorTask):
    """The answer to what is no request at all: our page and our headers, where waitress would repeat what was sent."""

    def execute(self) -> None:
        """Send the page."""
        channel, status = self.channel, HTTPStatus(self.request.error.code)  # type: ignore[attr-defined]  # stubs err
        server = channel.server
        if not isinstance(channel, Channel) or not isinstance(server, Server):
            raise TypeError
        page = server.problem_pages.get(status, server.problem_pages[HTTPStatus.BAD_REQUEST])
        self.status = f"{status} {status.phrase}"
        self.response_headers = [*server.headers, NO_STORE, ("Content-Type", "text/html; charset=utf-8")]
        self.set_close_on_finish()
        self.content_length = len(page)
        channel.is_refused = True
        self.write(page)
        get_log().info("request refused", status=status.value)


class Server(TcpWSGIServer):
    """An application served on a socket that is open already."""

    channel_class = Channel

    def __init__(self, app: Flask, settings: Settings, listener: socket.socket) -> None:
        self.headers = list_headers(settings)
        self.problem_pages = get_shell(app).problem_pages
        limits = Adjustments(**_LIMITS, clear_untrusted_proxy_headers=not settings.trusted_hops)
        address = (listener.family, listener.type, None, listener.getsockname())
        super().__init__(app, {}, _sock=listener, adj=limits, sockinfo=address, bind_socket=False)

    def maintenance(self, now: int) -> None:
        """Close connections on which nothing happens, or one request for too long."""
        super().maintenance(now)
        channels: dict[int, Channel] = self.active_channels  # type: ignore[assignment]  # the stubs err
        for channel in channels.values():
            if channel.is_overdue(now):
                channel.will_close = True


Channel.error_task_class = Refusal
