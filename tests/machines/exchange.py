"""One browser's line to a server: real connections, real cookies, and no patience beyond a browser's."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

PATIENTS_HOST = "forms.example.test:8443"
_SECONDS = 40


class LineError(Exception):
    """There was no answer at all: what a browser shows its own error page for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Return the page."""
        return self.body.decode()

    @property
    def is_page(self) -> bool:
        """Tell whether it is one that a person can read."""
        return (self.headers.get("Content-Type") or "").startswith("text/html")


@dataclass(slots=True)
class Line:
    """A kept connection to an address, with TLS where there is a context for it, and the cookies that came over it."""

    address: str
    port: int
    tls: ssl.SSLContext | None = None
    host: str = PATIENTS_HOST
    cookies: dict[str, str] = field(default_factory=dict)
    again: int = 0
    connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Send one request and return the answer to it, or raise `LineError`."""
        is_kept = self.connection is not None
        try:
            return self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # Browsers do the same: a kept connection may have been closed while nobody spoke.
            if is_kept and isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
                self.again += 1
                return self.ask(method, path, body)
            raise LineError(f"{method} without an answer: {type(error).__name__}") from None

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _exchange(self, method: str, path: str, body: bytes | None) -> Reply:
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, self.port, timeout=_SECONDS)
            self.connection.sock = self._connect()
        self.connection.request(method, path, body, self._list_headers(has_body=body is not None))
        answer = self.connection.getresponse()
        content = answer.read()
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        if answer.will_close:
            self.close()
        return Reply(answer.status, answer.headers, content)

    def _connect(self) -> socket.socket:
        plain = socket.create_connection((self.address, self.port), _SECONDS)
        if self.tls is None:
            return plain
        return self.tls.wrap_socket(plain, server_hostname=PATIENTS_HOST.partition(":")[0])

    def _list_headers(self, *, has_body: bool) -> Mapping[str, str]:
        headers = {"Host": self.host, "Sec-Fetch-Site": "same-origin"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.tls is None:  # in the balancer's place
            headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
        if has_body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{PATIENTS_HOST}"}
        return headers
