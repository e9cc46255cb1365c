"""Patients: each walks through the real pages with real cookies, and types what nobody else types.

Whatever comes instead of the next page has to be a page with a way to go on; they take that way.
"""

import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from app.questionnaire.answer import Answer, Coded, Rows, Text, dump_answer
from app.questionnaire.model import Item, ItemType
from app.questionnaire.refill import fill_controls
from tests.bench.load import encode
from tests.browser.patient import list_examples, load_edition, read_answers
from tests.machines.exchange import Line, LineError, Reply
from tests.machines.ledger import MARK, Entry, Ledger
from tests.machines.places import Places
from tests.web.patient.visitor import Document, Form

_REFERENCE = re.compile(r"Your reference\s*([0-9A-Z]{5}-[0-9A-Z]{5})")
_CODE = re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){5}\b")
_DRAFT = "__Host-foreword-draft"
_MOST_PAGES = 120
_PATIENCE = 150.0
_LONGEST_TEXT = 60


class JourneyOverError(Exception):
    """This patient stops here: the time is up, or something was wrong that is noted already."""


@dataclass(slots=True)
class Crowd:
    """Everybody who fills in forms at the same time, and when to stop."""

    address: tuple[str, int]
    tls: ssl.SSLContext
    seed: str
    ledger: Ledger = field(default_factory=Ledger)
    stopped: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(100_000)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make_patient(self) -> "Patient":
        """Return a new patient."""
        with self._lock:
            number = next(self._numbers)
        chance = random.Random(f"{self.seed} {number}")  # noqa: S311  a seed that is printed is the point
        mark = f"mark-{chance.randrange(16**4):04x}-{number:05}"
        return Patient(self, chance, self.ledger.open_entry(mark), Line(*self.address, self.tls))

    def run(self, places: Places, machine: str) -> None:
        """Be one patient after another, until it is time to stop."""
        places.enter(machine)
        while not self.stopped.is_set():
            patient = self.make_patient()
            try:
                patient.come()
            except JourneyOverError:
                pass
            except Exception as error:  # noqa: BLE001  whatever it is, it is told at the end
                self.ledger.note_wrong(f"{patient.entry.mark}: {type(error).__name__} at {patient.path}: {error}"[:300])
            finally:
                patient.leave()


