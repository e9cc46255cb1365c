"""One patient of a scene: fills in a page, sees what comes back, and goes on with it as people do."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from tests.browser.courier import list_hidden
from tests.torture.client import Client, Reply, Traffic, find_form
from tests.torture.patients import read_answers
from tests.torture.program import Program
from tests.web.patient.visitor import check_page


@dataclass
class Person:
    """Somebody with a browser, on a page of questions; `page` is the last answer they got."""

    client: Client
    path: str = "/"
    page: Reply = field(default=Reply(status=0, location="", body=b""), repr=False)

    def open(self, path: str) -> Reply:
        """Open an address, wherever it leads."""
        self.page = self._ask("GET", path)
        while self.page.location:
            path = self.page.location
            self.page = self._ask("GET", path)
        self.path = path
        return self.page

    def start(self) -> None:
        """Begin a form, and stand on its first page."""
        form = find_form(self.open("/").document, "/start")
        assert form is not None, self.page.body.decode()
        self.open(self._ask("POST", "/start", form.fields).location)

    def type(self, **typed: str) -> Reply:
        """Fill in the page's questions, send it, and return the answer itself: `_` stands for a hyphen."""
        form = self.page.document.forms[0]
        values = {name.replace("_", "-"): [text] for name, text in typed.items()}
        self.page = self._ask("POST", form.action, {**list_hidden(form), **values, "action": ["save"]})
        return self.page

    def send_again(self) -> Reply:
        """Press the only button of the page that came back, changing nothing."""
        form = self.page.document.forms[0]
        self.page = self._ask("POST", form.action, form.fields)
        return self.page

    def _ask(self, method: str, path: str, fields: Mapping[str, list[str]] | None = None) -> Reply:
        # Each over a connection of its own: the server may have been another one a moment ago.
        with closing(self.client):
            return self.client.ask(method, path, fields)

    def read(self, path: str) -> dict[str, list[str]]:
        """Return what stands in the boxes of a page."""
        self.open(path)
        form = self.page.document.forms[0]
        return read_answers(form, form.fields.get("asked", [""])[0].split())


def visit(program: Program) -> Person:
    """Return somebody who has not come yet."""
    return Person(Client(program.url, Traffic()))


def begin(program: Program) -> Person:
    """Return somebody who stands on the first page of questions."""
    person = visit(program)
    person.start()
    return person


def check_kept(reply: Reply, *typed: str) -> None:
    """Fail unless a page says to come back later, is a whole page, and has everything that was typed."""
    assert (reply.status, reply.retry_after) == (503, "60"), reply.body.decode()
    check_page(reply.document)
    sent = [value for values in reply.document.forms[0].fields.values() for value in values]
    for text in typed:
        assert text in reply.document.text, text
        assert text in sent, sent
