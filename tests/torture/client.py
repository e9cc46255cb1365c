"""A person's browser that loses its connection whenever the server dies, and knows which answers it got.

It follows no redirect by itself: whoever uses it has to see which answer told them that something was kept.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from tests.bench.load import encode
from tests.web.patient.visitor import Document, Form

_SECONDS = 60
_AGAIN = 0.1
_LATER = 0.3


class LostError(Exception):
    """No answer came: whether the request was done is not known."""


class StoppedError(Exception):
    """The torture is over: whoever waits for an answer goes home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int
    location: str
    body: bytes = field(repr=False)
    retry_after: str = ""

    @property
    def document(self) -> Document:
        """Return the page."""
        return Document(self.body.decode())


class Traffic:
    """How many requests were answered with which status, and how many were never answered; shared by all."""

    def __init__(self) -> None:
        """Begin at nothing; `over` ends everybody's waiting."""
        self.over = threading.Event()
        self._lock = threading.Lock()
        self.statuses: Counter[int] = Counter()
        self.lost = 0

    def note(self, status: int | None) -> None:
        """Count an answer, or None for one that did not come."""
        with self._lock:
            if status is None:
                self.lost += 1
            else:
                self.statuses[status] += 1


class Client:
    """One browser with its cookies; not for two threads at once."""

    def __init__(self, url: str, traffic: Traffic) -> None:
        """Connect to nothing yet."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._traffic = traffic
        self._connection: http.client.HTTPConnection | None = None
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: Mapping[str, list[str]] | None = None) -> Reply:
        """Send one request; raises LostError when no answer came."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "Sec-Fetch-Site": "same-origin"}
        body = None if fields is None else encode(dict(fields))
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connection or self._connect()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._traffic.note(None)
            self.close()
            raise LostError from None
        self._traffic.note(answer.status)
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return Reply(
            status=answer.status,
            location=_localize(answer.headers["Location"] or ""),
            body=content,
            retry_after=answer.headers["Retry-After"] or "",
        )

    def insist(self, method: str, path: str, fields: Mapping[str, list[str]] | None = None) -> Reply:
        """Send one request again and again until it is answered, and not with *come back later*; raises StoppedError.

        As people press F5: the same bytes each time.
        """
        while not self._traffic.over.is_set():
            try:
                reply = self.ask(method, path, fields)
            except LostError:
                self._traffic.over.wait(_AGAIN)
                continue
            if reply.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                return reply
            self._traffic.over.wait(_LATER)
        raise StoppedError

    def open(self, path: str) -> tuple[str, Reply]:
        """Open an address and follow where it leads; return where that was, and the page."""
        reply = self.insist("GET", path)
        while reply.location:
            path = reply.location
            reply = self.insist("GET", path)
        return path, reply

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        self._connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        return self._connection


def find_form(document: Document, action: str) -> Form | None:
    """Return the form that posts to a path, if the page has it."""
    return next((form for form in document.forms if urlsplit(form.action).path == action), None)


def _localize(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
