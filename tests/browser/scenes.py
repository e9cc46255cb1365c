"""Every kind of page of the patient's journey, each once: fetched as a courier gets them, shown to a browser at will.

A scene is the page byte for byte as the server sent it, headers too; only its address is made up. So a test can look
at sixty pages in three colour schemes without walking to each of them again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Browser, Page, Route

from app.questionnaire.answer import Answer
from app.questionnaire.model import Item
from tests.browser.courier import Courier, Sheet, send_courier
from tests.browser.patient import list_examples, load_definition, load_edition, read_answers

Scenes = Mapping[str, Sheet]
LONG_WORD = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 7
TOO_LONG = "word " * 100_000
ONE_MORE = "x" * 5001
WHO = {
    "patient-name": "Test Patient",
    "patient-birth-day": "3",
    "patient-birth-month": "May",
    "patient-birth-year": "1990",
    "patient-email": "",
    "consent-to-share": "agree",
}
_EVERYTHING = "ABHGL"


def find_patient(letter: str) -> dict[str, Answer]:
    """Return the answers of test patient A to L."""
    return read_answers(list_examples()["ABCDEFGHIJKL".index(letter)])


def merge_patients(letters: str) -> dict[str, Answer]:
    """Return the answers of somebody who has all that these test patients have."""
    base = read_answers(next(example for example in load_definition().examples if example.name == "BASE"))
    merged = dict(base)
    for letter in letters:
        merged |= {link_id: answer for link_id, answer in find_patient(letter).items() if answer != base.get(link_id)}
    return merged


@dataclass  # without slots: Playwright puts a mark on the objects whose methods it calls
class Stage:
    """A browser page on which scenes are shown."""

    page: Page
    url: str
    scenes: Scenes

    def __post_init__(self) -> None:
        """Answer the made-up addresses with the scenes."""
        self.page.route(f"{self.url}/scene/*", self._answer)

    def show(self, name: str) -> None:
        """Open a scene."""
        self.page.goto(f"{self.url}/scene/{quote(name, safe='')}")

    def show_all(self) -> Iterator[str]:
        """Open one scene after the other and give its name."""
        for name in self.scenes:
            self.show(name)
            yield name

    def _answer(self, route: Route) -> None:
        names = {f"{self.url}/scene/{quote(name, safe='')}": name for name in self.scenes}
        sheet = self.scenes[names[route.request.url]]
        # Its text is not compressed any more.
        own = {"content-encoding", "content-length", "transfer-encoding", "set-cookie"}
        headers = {name: value for name, value in sheet.headers.items() if name not in own}
        route.fulfill(status=sheet.status, headers=headers, body=sheet.html)


def collect_scenes(browser: Browser, url: str, unopened_url: str) -> dict[str, Sheet]:
    """Return every kind of page that the demonstration shows, and those of a clinic that has not opened."""
    scenes: dict[str, Sheet] = {}
    with send_courier(browser, unopened_url) as courier:
        scenes["not open"] = courier.get("/")
        scenes["not open: privacy"] = courier.get("/privacy")
    with send_courier(browser, url) as courier:
        scenes |= _read_without_form(courier)
    with send_courier(browser, url) as courier:
        scenes |= _read_questions(courier)
        scenes |= _read_faults(courier)
        scenes |= _read_endings(courier)
    return scenes


def _read_without_form(courier: Courier) -> Iterator[tuple[str, Sheet]]:
    yield "start", courier.get("/")
    yield "400", courier.post("/erase", {}, Sec_Fetch_Site="none")  # no page of ours says so
    yield "403", courier.post("/start", {}, Sec_Fetch_Site="cross-site")
    yield "404", courier.get("/nothing-here")
    yield "413", courier.post("/start", {"other-conditions": [TOO_LONG]})
    for path in ("about-ketamine", "for-clinicians", "privacy", "accessibility", "support", "erase"):
        yield path, courier.get(f"/{path}")
    yield "nothing open", courier.get("/questions/1")
    yield "resume", courier.get("/resume")
    yield "lost", _lose(courier)
    courier.get("/resume")
    yield "resume: wrong code", courier.send({"code": LONG_WORD}, to="/resume")


def _lose(courier: Courier) -> Sheet:
    token = courier.find_form("/resume").fields["csrf_token"]
    asked = {"csrf_token": token, "asked": ["age reason-for-visit"]}
    chosen = {"reason-for-visit": ["ptsd", "something-else"], "reason-for-visit-something-else": [LONG_WORD]}
    return courier.post("/questions/1", {**asked, "age": ["34"], **chosen})


def _read_questions(courier: Courier) -> Iterator[tuple[str, Sheet]]:
    yield "question: the first", courier.start()
    courier.walk(merge_patients(_EVERYTHING))
    yield "start: a form is open", courier.get("/")
    known: set[object] = set()
    for met in list(courier.sheets):
        if not met.asked:
            continue
        page = load_edition().page_of[met.asked[0]]
        shown = [item for item in page.items if item.link_id in met.asked or not (item.is_question or item.enable_when)]
        kinds = {_name_kind(item) for item in shown}
        if kinds - known:
            known |= kinds
            yield f"question: {page.link_id}", courier.open_page(page.link_id)
    yield "support: on the way", courier.get("/support")
    yield "clear", courier.get("/questions/1/clear")


def _name_kind(item: Item) -> object:
    is_open = any(option.is_open for option in item.answer_options)
    return item.type, item.repeats, item.is_rows, is_open, item.unit is None, item.help is None


def _read_faults(courier: Courier) -> Iterator[tuple[str, Sheet]]:
    courier.open_page("visit")
    stale = courier.find_form()
    courier.send({"age": "34"})
    yield "question: changed in another tab", courier.post(stale.action, {**stale.fields, "age": ["43"]})
    courier.open_page("visit")
    yield "question: a word for a number", courier.send({"age": "seventeen", "reason-for-visit": ["ptsd", "not-sure"]})
    courier.open_page("blood-pressure-numbers")
    yield "question: a doubt", courier.send({"bp-systolic": "85", "bp-diastolic": "150"})
    courier.open_page("blood-pressure-numbers")
    yield "question: a day that is not", courier.send({"bp-date-day": "31", "bp-date-month": "February"})
    courier.open_page("medicines")
    rows = {"current-medicines-1-name": "", "current-medicines-1-dose": LONG_WORD, "current-medicines": ["none"]}
    yield "question: rows and none", courier.send(rows)
    courier.open_page("anything-else")
    yield "question: too many words", courier.send({"other-conditions": ONE_MORE})
    courier.open_page("heart")
    courier.send({"heart-disease": "no"})
    yield "check: unsent and unread", courier.get("/check")
    yield "send: unread", courier.get("/share/send")


def _read_endings(courier: Courier) -> Iterator[tuple[str, Sheet]]:
    # The same answers once more: what could not be read is read now.
    courier.open_page("visit")
    courier.walk(merge_patients(_EVERYTHING))
    for path in ("check", "share", "share/send", "share/kept", "summary", "done", "resume", "erase"):
        yield f"{path}: with answers" if path in {"resume", "erase"} else path, courier.get(f"/{path}")
    yield from _send(courier)
    yield "erase: an old page", courier.post("/erase", {})
    code = courier.get("/resume").html.partition('<strong translate="no">')[2].partition("<")[0]
    courier.get("/erase")
    yield "erased: after erasing", courier.send(to="/erase")
    courier.get("/resume")
    yield "receipt", courier.send({"code": code}, to="/resume")


def _send(courier: Courier) -> Iterator[tuple[str, Sheet]]:
    """Send, and change an answer afterwards."""
    courier.get("/share/send")
    yield "send: everything is lacking", courier.send({"patient-email": LONG_WORD}, to="/share/send", action="send")
    stale = courier.find_form("/share/send")
    courier.send({**WHO, "patient-name": LONG_WORD[:200]}, to="/share/send", action="send")
    other = {**stale.fields, **{name: [value] for name, value in WHO.items()}}
    yield "send: sent before", courier.post("/share/send", other)
    for path in ("check", "share", "summary", "done", "erase"):
        yield f"{path}: sent", courier.get(f"/{path}")
    courier.open_page("visit")
    courier.send({"age": "43"})
    for path in ("check", "share", "summary", "done"):
        yield f"{path}: changed since", courier.get(f"/{path}")
