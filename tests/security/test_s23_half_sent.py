"""security.md S23: whoever sends slowly, or says nothing at all, keeps nobody out."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bench.walker import Walker
from tests.security.grounds import Caller, sign_in
from tests.support.server import Server
from tests.web.raw import FORM, build_request, read_reply

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = f"POST /start HTTP/1.1\r\nHost: HOST\r\nContent-Type: {FORM}\r\nContent-Length: 99\r\n\r\na="
IDLE = 1200  # more than the server keeps open


class Crowd:
    """Connections that are open and say no more than they were told."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self.port = port
        self.sockets: list[socket.socket] = []
        self._stack = stack

    def come(self, count: int, said: bytes = b"") -> None:
        """Open so many connections."""
        for _ in range(count):
            self.sockets.append(self._stack.enter_context(socket.create_connection(("127.0.0.1", self.port))))
            if said:
                self.sockets[-1].sendall(said)

    def count_open(self) -> int:
        """Return how many the server has not closed."""
        return sum(map(is_open, self.sockets))


def is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


@pytest.fixture
def crowd(live_server: Server) -> Iterator[Crowd]:
    """Give a crowd that leaves with the test."""
    with ExitStack() as stack:
        yield Crowd(int(live_server.url.rpartition(":")[2]), stack)


def ask_everything(server: Server) -> None:
    """Have a patient begin and save, and staff sign in and open a page; both on connections of their own."""
    walker = Walker(server.url)
    walker.start()
    walker.send(walker.document.forms[0], {"age": ["34"]})
    walker.connection.close()
    assert (walker.status, walker.path.startswith("/questions/")) == (200, True)
    assert sign_in(server, "reviewer").call("GET", "/clinic/responses").status == 200
    assert Caller("nobody", server).call("GET", "/healthz").status == 200


def test_two_hundred_half_sent_requests_of_each_kind_keep_nobody_out(live_server: Server, crowd: Crowd) -> None:
    crowd.come(200, HEAD)
    ask_everything(live_server)
    crowd.come(200, BODY.replace("HOST", live_server.url.removeprefix("http://")).encode())
    ask_everything(live_server)
    assert crowd.count_open() == 400  # they were waited for all the time


def test_a_thousand_idle_connections_keep_nobody_out(live_server: Server, crowd: Crowd) -> None:
    crowd.come(1000)
    ask_everything(live_server)
    assert crowd.count_open() > 900
    # And more than there is room for: whoever was silent longest has to go
    crowd.come(IDLE - 1000)
    ask_everything(live_server)
    assert crowd.count_open() > 900
    assert not is_open(crowd.sockets[0])
    assert is_open(crowd.sockets[-1])


def test_whoever_is_slow_but_goes_on_is_not_driven_out(live_server: Server, crowd: Crowd) -> None:
    request = build_request(live_server.url.removeprefix("http://"), "/start", "POST", b"a=" + b"x" * 50)
    crowd.come(1, request[:-50])
    [slow] = crowd.sockets
    for _ in range(4):
        crowd.come(IDLE // 4)
        slow.sendall(b"x")
        ask_everything(live_server)
    slow.sendall(b"x" * 46)
    assert read_reply(slow, "POST").status == 400  # it has no token: it was read to its end
