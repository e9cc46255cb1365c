"""A person without a browser, over a real connection: opens pages and sends forms, keeping cookies."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from app.questionnaire.answer import Answer
from app.questionnaire.refill import fill_controls
from tests.bench.load import encode
from tests.browser.patient import load_edition
from tests.web.patient.visitor import Document, Form


@dataclass
class Walker:
    """One person; `path` and `document` are where they are, `bytes_in` is what the last answer weighed."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = "/"
    body: bytes = b""
    status: int = 0

    def __post_init__(self) -> None:
        """Connect."""
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    @property
    def document(self) -> Document:
        """Return the page."""
        return Document(self.body.decode())

    @property
    def cookie_header(self) -> str:
        """Return the Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send one request and follow where it leads."""
        headers = {"Cookie": self.cookie_header, "Sec-Fetch-Site": "same-origin"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.body, self.status, self.path = answer.read(), answer.status, path
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        if self.status in {302, 303}:
            self.ask("GET", answer.headers["Location"])

    def send(self, form: Form, typed: Mapping[str, list[str]] | None = None) -> None:
        """Send a form."""
        self.ask("POST", form.action, encode({**form.fields, **(typed or {}), "action": ["save"]}))

    def start(self) -> None:
        """Begin a form."""
        self.ask("GET", "/")
        self.send(next(form for form in self.document.forms if form.action == "/start"))

    def walk(self, answers: Mapping[str, Answer]) -> int:
        """Answer every page as the answers say, up to the check page; return how many pages that were."""
        pages = 0
        while self.path != "/check":
            form = self.document.forms[0]
            typed: dict[str, list[str]] = {}
            for link_id in form.fields.get("asked", [""])[0].split():
                item = load_edition().items[link_id]
                controls = fill_controls(item, answers.get(link_id))
                typed |= {control: list(values) for control, values in controls.items()}
            self.send(form, typed)
            pages += 1
            if self.status not in {200, 422} or pages > 100:
                raise RuntimeError(f"{self.path} answered {self.status}")
        return pages
