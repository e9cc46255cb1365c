"""A load from one process over loopback: the same request again and again on a few kept connections."""

import http.client
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Shot:
    """One request, ready to be sent over and over; `expected` is the status that counts, `leads_to` where it leads."""

    url: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    expected: int = 200
    leads_to: str = ""

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


@dataclass(slots=True)
class Tally:
    """What came of a load: seconds that each answer took, requests a second in each round, and what went wrong."""

    waits: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    errors: int = 0

    def write(self, name: str, bare: "Tally") -> tuple[str, ...]:
        """Return the row of a table."""
        shares = [ours / yard for ours, yard in zip(self.rates, bare.rates, strict=True)]
        cuts = statistics.quantiles(self.waits, n=100, method="inclusive")
        times = (f"{cuts[place] * 1000:,.1f} ms" for place in (49, 94, 98))
        return (
            name,
            f"{statistics.median(self.rates):,.0f}",
            f"{statistics.median(shares):.0%}",
            *times,
            f"{self.errors}",
        )


def fire(lanes: Sequence[Sequence[Shot]], tally: Tally, seconds: float | None = None) -> None:
    """Send the shots of each lane one after the other on a connection: again and again for so long, or each once."""
    waits: list[list[float]] = [[] for _ in lanes]
    errors = [0] * len(lanes)
    begin = threading.Barrier(len(lanes) + 1)

    def run(number: int) -> None:
        parts = urlsplit(lanes[number][0].url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        connection.connect()
        begin.wait()
        until = time.perf_counter() + (seconds or 0)
        while True:
            for shot in lanes[number]:
                begun = time.perf_counter()
                errors[number] += not _is_answered(connection, shot)
                waits[number].append(time.perf_counter() - begun)
            if seconds is None or time.perf_counter() >= until:
                break
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(lanes))]
    for thread in threads:
        thread.start()
    begin.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    tally.rates.append(sum(map(len, waits)) / (time.perf_counter() - begun))
    tally.waits += [wait for lane in waits for wait in lane]
    tally.errors += sum(errors)


def _is_answered(connection: http.client.HTTPConnection, shot: Shot) -> bool:
    try:
        connection.sock.sendall(shot.write())
        answer = http.client.HTTPResponse(connection.sock)
        answer.begin()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        connection.connect()
        return False
    return answer.status == shot.expected and str(answer.headers["Location"] or "").endswith(shot.leads_to)
