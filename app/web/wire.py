"""The HTTP server's connections: waitress, with limits that let slow clients wait without keeping quick ones out.

Measured beside granian (security.md S23): with 900 half-sent headers or bodies open waitress answers in 10 ms. Granian
is three times as quick for an empty page, but dead at as many half-sent bodies as it has threads, and holds 40 MB more.
Most of a real page's time is the page's own, so patience won. Nothing here may repeat or log what was sent.
"""

import errno
import select
import socket
import struct
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.wasyncore import loop

from app.counters import COUNTERS, REQUESTS
from app.logs import get_log
from app.settings import Settings
from app.web.numbering import HEADER, draw_number
from app.web.parsing import Parser
from app.web.security import NO_STORE, list_headers
from app.web.services import read_clock
from app.web.shell import MAX_BODY, get_shell

_REQUEST_SECONDS: Final = 60
_HEARD_OUT: Final = 16 * 1024 * 1024
_STUCK_SECONDS: Final = 60
_HELD_BACK: Final = 512 * 1024
# What the kernel holds of an answer, on top. It also says what counts as reading: measured, 30 to 100 KB were taken
# before there was room for more. Left to itself the kernel holds megabytes, and who reads slowly would seem stuck.
_KERNEL_HOLDS: Final = 64 * 1024
# To close with this is to cut off: the kernel forgets what it still held for a client who takes nothing.
_CUT_OFF: Final = struct.pack("ii", 1, 0)
_PLACES: Final = 1000
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# So many connections are kept free for whoever comes next.
_SPARE: Final = 16
_TURN_SECONDS: Final = 1.0
# The thread that reads and sends waits for Python's lock at each connection, while others compute: all of them together
# may cost it so much in a turn. With Python's own 5 ms at each, 200 busy connections got a tenth of the answers.
_SWITCHES_SECONDS: Final = 0.01
_SWITCH_SECONDS: Final = 0.005
# Of a server that stops: how long what was begun may take, how long a client may be silent in the middle of it, and how
# long a connection on which nothing was begun is waited for.
_FINISH_SECONDS: Final = 30
_SILENT_SECONDS: Final = 5
_IDLE_SECONDS: Final = 1
_STOPPING_TURN_SECONDS: Final = 0.05

_LIMITS: Final = {
    "threads": 4,
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
    """A connection that may be slow, but not for ever, and whose last answer is read before it is closed."""

    parser_class = Parser
    began = 0.0
    stalled = 0.0
    heard = 0
    is_heard_out = False
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
        """Send what is ready; after a last answer close our half only, and hear the client out.

        To close a socket with unread bytes in it makes the kernel forget what the client has not read yet: a person
        whose text was too long would see a broken connection, not the page that says so.
        """
        is_last = self.is_heard_out and self.close_when_flushed
        if is_last:
            self.close_when_flushed = False
        super().handle_write()
        if not is_last or self.socket is None:
            return
        if self.total_outbufs_len:
            self.close_when_flushed = True
            return
        self.is_hearing_out = True
        self.began = self.last_activity
        with suppress(OSError):  # the client has gone already
            self.socket.shutdown(socket.SHUT_WR)

    def handle_close(self) -> None:
        """Close, and let the thread go that waits for the client; an answer that is not whole is seen to be broken."""
        if self.total_outbufs_len and self.socket is not None:
            with suppress(OSError):  # the client has gone already
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CUT_OFF)
        super().handle_close()

    def is_overdue(self, now: float, patience: float) -> bool:
        """Tell whether nothing has happened for too long, or one request has been arriving for too long.

        Whoever reads may take as long as they like, if only they take something: within `patience` seconds, counted
        from the first look that finds an answer waiting, for it may have been made for longer than that. A request has
        to be whole in a minute: a byte a second would keep its connection for ever.
        """
        if self.total_outbufs_len:
            if self.last_activity > self.stalled:
                self.stalled = now
            return now - self.stalled > patience
        self.stalled = 0.0
        if self.requests:
            return False
        is_arriving = self.is_hearing_out or self.request is not None
        is_silent = now - self.last_activity > self.adj.channel_timeout
        return is_silent or (is_arriving and now - self.began > _REQUEST_SECONDS)

    def is_done(self, now: float) -> bool:
        """Tell whether a server that stops may close this: nothing is asked or answered on it, or nobody goes on."""
        if self.requests or self.socket is None:
            return False
        is_begun = self.request is not None or self.total_outbufs_len or self.is_hearing_out
        return now - self.last_activity > (_SILENT_SECONDS if is_begun else _IDLE_SECONDS) and not _can_read(
            self.socket
        )


class Work(WSGITask):
    """A request for the application."""

    def build_response_header(self) -> bytes:
        """Return the head of the answer, and say whether it is the last one on its connection.

        It is on a server that stops; and where more was sent before it was read, for a connection on which many answers
        wait would hold them all, and the thread that makes them (RFC 9112, 9.3.2: the client asks again).
        """
        channel, request, server = self.channel, self.request, self.channel.server
        if isinstance(channel, Channel) and isinstance(request, Parser) and request.is_followed:
            channel.is_heard_out = True
            self.set_close_on_finish()
        if isinstance(server, Server) and server.is_stopping:
            self.set_close_on_finish()
        return super().build_response_header()


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
        number = draw_number()
        about = (NO_STORE, (HEADER, number), ("Content-Type", "text/html; charset=utf-8"))
        self.response_headers = [*server.headers, *about]
        self.set_close_on_finish()
        self.content_length = len(page)
        channel.is_heard_out = True
        COUNTERS.count(REQUESTS, "none", "other", f"{status // 100}xx")
        get_log().info("request refused", request=number, status=status.value)
        # After HEAD a client reads the head alone, and would take the page for the next answer.
        self.write(b"" if getattr(self.request, "first_line", b"").startswith(b"HEAD ") else page)


