"""Somebody who fills in forms without looking at them, with a browser's own cookies, and keeps every page they got.

Quick enough to bring a browser to any page of the journey, and to compare all pages that all patients meet. What a
page looks like or does under a person's hands is never seen here: that is for tests that open it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from playwright.sync_api import APIResponse, Browser, BrowserContext

from app.questionnaire.answer import Answer
from app.questionnaire.refill import fill_controls
from tests.browser.patient import load_edition
from tests.web.patient.visitor import Document, Fields, Form, check_page

_MOST_PAGES = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page as it came: where, with which status and headers, its HTML, and that taken apart."""

    address: str
    status: int
    headers: Mapping[str, str]
    html: str
    document: Document = field(repr=False)

    @property
    def asked(self) -> list[str]:
        """Return the linkIds of the questions that the page asks."""
        return [name for form in self.document.forms for name in form.fields.get("asked", [""])[0].split()]


@dataclass(slots=True)
class Courier:
    """One person's forms; `sheets` are all pages so far, the last one where they are."""

    context: BrowserContext
    url: str
    sheets: list[Sheet] = field(default_factory=list)

    @property
    def sheet(self) -> Sheet:
        """Return the page they are on."""
        return self.sheets[-1]

    def get(self, address: str) -> Sheet:
        """Open an address."""
        return self._keep(self.context.request.get(urljoin(self.url, address)))

    def post(self, address: str, fields: Mapping[str, Sequence[str]], **headers: str) -> Sheet:
        """Send fields to an address, with the headers that a browser would send with our own page's form."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        about = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", **named}
        body = urlencode(fields, doseq=True)
        return self._keep(self.context.request.post(urljoin(self.url, address), data=body, headers=about))

    def send(
        self, typed: Mapping[str, str | Sequence[str]] | None = None, *, to: str = "", action: str = "save"
    ) -> Sheet:
        """Fill in the page's form for `to` (its first one) and press a button."""
        form = self.find_form(to)
        values = {name: [value] if isinstance(value, str) else value for name, value in (typed or {}).items()}
        return self.post(form.action, {**form.fields, **values, "action": [action]})

    def find_form(self, to: str = "") -> Form:
        """Return the page's form for an address, or its first one."""
        return next(form for form in self.sheet.document.forms if not to or urlsplit(form.action).path == to)

    def start(self) -> Sheet:
        """Begin a form."""
        self.get("/")
        return self.send(to="/start")

    def walk(self, answers: Mapping[str, Answer]) -> Sheet:
        """Answer page after page up to the check page."""
        for _ in range(_MOST_PAGES):
            if urlsplit(self.sheet.address).path == "/check":
                return self.sheet
            form = self.find_form()
            self.post(form.action, {**list_hidden(form), **self.fill(answers), "action": ["save"]})
            assert self.sheet.status == 200, f"{self.sheet.address} answered {self.sheet.status}"
        raise AssertionError(f"no end in sight at {self.sheet.address}")

    def fill(self, answers: Mapping[str, Answer]) -> dict[str, Sequence[str]]:
        """Return what this page's controls hold when its questions are answered so."""
        typed: dict[str, Sequence[str]] = {}
        for link_id in self.sheet.asked:
            typed |= fill_controls(load_edition().items[link_id], answers.get(link_id))
        return typed

    def open_page(self, link_id: str) -> Sheet:
        """Open a question page, or where it leads when it is not on the way."""
        page = load_edition().find_page(link_id)
        assert page is not None, link_id
        return self.get(f"/questions/{page.slug}")

    def _keep(self, response: APIResponse) -> Sheet:
        parts = urlsplit(response.url)
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        is_page = response.headers.get("content-type", "").startswith("text/html")
        html = response.text() if is_page else ""
        document = Document(html)
        if is_page:
            check_page(document)
        sheet = Sheet(address=address, status=response.status, headers=response.headers, html=html, document=document)
        self.sheets.append(sheet)
        return sheet


def list_hidden(form: Form) -> Fields:
    """Return what a form holds besides answers: sent alone, they take every answer of the page back."""
    asked = form.fields.get("asked", [""])[0].split()
    starts = tuple(f"{link_id}-" for link_id in asked)
    return {name: values for name, values in form.fields.items() if name not in asked and not name.startswith(starts)}


@contextmanager
def send_courier(browser: Browser, url: str) -> Iterator[Courier]:
    """Give a courier with cookies of their own; what they were sent to do ends with the block."""
    context = browser.new_context(base_url=url)
    yield Courier(context, url)
    context.close()
