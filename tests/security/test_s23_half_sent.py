"""security.md S23: whoever sends slowly keeps nobody out."""

import socket

from tests.web.probe import Probe
from tests.web.raw import FORM, build_request, send_raw


def test_two_hundred_half_sent_requests_of_each_kind_keep_nobody_out(probe: Probe) -> None:
    head = b"GET /form HTTP/1.1\r\nHost: x\r\nX-Slow: "
    body = f"POST /form HTTP/1.1\r\nHost: {probe.host}\r\nContent-Type: {FORM}\r\nContent-Length: 99\r\n\r\na=".encode()
    waiting = []
    try:
        for half in [head] * 200 + [body] * 200:
            waiting.append(socket.create_connection(("127.0.0.1", probe.port)))
            waiting[-1].sendall(half)
        assert send_raw(probe.port, build_request(probe.host, "/form")).status == 200
    finally:
        for connection in waiting:
            connection.close()
