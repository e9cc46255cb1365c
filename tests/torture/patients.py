"""Patients: they fill in, change, come back with their code, send and correct, and write down what they were told.

Each has words of their own in every box, so that nobody's answers can stand for another's.
"""

import random
import re
from datetime import UTC, datetime, timedelta

from app.questionnaire.model import Item, ItemType
from app.questionnaire.refill import fill_controls
from app.questionnaire.synthetic import Synthesizer
from tests.browser.courier import list_hidden
from tests.browser.patient import load_edition
from tests.torture.client import Client, Reply, StoppedError, Traffic, find_form
from tests.torture.ledger import Ledger, Values
from tests.web.patient.visitor import Document, Form

REFERENCE = re.compile(r"Your reference</span> <strong translate=\"no\">([0-9A-Z-]+)</strong>")
_CODE = re.compile(r"resume code</span> <strong translate=\"no\">([0-9A-Z -]+)</strong>")
COOKIE = "foreword-draft"
_MOST_PAGES = 120
_MOST_TRIES = 4
_TYPED = frozenset({ItemType.TEXT, ItemType.STRING})


class OddError(Exception):
    """A page did what no page should do to a patient."""


class Patient:
    """One patient, from the first page to wherever they stop; `name` is theirs alone."""

    def __init__(
        self, number: int, seed: str, url: str, traffic: Traffic, ledger: Ledger, *, late: timedelta = timedelta()
    ) -> None:
        """Choose who they are by the seed and their number.

        `late` is how far their server's clock is off: what is sent so long ago is erased before the end.
        """
        self._is_due = bool(late)
        self.name = f"Test {seed}-{number:04}"
        self.chance = random.Random(f"{seed}/patient/{number}")  # noqa: S311 - which answers, not which secrets
        self.client = Client(url, traffic)
        self._url, self._traffic = url, traffic
        self._ledger = ledger
        self._mark = f"{seed}p{number:04}x"
        self._words = 0
        made = Synthesizer(load_edition(), seed).make(number, (datetime.now(UTC) + late).date())
        self._answers = made.answers
        self._birth = made.patient.birth or (1990, 5, 3)
        self._texts: list[str] = []

    def live(self) -> None:
        """Go the whole way, as far as this patient means to go."""
        try:
            self.fill_in()
            if self.chance.random() < 0.25:
                self.come_back()
            if self.chance.random() < 0.5:
                self._change()
            if self.chance.random() < 0.75:
                self.send()
                if self.chance.random() < 0.4 and self._change():
                    self.send()
        except StoppedError:
            pass
        finally:
            self.client.close()

    def come_back(self) -> None:
        """Go on from another device with the resume code."""
        _, page = self.client.open("/resume")
        found = _CODE.search(page.body.decode())
        if found is None:
            raise OddError(f"{self.name}: /resume shows no code ({page.status})")
        other = Client(self._url, self._traffic)
        _, page = other.open("/resume")
        form = find_form(page.document, "/resume")
        if form is None:
            raise OddError(f"{self.name}: /resume has no box")
        other.insist("POST", "/resume", {**form.fields, "code": [found[1]]})
        self.client.close()
        self.client = other
        self._look_again()

    def send(self) -> None:
        """Send, and write down the reference that was shown."""
        for _ in range(_MOST_TRIES):
            path, page = self.client.open("/share/send")
            form = find_form(page.document, "/share/send")
            if form is None:
                raise OddError(f"{self.name}: {path} ({page.status}) in place of the page to send")
            number = self._ledger.write("sending", self.name)
            fields = {**form.fields, **self._introduce(), "action": ["save"]}
            reply = self.client.insist("POST", "/share/send", fields)
            if reply.location.startswith("/done"):
                _, done = self.client.open(reply.location)
                found = REFERENCE.search(done.body.decode())
                if found is not None:
                    self._ledger.write("sent", self.name, of=number, reference=found[1])
                    return
                raise OddError(f"{self.name}: /done ({done.status}) shows no reference")
            if reply.status not in {409, 422}:
                raise OddError(f"{self.name}: sending was answered with {reply.status} {reply.location}")
        raise OddError(f"{self.name}: nothing is sent after {_MOST_TRIES} tries")

    def _start(self) -> None:
        _, page = self.client.open("/")
        form = find_form(page.document, "/start")
        if form is None:
            raise OddError(f"{self.name}: the first page ({page.status}) has no Start")
        reply = self.client.insist("POST", "/start", form.fields)
        self._ledger.write(
            "begun", self.name, code=self.client.cookies.get(COOKIE, ""), mark=self._mark[:-1], is_due=self._is_due
        )
        self._path = reply.location

    def fill_in(self) -> None:
        """Begin a form, and answer every page that it asks."""
        self._start()
        for _ in range(_MOST_PAGES):
            path, page = self.client.open(self._path)
            if path.startswith("/check"):
                return
            form = page.document.forms[0]
            self._path = self._save(path, form).location
        raise OddError(f"{self.name}: no end after {_MOST_PAGES} pages")

    def _save(self, path: str, form: Form) -> Reply:
        """Fill in a page and send it until it is kept."""
        asked = form.fields.get("asked", [""])[0].split()
        typed: Values = {}
        for link_id in asked:
            typed |= self._answer(load_edition().items[link_id])
        if any(load_edition().items[link_id].type in _TYPED for link_id in asked):
            self._texts.append(path.partition("?")[0])
        return self._post(path.partition("?")[0], form, asked, typed)

    def _post(self, path: str, form: Form, asked: list[str], typed: Values) -> Reply:
        for _ in range(_MOST_TRIES):
            number = self._ledger.write("saving", self.name, path=path, asked=asked, typed=typed)
            reply = self.client.insist("POST", form.action, {**list_hidden(form), **typed, "action": ["save"]})
            if reply.status == 303:
                self._ledger.write("saved", self.name, of=number)
                return reply
            if reply.status not in {409, 422}:
                raise OddError(f"{self.name}: {form.action} was answered with {reply.status}")
            # Asked about once more: a number that is unusual, or a page that somebody saw before it was saved.
            document = reply.document
            form = document.forms[0]
            typed |= {name: typed[name.removesuffix("-confirmed")] for name in _list_doubts(document)}
        raise OddError(f"{self.name}: {form.action} is not kept after {_MOST_TRIES} tries")

    def _change(self) -> bool:
        """Write other words into one of the boxes that were filled in, and tell whether there was one."""
        if not self._texts:
            return False
        path, page = self.client.open(f"{self.chance.choice(self._texts)}?to=check")
        form = page.document.forms[0]
        self._write_shown(form)
        self._save(path, form)
        return True

    def _look_again(self) -> None:
        """Open a page that was filled in before, and write down what stands in it."""
        if self._texts:
            _, page = self.client.open(self.chance.choice(self._texts))
            self._write_shown(page.document.forms[0])

    def _write_shown(self, form: Form) -> None:
        asked = form.fields.get("asked", [""])[0].split()
        if asked:
            self._ledger.write("shown", self.name, asked=asked, values=read_answers(form, asked))

    def _answer(self, item: Item) -> Values:
        if item.type in _TYPED:
            self._words += 1
            return {item.link_id: [f"{self._mark}{self._words} = “{item.link_id}” & <b>"]}
        controls = fill_controls(item, self._answers.get(item.link_id))
        return {control: list(values) for control, values in controls.items() if list(values) != [""]}

    def _introduce(self) -> Values:
        year, month, day = (f"{part}" for part in self._birth)
        birth = {"patient-birth-day": [day], "patient-birth-month": [month], "patient-birth-year": [year]}
        return {"patient-name": [self.name], **birth, "consent-to-share": ["agree"]}


def read_answers(form: Form, asked: list[str]) -> Values:
    """Return what stands in the boxes of a page's questions, without the empty ones."""
    hidden = list_hidden(form)
    return {
        name: values
        for name, values in form.fields.items()
        if name not in hidden and any(values) and (name in asked or name.startswith(tuple(f"{one}-" for one in asked)))
    }


def _list_doubts(document: Document) -> list[str]:
    return [control["name"] for control in document.controls if control.get("name", "").endswith("-confirmed")]
