"""A load from one process over loopback: the same request again and again on a few kept connections."""

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Shot:
    """One request, ready to be sent over and over; `expected` is the status that counts."""

    url: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    expected: int = 200

    def write(self) -> bytes:
        """Return the request as it goes over the wire."""
        method = "POST" if self.body else "GET"
        lines = [f"{method} {self.path} HTTP/1.1", f"Host: {urlsplit(self.url).netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(self.body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def measure_rate(shots: Sequence[Shot], seconds: float) -> float:
    """Return how many answers a second came back, one connection a shot; raises RuntimeError at the first wrong one."""
    until = time.monotonic() + seconds
    counts: list[int] = []
    faults: list[str] = []

    def run(shot: Shot) -> None:
        parts = urlsplit(shot.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.connect()
        request, sock, count = shot.write(), connection.sock, 0
        while time.monotonic() < until and not faults:
            sock.sendall(request)
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            answer.read()
            if answer.status != shot.expected:
                faults.append(f"{shot.path} answered {answer.status}, not {shot.expected}")
            count += 1
        counts.append(count)
        connection.close()

    threads = [threading.Thread(target=run, args=(shot,)) for shot in shots]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(faults[0])
    return sum(counts) / (time.monotonic() - begun)


def encode(fields: dict[str, list[str]]) -> bytes:
    """Return fields as a browser's form sends them."""
    return urlencode(fields, doseq=True).encode()
