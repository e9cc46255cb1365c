"""A client that sends any bytes, and is strict about what comes back: every byte of it must be an HTTP answer."""

from __future__ import annotations

import gzip
import re
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import brotli

from tests.fuzz.recipe import Recipe
from tests.web.raw import Reply

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) [ -~]*")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)")
_NO_BODY: Final = frozenset({204, 304})
_CONTINUE: Final = 100
_READ: Final = 1 << 16
# After an answer the rest has to come soon: a server may think that it was asked once, and keep the connection.
_REST_SECONDS: Final = 0.2


class Ending(StrEnum):
    """How an exchange ended."""

    ANSWERED = "answered"
    CLOSED = "closed without an answer"
    RESET = "reset"
    SILENT = "no answer in time"
    GARBLED = "no HTTP"


class GarbledError(Exception):
    """What came back is no HTTP; the text says where."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back for one recipe: `seconds` to the last byte of the first answer, `silence` without a byte of it."""

    ending: Ending
    replies: tuple[Reply, ...] = ()
    seconds: float = 0.0
    silence: float = 0.0
    fault: str = ""


class _Reader:
    """Answers, one after the other, on a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = b""
        self._heard_at = time.monotonic()
        self.silence = 0.0

    def read_reply(self, method: str) -> Reply | None:
        """Return the next answer, None where the connection was closed before a byte of it."""
        while True:
            head = self._read_head()
            if head is None:
                return None
            status, headers = _parse_head(head)
            if status != _CONTINUE:
                break
        body = self._read_body(status, {name.lower(): value for name, value in headers}, method)
        return Reply(status, headers, body)

    def _more(self) -> bool:
        read = self._connection.recv(_READ)
        now = time.monotonic()
        self.silence, self._heard_at = max(self.silence, now - self._heard_at), now
        self._held += read
        return bool(read)

    def _read_head(self) -> bytes | None:
        while b"\r\n\r\n" not in self._held:
            if not self._more():
                if self._held:
                    raise GarbledError(f"the connection was closed within a head: {self._held[:80]!r}")
                return None
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head

    def _read_body(self, status: int, headers: dict[str, str], method: str) -> bytes:
        if method == "HEAD" or status in _NO_BODY:
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return self._read_chunks()
        if "content-length" in headers:
            return self._take(int(headers["content-length"]))
        while self._more():
            pass
        body, self._held = self._held, b""
        return body

    def _take(self, length: int) -> bytes:
        while len(self._held) < length:
            if not self._more():
                raise GarbledError(f"{length} bytes were promised and {len(self._held)} came")
        taken, self._held = self._held[:length], self._held[length:]
        return taken

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._held:
                if not self._more():
                    raise GarbledError("the connection was closed between chunks")
            size, _, self._held = self._held.partition(b"\r\n")
            part = self._take(int(size, 16) + 2)[:-2]
            if not part:
                return body
            body += part


def send(port: int, recipe: Recipe, request: bytes, patience: float) -> Exchange:
    """Send a recipe's bytes and return what came back within so many seconds."""
    with socket.socket() as connection:
        connection.settimeout(patience)
        connection.bind((recipe.address, 0))
        connection.connect(("127.0.0.1", port))
        begun = time.monotonic()
        try:
            _say(connection, request, is_last=recipe.may_wait)
            reader = _Reader(connection)
            first = reader.read_reply(recipe.method)
            taken, silence = time.monotonic() - begun, reader.silence
            if first is None:
                return Exchange(Ending.CLOSED, (), taken, silence)
            connection.settimeout(_REST_SECONDS)
            rest = _read_rest(reader) if recipe.tail else ()
            return Exchange(Ending.ANSWERED, (first, *rest), taken, silence)
        except TimeoutError:
            ending, fault = Ending.SILENT, ""
        except OSError:
            ending, fault = Ending.RESET, ""
        except (GarbledError, ValueError) as error:
            ending, fault = Ending.GARBLED, str(error)
        taken = time.monotonic() - begun
        return Exchange(ending, (), taken, taken, fault)


def _say(connection: socket.socket, request: bytes, *, is_last: bool) -> None:
    # Where it was refused before its end, the answer may lie ready.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request)
        if is_last:
            connection.shutdown(socket.SHUT_WR)


def _read_rest(reader: _Reader) -> Iterator[Reply]:
    with suppress(OSError):  # it waits for more, or has thrown away what it did not want
        while (following := reader.read_reply("GET")) is not None:
            yield following


def _parse_head(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    first, *lines = head.split(b"\r\n")
    found = _STATUS.fullmatch(first)
    if found is None:
        raise GarbledError(f"this is no status line: {first[:80]!r}")
    headers = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise GarbledError(f"this is no header: {line[:80]!r}")
        headers.append((field[1].decode(), field[2].decode()))
    return int(found[1]), tuple(headers)


def unpack(reply: Reply) -> bytes:
    """Return an answer's body without its compression."""
    match reply.get("Content-Encoding"):
        case "gzip":
            return gzip.decompress(reply.body) if reply.body else b""
        case "br":
            return bytes(brotli.decompress(reply.body)) if reply.body else b""
        case "deflate":
            return zlib.decompress(reply.body)
        case _:
            return reply.body