class Server(TcpWSGIServer):
    """An application served on a socket that is open already.

    One that was handed over goes on listening for the next program: who connects while this one stops waits for that.
    Who takes nothing of an answer for `patience` seconds is cut off; `places` is how many may be connected at once.
    """

    channel_class = Channel

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        listener: socket.socket,
        *,
        is_handed_over: bool = False,
        patience: float = _STUCK_SECONDS,
        places: int = _PLACES,
    ) -> None:
        self.headers = list_headers(settings)
        self.problem_pages = get_shell(app).problem_pages
        self.is_stopping = False
        self._closes_at = float("inf")
        self._listener = listener
        self._is_handed_over = is_handed_over
        self._patience = patience
        self._accepts_at = 0.0
        self._watched: dict[int, socket.socket] = {}
        is_direct = not settings.trusted_hops
        limits = Adjustments(**_LIMITS, connection_limit=places, clear_untrusted_proxy_headers=is_direct)
        address = (listener.family, listener.type, None, listener.getsockname())
        super().__init__(app, self._watched, _sock=listener, adj=limits, sockinfo=address, bind_socket=False)

    def run(self) -> None:
        """Serve until `stop` is called, and then until whatever was begun is answered, for half a minute at most."""
        while not self._is_over():
            sys.setswitchinterval(min(_SWITCH_SECONDS, _SWITCHES_SECONDS / max(len(self._watched), 1)))
            seconds = _STOPPING_TURN_SECONDS if self.is_stopping else _TURN_SECONDS
            loop(timeout=seconds, use_poll=True, map=self._watched, count=1)
            self._close_marked()
        left = self._list_channels()
        if left:
            get_log().warning("stopped with connections open", count=len(left))
        for channel in left:
            channel.handle_close()
        self.task_dispatcher.shutdown()

    def stop(self, drain_seconds: float = 0) -> None:
        """Have `run` end: after so many seconds nobody new is heard. Safe to call from a signal handler."""
        # Who was answered from now on connects anew, and where there is another machine, to that one.
        self.is_stopping = True
        self._closes_at = time.monotonic() + (0 if self._is_handed_over else drain_seconds)
        self.pull_trigger()

    def readable(self) -> bool:
        """Tell whether somebody new can be let in: when all places are taken, whoever was silent longest goes (S23)."""
        if self.accepting and len(self._watched) > self.adj.connection_limit - _SPARE and _can_read(self._listener):
            self._make_room()
        return bool(super().readable()) and time.monotonic() >= self._accepts_at

    def accept(self) -> tuple[socket.socket, object] | None:
        """Let somebody in; where the system has no room for them, somebody silent goes, and it is tried a turn later.

        At once it would fail again, and be logged again, some ten thousand times a second.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._make_room()
                self._accepts_at = time.monotonic() + _TURN_SECONDS
            raise

    def _make_room(self) -> None:
        channels = self._list_channels()
        leaving = sum(channel.will_close for channel in channels)
        # Who does not read their answer rests as well: whoever reads it was heard of lately, and goes last.
        resting = [each for each in channels if not (each.requests or each.will_close)]
        resting.sort(key=lambda channel: channel.last_activity)
        for channel in resting[: max(_SPARE - leaving, 0)]:
            channel.will_close = True

    def maintenance(self, now: int) -> None:
        """Mark for closing the connections on which nothing happens, or one request for too long."""
        for channel in self._list_channels():
            if channel.is_overdue(now, self._patience):
                channel.will_close = True

    def set_socket_options(self, conn: socket.socket) -> None:
        """Prepare the socket of whoever was let in."""
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_HOLDS)

    def _close_marked(self) -> None:
        # Waitress closes what is marked once it can be written to: never, if the client takes nothing. It is done
        # between two turns, for within one the number of a closed socket may be somebody else's already.
        for channel in self._list_channels():
            if channel.will_close:
                channel.handle_close()

    def _is_over(self) -> bool:
        """Tell whether a server that stops has nothing more to do; what is done with is closed on the way."""
        late = time.monotonic() - self._closes_at
        if late < 0:
            return False
        if self.accepting:
            self._stop_accepting()
        now = read_clock().timestamp()
        for channel in self._list_channels():
            if channel.is_done(now):
                channel.handle_close()
        return late > _FINISH_SECONDS or not self._list_channels()

    def _stop_accepting(self) -> None:
        # To close a listening socket resets whoever has connected and was not accepted yet.
        if not self._is_handed_over:
            self._accept_waiting()
        self.accepting = False
        self.del_channel()
        if not self._is_handed_over:
            self._listener.close()

    def _accept_waiting(self) -> None:
        # As many as can be waiting at once: whoever goes on connecting keeps no server from stopping. Nor does somebody
        # who cannot be let in because no more files may be open: they would be waiting for ever.
        for _ in range(self.adj.backlog + 1):
            count = len(self._list_channels())
            if _can_read(self._listener):
                self.handle_accept()
            if len(self._list_channels()) == count:
                return

    def _list_channels(self) -> list[Channel]:
        channels: dict[int, Channel] = self.active_channels  # type: ignore[assignment]  # the stubs err
        return list(channels.values())


def _can_read(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


Channel.task_class = Work
Channel.error_task_class = Refusal
