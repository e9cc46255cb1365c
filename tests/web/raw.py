"""HTTP as bytes on a socket: tests of a server's limits must be able to send what no client library would."""

import http.client
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

_SECONDS = 60
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str | None:
        """Return the only header of a name, None when there is none; two of one name fail the test."""
        values = [value for given, value in self.headers if given.lower() == name.lower()]
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    @property
    def cookie(self) -> str:
        """Return the cookie that was set, as a browser would send it back."""
        return (self.get("Set-Cookie") or "").partition(";")[0]


def send_raw(port: int, request: bytes) -> Reply:
    """Send bytes and return the answer to them."""
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
        return ask(connection, request)


def ask(connection: socket.socket, request: bytes) -> Reply:
    """Send bytes on a connection and return the answer, which may come and be the last word before all was heard."""
    with suppress(ConnectionError, ssl.SSLEOFError):  # where nothing was answered either, reading says so
        connection.sendall(request)
    return read_reply(connection, request.partition(b" ")[0].decode("latin-1"))


def read_reply(connection: socket.socket, method: str = "GET") -> Reply:
    """Return the next answer on a connection."""
    with closing(http.client.HTTPResponse(connection, method=method)) as response:
        response.begin()
        return Reply(response.status, tuple(response.getheaders()), response.read())


def build_request(
    host: str, path: str = "/", method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a whole request; `headers` may replace those it has anyhow."""
    about = {} if body is None else {"Content-Type": FORM, "Content-Length": str(len(body))}
    lines = {"Host": host, "Connection": "close", **about, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a browser holds it: the token in it, and the session's cookie."""

    token: str
    cookie: str


def open_form(port: int, host: str) -> Form:
    """Return the probe's form."""
    reply = send_raw(port, build_request(host, "/form"))
    found = re.search(r"</title>(\S+)", reply.text)
    assert found is not None, reply
    return Form(found.group(1), reply.cookie)