@contextmanager
def let_in(crowd: Crowd, places: Places, machine: str, count: int) -> Iterator[None]:
    """Let so many be there at once, until the block ends."""
    threads = [threading.Thread(target=crowd.run, args=(places, machine), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        crowd.stopped.set()
        for thread in threads:
            thread.join(60)


@dataclass(slots=True)
class Patient:
    """One person on the way through the form."""

    crowd: Crowd
    chance: random.Random
    entry: Entry
    line: Line
    path: str = "/"
    document: Document = field(default_factory=lambda: Document(""))

    def come(self) -> None:
        """Fill in everything, and mostly send it; some stop in the middle and leave it for another day."""
        answers = self._choose_answers()
        leaves_after = self.chance.randrange(5, 30) if self.chance.random() < 0.15 else _MOST_PAGES
        self._open("/")
        self._post(self._find_form("/start"), {})
        changes_device_at = self.chance.randrange(3, 20) if self.chance.random() < 0.25 else _MOST_PAGES
        for number in range(leaves_after):
            if self.path == "/check":
                break
            if number == changes_device_at:
                self._change_device()
            self._answer_page(answers)
        else:
            return
        self._post(self._find_form("/check"), {"answers-checked": ["yes"]})
        self._open("/share/send")
        self._send()

    def leave(self) -> None:
        """Hang up; the cookie stays."""
        if _DRAFT in self.line.cookies:  # not while they were changing from one device to another
            self.entry.cookies = dict(self.line.cookies)
        self.crowd.ledger.note_reconnected(self.line.again)
        self.line.close()

    def _answer_page(self, answers: Mapping[str, Answer]) -> None:
        form = self.document.forms[0]
        asked = form.fields.get("asked", [""])[0].split()
        typed: dict[str, list[str]] = {}
        for link_id in asked:
            controls = fill_controls(load_edition().items[link_id], answers.get(link_id))
            typed |= {control: list(values) for control, values in controls.items()}
        path = self.path

        def note() -> None:
            if asked:
                self.entry.pages[path] = typed
            for link_id in asked:
                answer = answers.get(link_id)
                self.entry.answers[link_id] = dump_answer(answer) if answer else None

        self._post(form, typed, note)

    def _change_device(self) -> None:
        """Go on in another browser with the resume code, as it stands on the page that shows it."""
        self._open("/resume")
        code = _CODE.search(" ".join(self.document.text.split()))
        if code is None:
            self._fail("no resume code")
            return
        self.entry.cookies = dict(self.line.cookies)
        self.line.close()
        self.line.cookies.clear()
        self._open("/resume")
        self._post(self._find_form("/resume"), {"code": [code.group()]})

    def _send(self) -> None:
        self.entry.tried_to_send = True
        typed = {"patient-name": [f"Test {self.entry.mark}"], "consent-to-share": ["agree"]}
        birth = zip(("day", "month", "year"), ("3", "5", "1990"), strict=True)
        self._post(self._find_form("/share/send"), typed | {f"patient-birth-{part}": [text] for part, text in birth})
        found = _REFERENCE.search(" ".join(self.document.text.split()))
        if self.path != "/done" or found is None:
            self._fail(f"no reference at {self.path}")
        else:
            self.entry.reference = found.group(1)
            self.crowd.ledger.note_acknowledged()

    def _choose_answers(self) -> dict[str, Answer]:
        answers = read_answers(self.chance.choice(list_examples()))
        marked = {link_id: self._mark(load_edition().items[link_id], answer) for link_id, answer in answers.items()}
        texts = (item for item in load_edition().items.values() if item.type in {ItemType.TEXT, ItemType.STRING})
        return marked | {item.link_id: Text(f"{self.entry.mark} {item.link_id}") for item in texts if item.is_question}

    def _mark(self, item: Item, answer: Answer) -> Answer:
        if isinstance(answer, Coded) and answer.own_words:
            return replace(answer, own_words=f"{self.entry.mark} {answer.own_words}"[:_LONGEST_TEXT])
        if isinstance(answer, Rows) and item.is_rows:
            return Rows(tuple((f"{self.entry.mark} {row[0]}"[:_LONGEST_TEXT], *row[1:]) for row in answer.rows))
        return answer

    def _open(self, path: str) -> None:
        self._walk("GET", path, None)

    def _post(
        self, form: Form, typed: Mapping[str, Sequence[str]], acknowledge: Callable[[], None] = lambda: None
    ) -> None:
        """Send a form, and go where it leads; `acknowledge` is called as soon as a redirect says that it was taken."""
        fields = {**form.fields, **{name: list(values) for name, values in typed.items()}, "action": ["save"]}
        self._walk("POST", form.action, encode(fields), acknowledge)

    def _walk(self, method: str, path: str, body: bytes | None, acknowledge: Callable[[], None] = lambda: None) -> None:
        """Ask until there is a page, the way people do, and be on it."""
        begun = time.monotonic()
        while time.monotonic() < begun + _PATIENCE:
            self._think()
            reply = self._ask(method, path, body)
            if reply is None:
                continue
            if reply.status in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.PERMANENT_REDIRECT}:
                if method == "POST":
                    acknowledge()
                    self.crowd.ledger.note_acknowledged()
                method, path, body = "GET", reply.headers["Location"], None
                continue
            document = Document(reply.text)
            if reply.status < HTTPStatus.BAD_REQUEST or reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                self.path, self.document = urlsplit(path).path, document
                self.crowd.ledger.note_step(time.monotonic() - begun)
                return
            self._note_shown(reply, document)
            if method == "POST" and (again := _find_kept(document, path)) is not None:
                # Only what stands on the page is sent: what it does not keep is lost here, and found missing later.
                body = encode({**again.fields, "action": ["save"]})
            time.sleep(self.chance.uniform(0.3, 1.0))
        self._fail(f"gave up at {method} {path}")

    def _ask(self, method: str, path: str, body: bytes | None) -> Reply | None:
        self.crowd.ledger.note_request()
        try:
            reply = self.line.ask(method, path, body)
        except LineError as error:
            self.crowd.ledger.note_shown("no answer at all")
            self._note(str(error))
            time.sleep(self.chance.uniform(0.3, 1.0))
            return None
        others = set(MARK.findall(reply.text)) - {self.entry.mark}
        if others:
            self._note(f"{path} shows another's words: {sorted(others)}")
        return reply

    def _note_shown(self, reply: Reply, document: Document) -> None:
        source = "Foreword's" if "Date" in reply.headers else "the balancer's"  # a fixed file has no date
        kept = "with what was typed" if any(form.fields.get("csrf_token") for form in document.forms) else "plain"
        self.crowd.ledger.note_shown(f"{reply.status} {source}, {kept}")
        has_way_on = bool(document.links or document.forms) and bool(document.headings and document.text.strip())
        if not reply.is_page or not has_way_on:
            self._note(f"{reply.status} without a way to go on at {self.path}")
        if reply.status in {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            self._note(f"{reply.status} at {self.path}: {' '.join(document.headings)}")
        if reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise JourneyOverError

    def _think(self) -> None:
        if self.crowd.stopped.wait(self.chance.uniform(0.02, 0.25)):
            raise JourneyOverError

    def _find_form(self, action: str) -> Form:
        found = next((form for form in self.document.forms if urlsplit(form.action).path == action), None)
        if found is None:
            self._fail(f"no form for {action} at {self.path}: {' '.join(self.document.headings)}")
            raise JourneyOverError
        return found

    def _note(self, what: str) -> None:
        self.crowd.ledger.note_wrong(f"{self.entry.mark}: {what}")

    def _fail(self, what: str) -> None:
        self._note(what)
        raise JourneyOverError


def _find_kept(document: Document, path: str) -> Form | None:
    """Return the form of an error page that sends the same again."""
    wanted = urlsplit(path).path
    return next((form for form in document.forms if urlsplit(form.action).path == wanted), None)
