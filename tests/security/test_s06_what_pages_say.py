"""security.md S6: what the pages tell a browser to keep, to fill in by itself, and to forget."""

from collections.abc import Iterator
from html.parser import HTMLParser
from http import HTTPStatus

import pytest

from tests.bench.walker import Walker
from tests.security.grounds import HOSTILE, PATIENTS, Caller, Grounds, Page, sign_in
from tests.support.server import Server
from tests.web.patient.visitor import Document

# WCAG 2.2, 1.3.5: what is about the person who types it. All else is about their health, or about somebody else.
OWN = {
    "patient-name": "name",
    "patient-birth-day": "bday-day",
    "patient-birth-month": "bday-month",
    "patient-birth-year": "bday-year",
    "patient-phone": "tel",
    "patient-email": "email",
    "login": "username",
    "password": "current-password",
    "passkey-password": "current-password",
    "new-password": "new-password",
    "new-password-again": "new-password",
}
TYPED = {"text", "search", "tel", "email", "number", "date", "password", "textarea"}
FORGET = '"cache", "storage"'
ERASES = 'form="answers" name="action" value="visit:erase"'


# The clinic's own facts, and days of its log: nothing about a patient.
ABOUT_NOBODY = {"/clinic/settings", "/clinic/setup", "/clinic/audit"}


class Boxes(HTMLParser):
    """The boxes of a page in which one types, with the autocomplete that holds for each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._boxes: list[tuple[str, str | None, str]] = []
        self._forms: dict[str, str] = {}
        self._form = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a box and the form it belongs to."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = values.get("id", str(len(self._forms)))
            self._forms[self._form] = values.get("autocomplete", "on")
        kind = tag if tag == "textarea" else values.get("type", "text")
        if tag in {"input", "textarea"} and kind in TYPED:
            self._boxes.append((values.get("name", ""), values.get("autocomplete"), values.get("form", self._form)))

    @property
    def found(self) -> list[tuple[str, str]]:
        """Return the name of each box and what holds for it: its own, or its form's."""
        return [(name, own or self._forms[form]) for name, own, form in self._boxes]


def list_pages(grounds: Grounds) -> Iterator[tuple[Page, Document]]:
    for page in grounds.pages:
        if page.is_html:
            yield page, Document(page.reply.text)


def test_pages_are_kept_by_nobody_and_files_by_everybody(grounds: Grounds) -> None:
    kept = {page for page in grounds.pages if page.reply.get("Cache-Control") != "no-store"}
    assert kept == {page for page in grounds.pages if page.rule == "/static/<name>" and page.reply.status == 200}
    assert {page.reply.get("Cache-Control") for page in kept} == {"public, max-age=31536000, immutable"}
    assert kept


def test_a_browser_fills_in_who_somebody_is_and_never_how_they_are(grounds: Grounds) -> None:
    boxes = [
        (str(page), *box)
        for page, _ in list_pages(grounds)
        if page.rule not in ABOUT_NOBODY
        for box in Boxes(page.reply.text).found
    ]
    # A code is of an app or of a patient's form; a name and a sign-in name can be those of somebody else.
    more = {
        "code": {"one-time-code", "off"},
        "name": {"name", "off"},
        "login": {"username", "off"},
        "own-login": {"username"},
    }
    allowed = {name: {value} for name, value in OWN.items()} | more
    assert [box for box in boxes if box[2] not in allowed.get(box[1], {"off"})] == []
    assert {name for _, name, _ in boxes} >= {*OWN, "other-conditions", "note", "current-medicines-1-name"}


def test_no_address_and_no_title_has_what_was_typed(grounds: Grounds) -> None:
    # But for addresses that somebody made up themselves
    said = [page.address for page in grounds.pages if "typed=" not in page.address]
    said += [document.title for _, document in list_pages(grounds)]
    said += [page.reply.get("Location") or "" for page in grounds.pages]
    assert [text for text in said if "onerror" in text or HOSTILE in text] == []


def test_erasing_is_within_reach_on_every_page_of_a_patient(grounds: Grounds) -> None:
    pages = [(page, document) for page, document in list_pages(grounds) if page.who in PATIENTS]
    pages = [(page, document) for page, document in pages if page.reply.status != HTTPStatus.SEE_OTHER]
    # A link, or on a page with questions a button of its form, which keeps what was typed until it is erased.
    far = [page for page, document in pages if "/erase" not in document.links and ERASES not in page.reply.text]
    assert [str(page) for page in far] == []
    assert {page.reply.status for page, _ in pages} >= {200, 404, 422}


def test_erasing_has_the_browser_forget(live_server: Server) -> None:
    walker = Walker(live_server.url)
    walker.start()
    caller = Caller("patient", live_server, walker.cookies)
    walker.connection.close()
    reply = caller.post("/erase")
    assert (reply.status, reply.get("Clear-Site-Data")) == (200, FORGET)
    gone = [value for name, value in reply.headers if name == "Set-Cookie" and value.startswith("foreword-draft=")]
    assert [value for value in gone if "Max-Age=0" in value or "Expires=Thu, 01 Jan 1970" in value]


@pytest.mark.parametrize("who", ["reviewer", "administrator", "auditor"])
def test_signing_out_has_the_browser_forget(who: str, live_server: Server) -> None:
    reply = sign_in(live_server, who).post("/clinic/sign-out")
    assert (reply.status, reply.get("Clear-Site-Data")) == (303, FORGET)
    assert "Max-Age=0" in (reply.get("Set-Cookie") or "")
