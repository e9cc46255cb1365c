"""Slow clients: how long a patient waits for a page while others hold connections, drip, read slowly or sign in.

The issue is security.md S23 and S7: nobody who does nothing, or does it slowly, may keep patients waiting. It stands by
itself as well: python -m tests.bench.slow
"""

import re
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from app.questionnaire.answer import Answer
from tests.bench.load import Shot, encode
from tests.bench.walker import Walker
from tests.browser.patient import list_examples, read_answers
from tests.support.server import launch_server
from tests.web.raw import build_request, read_reply, send_raw

GROUP = "A patient's page while others are slow (budget: 95 of 100 under 500 ms)"
HEAD = ("", "p50", "p95", "p99", "longest", "errors")
_PAGES = 300
_IDLE = 1000
_HALF = 200
_READERS = 50
_SIGN_INS = 50
_PAUSE = 0.05  # seconds between two bytes that are read
_TYPING = 1.0  # seconds until a password is typed again, where no longer wait is asked for
_PASSWORD = "not the right password"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Place:
    """The server that is measured: where it is, a patient whose pages are asked for, and one with a paper to read."""

    url: str
    shots: tuple[Shot, ...]
    paper: Shot

    @property
    def host(self) -> str:
        """Return what a browser sends as Host."""
        return urlsplit(self.url).netloc

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.host.rpartition(":")[2])


def measure_slow(settings: Mapping[str, object]) -> list[tuple[str, ...]]:
    """Return a row for each kind of slow client, on a demonstration with these settings."""
    server = launch_server(Path(tempfile.mkdtemp(prefix="foreword-bench-")), settings)
    try:
        place = _prepare(server.url)
        return [_measure(name, place, crowd) for name, crowd in _CROWDS.items()]
    finally:
        server.stop(may_have_failed=True)


def _prepare(url: str) -> Place:
    """Return a question page that is shown and saved by turns, and a paper that is ready."""
    answers = next(read_answers(example) for example in list_examples() if example.name == "Test Patient B")
    walker = Walker(url)
    walker.start()
    form = walker.document.forms[0]
    headers = (("Cookie", walker.cookie_header), ("Sec-Fetch-Site", "same-origin"), ("Connection", "close"))
    body = encode({**form.fields, "age": ["40"], "reason-for-visit": ["chronic-pain"], "action": ["save"]})
    shots = (Shot(url, walker.path, headers=headers), Shot(url, form.action, body, headers, expected=303))
    return Place(url, shots, _print_paper(url, answers))


def _print_paper(url: str, answers: Mapping[str, Answer]) -> Shot:
    walker = Walker(url)
    walker.start()
    walker.walk(answers)
    walker.ask("GET", "/summary.pdf")
    return Shot(url, "/summary.pdf", headers=(("Cookie", walker.cookie_header), ("Connection", "close")))


Crowd = Callable[[Place, ExitStack], None]


def _measure(name: str, place: Place, gather: Crowd) -> tuple[str, ...]:
    """Return how long pages took while a crowd was there; each page is asked for on a new connection."""
    times, errors = [], 0
    with ExitStack() as crowd:
        gather(place, crowd)
        for number in range(_PAGES):
            shot = place.shots[number % len(place.shots)]
            begun = time.perf_counter()
            try:
                errors += send_raw(place.port, shot.write()).status != shot.expected
            except OSError:
                errors += 1
            times.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return (name, *(f"{value:,.1f} ms" for value in (cuts[49], cuts[94], cuts[98], max(times))), f"{errors}")


def _be_calm(_: Place, __: ExitStack) -> None:
    """Nobody else is there."""


def _be_idle(place: Place, crowd: ExitStack) -> None:
    """Open connections and say nothing."""
    for _ in range(_IDLE):
        _connect(place, crowd)


def _send_halves(place: Place, crowd: ExitStack) -> None:
    """Send half a head, and half a body, and wait."""
    head = f"POST /start HTTP/1.1\r\nHost: {place.host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for _ in range(_HALF):
        _connect(place, crowd).sendall(head.encode())
        _connect(place, crowd).sendall(f"{head}Content-Length: 9000\r\n\r\n".encode() + b"a=" + b"b" * 4000)


def _read_slowly(place: Place, crowd: ExitStack) -> None:
    """Ask for a paper and take a byte of it now and then."""
    connections = []
    for _ in range(_READERS):
        connection = _connect(place, crowd, buffer=4096)
        connection.sendall(place.paper.write())
        connection.recv(1)  # one after the other: of many at once all but three would be told to come back
        connections.append(connection)
    take = partial(_take_a_byte, connections)
    crowd.enter_context(_repeat(take, threading.Event()))


def _take_a_byte(connections: Sequence[socket.socket]) -> None:
    for connection in connections:
        connection.recv(1)


def _sign_in(place: Place, crowd: ExitStack) -> None:
    """Have people sign in with a wrong password at once, and again when told to: argon2id at its full cost."""
    for number in range(_SIGN_INS):
        over = threading.Event()
        crowd.enter_context(_repeat(_make_signer(place, number, over), over))


def _make_signer(place: Place, number: int, over: threading.Event) -> Callable[[], None]:
    address = f"127.1.0.{number + 1}"  # one network for each: else they would soon be told to wait
    page = send_raw(place.port, build_request(place.host, "/clinic/sign-in"))
    tries = iter(range(1 << 30))

    def sign_in() -> None:
        # A name a try, so that none is slowed by a throttle.
        login = f"n{number}-{next(tries)}@clinic.example"
        typed = {"csrf_token": _TOKEN.findall(page.text)[0], "login": login, "password": _PASSWORD}
        request = build_request(
            place.host, "/clinic/sign-in", "POST", urlencode(typed).encode(), {"Cookie": page.cookie}
        )
        with socket.create_connection(("127.0.0.1", place.port), 60, (address, 0)) as connection:
            connection.sendall(request)
            reply = read_reply(connection)
        over.wait(float(reply.get("Retry-After") or _TYPING))

    return sign_in


_CROWDS: dict[str, Crowd] = {
    "calm": _be_calm,
    f"{_IDLE:,} idle connections": _be_idle,
    f"{_HALF} half-sent heads and {_HALF} half-sent bodies": _send_halves,
    f"{_READERS} slow readers of a PDF": _read_slowly,
    f"{_SIGN_INS} people signing in at once (argon2id)": _sign_in,
}


def _connect(place: Place, crowd: ExitStack, buffer: int = 0) -> socket.socket:
    connection = crowd.enter_context(socket.socket())
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", place.port))
    return connection


@contextmanager
def _repeat(act: Callable[[], None], over: threading.Event) -> Iterator[None]:
    """Do something again and again beside what is measured."""

    def go_on() -> None:
        while not over.wait(_PAUSE):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
