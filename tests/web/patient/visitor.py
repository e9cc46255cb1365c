"""A visitor without a browser: follows links and posts forms as a browser would, and checks every page it gets.

Each page must have one h1, a title, unique ids, a label for each control, and nothing inline; see style.md section 7.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ORIGIN = "https://forms.example.test"
_VOID = {"input", "br", "meta", "link", "hr", "img", "wbr"}
_CONTROLS = {"input", "select", "textarea"}
_UNSEEN = {"hidden", "submit"}

Fields = dict[str, list[str]]


@dataclass
class Form:
    """One form of a page: where it goes, and what a browser would send if nothing were touched."""

    action: str
    fields: Fields = field(default_factory=dict)


class Document(HTMLParser):
    """A page as far as a visitor and the house rules need it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.title = ""
        self.labels: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self._in_label = 0
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element begins."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.append(values["id"])
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in values):
            self.inline.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "label":
            self._in_label += 1
            self.labels.add(values.get("for", ""))
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        if tag == "h1":
            self.headings.append("")
        if tag in _CONTROLS:
            self._note_control(tag, values)
        self._note_choice(tag, values)

    def _note_choice(self, tag: str, values: dict[str, str]) -> None:
        if tag == "select":
            self._select = values.get("name")
        if tag == "option" and "selected" in values and self.forms and self._select:
            self.forms[-1].fields[self._select] = [values.get("value", "")]

    def _note_control(self, tag: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if tag == "input" and kind in _UNSEEN:
            pass
        else:
            self.controls.append({**values, "wrapped": "yes" if self._in_label else ""})
        if not self.forms or "name" not in values:
            return
        fields = self.forms[-1].fields
        if tag == "textarea":
            self._area = values["name"]
            fields[values["name"]] = [""]
        elif kind in {"radio", "checkbox"}:
            if "checked" in values:
                fields.setdefault(values["name"], []).append(values["value"])
        elif kind != "submit":
            fields.setdefault(values["name"], []).append(values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Note what an element ends."""
        if tag == "label":
            self._in_label -= 1
        if tag == "textarea":
            self._area = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note text."""
        if "title" in self._open:
            self.title += data
        if "h1" in self._open and self.headings:
            self.headings[-1] += data
        if self._area:
            # A browser drops one line end right after the tag, and so do we.
            area = self.forms[-1].fields[self._area]
            area[0] += data if area[0] else data.removeprefix("\n")
        self.text += data


def check_page(document: Document) -> None:
    """Fail when a page breaks a house rule."""
    assert len(document.headings) == 1, document.headings
    assert document.title.strip()
    repeated = [name for name, count in Counter(document.ids).items() if count > 1]
    assert not repeated, repeated
    assert not document.inline, document.inline
    for control in document.controls:
        named = control.get("id") in document.labels or control["wrapped"] or "aria-label" in control
        assert named or "aria-labelledby" in control, control


@dataclass
class Visitor:
    """A visitor with one cookie jar; `last` is the last answer, `document` its page."""

    client: FlaskClient
    last: TestResponse | None = None

    @property
    def document(self) -> Document:
        """Return the last page, checked."""
        assert self.last is not None
        document = Document(self.last.get_data(as_text=True))
        check_page(document)
        return document

    @property
    def path(self) -> str:
        """Return where the last page was."""
        assert self.last is not None
        return self.last.request.path

    @property
    def status(self) -> int:
        """Return the last page's status."""
        assert self.last is not None
        return self.last.status_code

    @property
    def cookie_header(self) -> str:
        """Return what the visitor's cookies look like in a request."""
        response = self.client.get("/robots.txt", base_url=ORIGIN)
        return str(response.request.environ.get("HTTP_COOKIE", ""))

    def get(self, path: str) -> Document:
        """Open an address, following redirects."""
        self.last = self.client.get(path, base_url=ORIGIN, follow_redirects=True)
        return self.document

    def find_form(self, action: str = "") -> Form:
        """Return the form that posts to this path, or the first of the page."""
        forms = self.document.forms
        return next(form for form in forms if not action or urlsplit(form.action).path == action)

    def post(
        self,
        typed: Mapping[str, str | Sequence[str]] | None = None,
        *,
        form: Form | None = None,
        action: str = "save",
        headers: Mapping[str, str] | None = None,
    ) -> Document:
        """Fill in a form (the page's first) and send it with a button, following redirects."""
        sent = form or self.find_form()
        fields = {**sent.fields, "action": [action]}
        for name, value in (typed or {}).items():
            fields[name] = [value] if isinstance(value, str) else list(value)
        self.last = self.client.post(
            sent.action,
            data=fields,
            base_url=ORIGIN,
            headers={"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN, **(headers or {})},
            follow_redirects=True,
        )
        return self.document

    def start(self) -> Document:
        """Begin a form."""
        self.get("/")
        return self.post(form=self.find_form("/start"))


def make_visitor(app: Flask) -> Visitor:
    """Return a new visitor who has no cookie yet."""
    return Visitor(app.test_client())
