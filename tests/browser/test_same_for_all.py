"""What must not depend on an answer, and what must never be said: W-01 to W-14 over every page that A to L meet.

Each patient is walked through once, without a browser; what is compared is the HTML that a browser would get.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.finding import Rule
from app.questionnaire.model import Item, ItemType
from app.questionnaire.wording import BANS
from tests.browser.courier import Courier, Sheet, send_courier
from tests.browser.patient import load_edition, squeeze
from tests.browser.scenes import TOO_LONG, WHO, find_patient
from tests.browser.skeleton import read_classes, read_own_text, read_skeleton
from tests.support.server import Server

LETTERS = "ABCDEFGHIJKL"
ENDINGS = ("/check", "/share", "/share/send", "/share/kept", "/summary", "/done")
AFTER_SENDING = (*ENDINGS, "/erase")
OTHER_PAGES = ("/", "/support", "/resume", "/erase", "/about-ketamine", "/privacy", "/accessibility")
CRISIS = re.compile(r'<div class="crisis">.*?</div>', re.DOTALL)
ADDRESS = re.compile(
    r"/|/(questions/\d+|check|share(/send|/kept)?|summary|done|support|resume|erase|about-ketamine|privacy|accessibility)"
)
SAID_ALIKE = {Rule.W_01, Rule.W_02, Rule.W_05, Rule.W_06}
# What is new on every page, for each draft or at every minute: a form's token, the draft and its revision, when
# something was sent and is deleted, a reference, and a resume code.
TOKENS = re.compile(
    r'(?<=name="csrf_token" value=")[^"]*|(?<=name="revision" value=")[^"]*|(?<=name="draft" value=")[^"]*'
    r'|(?<=by themselves on )[^<]*|(?<=by itself on )[^<]*|(?<=was sent on )[^<]*|(?<=translate="no">)[^<]*'
    r"|(?<=your reference, )[^.]*|(?<=Its reference is )[^.]*"
)


@dataclass(frozen=True, slots=True)
class Journey:
    """All pages that one person met, in order, those after sending apart, and their PDF's text if it is looked at."""

    sheets: tuple[Sheet, ...]
    sent: tuple[Sheet, ...] = ()
    paper: str = ""

    def find(self, path: str) -> Sheet:
        """Return the last page at an address before sending."""
        return next(sheet for sheet in reversed(self.sheets) if sheet.address == path)

    def find_sent(self, path: str) -> Sheet:
        """Return the last page at an address after sending."""
        return next(sheet for sheet in reversed(self.sent) if sheet.address == path)


def answer_alike(word: str) -> dict[str, Answer]:
    """Return the answers of somebody who says one word wherever it can be said, and the same of all else."""
    return {item.link_id: _answer(item, word) for item in load_edition().questions}


def _answer(item: Item, word: str) -> Answer:
    codes = [option.code for option in item.answer_options]
    if codes:
        return Coded((word if word in codes else codes[0],))
    if item.is_rows:
        return Rows((("Something", *([""] * (len(item.items) - 1))),))
    if item.type is ItemType.DATE:
        return DateParts(2026, 5, 3, ("3", "5", "2026"))
    if item.type is ItemType.INTEGER:
        return Number(f"{item.expected.minimum + 40}" if item.expected and item.expected.minimum else "20")
    return Text("Words")


def walk(courier: Courier, answers: Mapping[str, Answer]) -> tuple[Sheet, ...]:
    """Walk somebody through to the end and return all pages they met."""
    courier.start()
    courier.walk(answers)
    courier.send(courier.fill(answers))
    for path in (*OTHER_PAGES, *ENDINGS):
        courier.get(path)
    return tuple(courier.sheets)


def send(courier: Courier) -> tuple[Sheet, ...]:
    """Send what somebody answered and return all pages they met from then on."""
    before = len(courier.sheets)
    courier.get("/share/send")
    courier.send(WHO, to="/share/send", action="send")
    assert courier.sheet.address == "/done"
    for path in AFTER_SENDING:
        courier.get(path)
    return tuple(courier.sheets[before + 1 :])


def read_paper(courier: Courier) -> str:
    """Return the text of the PDF without white space."""
    pdf = courier.context.request.get("/summary.pdf").body()
    return squeeze("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


@pytest.fixture(scope="module")
def journeys(browser: Browser, live_server: Server) -> dict[str, Journey]:
    """Walk test patients A to L through."""
    walked = {}
    for letter in LETTERS:
        with send_courier(browser, live_server.url) as courier:
            sheets = walk(courier, find_patient(letter))
            sent = send(courier)
            walked[letter] = Journey(sheets, sent, read_paper(courier))
    return walked


@pytest.fixture(scope="module")
def alike(browser: Browser, live_server: Server) -> dict[str, Journey]:
    """Walk people through who give the same answer to everything."""
    walked = {}
    for word in ("no", "yes", "not-sure", "prefer-not"):
        with send_courier(browser, live_server.url) as courier:
            sheets = walk(courier, answer_alike(word))
            walked[word] = Journey(sheets, send(courier))
    return walked


@pytest.fixture(scope="module")
def sheets(journeys: dict[str, Journey], alike: dict[str, Journey]) -> dict[str, Sheet]:
    """Return every page that anybody met, by who met it and where."""
    named = {**journeys, **alike}
    return {
        f"{name} {number} {sheet.address}": sheet
        for name, journey in named.items()
        for number, sheet in enumerate((*journey.sheets, *journey.sent))
    }


def test_the_walks_met_most_pages_there_are(sheets: dict[str, Sheet]) -> None:
    # Given that everything below says something about the pages met: they are all but those of single substances
    page_of = load_edition().page_of
    met = {page_of[name].link_id for sheet in sheets.values() for name in sheet.asked if name in page_of}
    missed = {page.link_id for page in load_edition().pages if page.questions} - met
    assert all(link_id.startswith("substance-") for link_id in missed), missed
    assert {"yes", "no"} == {
        word for word in ("yes", "no") for sheet in sheets.values() if f'value="{word}" ' in sheet.html
    }


@pytest.mark.parametrize("path", ENDINGS)
def test_all_no_and_all_yes_see_the_same_steps(path: str, alike: dict[str, Journey]) -> None:
    # W-07, W-08, W-10, D-13
    skeletons = {word: read_skeleton(journey.find(path).html) for word, journey in alike.items()}
    assert len(set(skeletons.values())) == 1, "\n\n".join(f"{word}: {text}" for word, text in skeletons.items())


@pytest.mark.parametrize("path", AFTER_SENDING)
def test_all_no_and_all_yes_see_the_same_steps_after_sending(path: str, alike: dict[str, Journey]) -> None:
    # W-07, D-13
    skeletons = {word: read_skeleton(journey.find_sent(path).html) for word, journey in alike.items()}
    assert len(set(skeletons.values())) == 1, "\n\n".join(f"{word}: {text}" for word, text in skeletons.items())


@pytest.mark.parametrize("path", ["/share", "/share/send", "/share/kept", "/done"])
def test_the_decision_and_the_end_say_the_same_to_everybody(path: str, alike: dict[str, Journey]) -> None:
    # W-07: before sending and after it
    assert "by themselves on " in alike["yes"].find("/done").html
    assert "was sent on " in alike["yes"].find_sent("/done").html
    assert len({TOKENS.sub("", journey.find(path).html) for journey in alike.values()}) == 1
    assert len({TOKENS.sub("", journey.find_sent(path).html) for journey in alike.values()}) == 1


def test_who_has_answered_everything_is_shown_no_list_of_what_is_not_answered(alike: dict[str, Journey]) -> None:
    for journey in alike.values():
        assert "not answered" not in journey.find("/check").html


def test_the_crisis_lines_are_the_same_bytes_on_every_page(sheets: dict[str, Sheet]) -> None:
    # W-13
    blocks = {name: tuple(CRISIS.findall(sheet.html)) for name, sheet in sheets.items()}
    wanted = next(iter(blocks.values()))
    assert len(wanted) == 1
    assert "988" in wanted[0]
    assert [name for name, block in blocks.items() if block != wanted] == []


def test_whatever_goes_wrong_the_crisis_lines_and_the_disclaimer_are_there(
    browser: Browser, live_server: Server, sheets: dict[str, Sheet]
) -> None:
    # W-12, W-13: on the error pages too
    (block,) = CRISIS.findall(next(iter(sheets.values())).html)
    disclaimer = load_edition().questionnaire.disclaimer.to("en")
    with send_courier(browser, live_server.url) as courier:
        for path in ("/for-clinicians", "/questions/1", "/nothing-here", "/resume"):
            courier.get(path)
        courier.send({"code": "ABCD"}, to="/resume")
        courier.post("/start", {})
        courier.post("/start", {}, Sec_Fetch_Site="cross-site")
        courier.post("/start", {"age": [TOO_LONG]})
        courier.start()
        courier.send({"age": "seventeen"})
        lacking = [
            f"{sheet.status} {sheet.address}"
            for sheet in courier.sheets
            if CRISIS.findall(sheet.html) != [block] or disclaimer not in sheet.html
        ]
    assert lacking == []


def test_the_disclaimer_is_on_every_page(sheets: dict[str, Sheet], journeys: dict[str, Journey]) -> None:
    # W-12
    disclaimer = load_edition().questionnaire.disclaimer.to("en")
    assert [name for name, sheet in sheets.items() if disclaimer not in sheet.html] == []
    assert [name for name, journey in journeys.items() if squeeze(disclaimer) not in journey.paper] == []


def test_no_page_gives_a_verdict_a_rating_an_instruction_or_a_promise(sheets: dict[str, Sheet]) -> None:
    # W-01, W-02, W-05, W-06
    texts = {read_own_text(sheet.html): sheet.address for sheet in sheets.values()}
    found = {
        f"{ban.rule}: {match[0]}: {address}"
        for text, address in texts.items()
        for ban in BANS
        if ban.rule in SAID_ALIKE and (match := ban.pattern.search(text))
    }
    assert not found, "\n".join(sorted(found))


def test_why_a_clinician_is_told_to_ask_is_on_no_page_and_no_paper_of_a_patient(
    sheets: dict[str, Sheet], journeys: dict[str, Journey]
) -> None:
    # W-14
    rationales = [
        text
        for item in load_edition().questions
        for text in [squeeze(item.rationale.to("en") if item.rationale else "")]
        if text
    ]
    assert len(rationales) > 40
    texts = {sheet.address: squeeze(read_own_text(sheet.html)) for sheet in sheets.values()}
    texts |= {f"paper of {letter}": journey.paper for letter, journey in journeys.items()}
    assert [(name, text) for name, whole in texts.items() for text in rationales if text in whole] == []


def test_no_class_depends_on_what_is_answered(alike: dict[str, Journey]) -> None:
    # W-04: the pages after the last question have the same classes, whatever was said
    for path in ENDINGS:
        classes = {word: frozenset(read_classes(journey.find(path).html)) for word, journey in alike.items()}
        assert len(set(classes.values())) == 1, (path, classes)


def test_a_chosen_answer_is_marked_alike_whichever_it_is(browser: Browser, live_server: Server) -> None:
    # W-04: a page saved with each of its answers is the same page but for where `checked` stands
    with send_courier(browser, live_server.url) as courier:
        courier.start()
        pages = set()
        for word in ("yes", "no", "not-sure", "prefer-not"):
            courier.open_page("heart")
            courier.send(dict.fromkeys(courier.sheet.asked, word))
            html = TOKENS.sub("", courier.open_page("heart").html)
            assert html.count(" checked") == 3
            pages.add(html.replace(" checked", ""))
    assert len(pages) == 1


def test_no_address_and_no_title_tells_what_was_answered(
    journeys: dict[str, Journey], alike: dict[str, Journey]
) -> None:
    # D-11: both are kept in the browser's history. H is asked about substances, All-No about nothing more.
    everybody = {sheet.document.title for sheet in alike["no"].sheets}
    assert len({sheet.address for sheet in journeys["H"].sheets} - {sheet.address for sheet in alike["no"].sheets}) > 8
    for sheet in journeys["H"].sheets:
        assert ADDRESS.fullmatch(sheet.address), sheet.address
        assert sheet.document.title in everybody


def test_no_page_loads_anything_from_another_host(sheets: dict[str, Sheet]) -> None:
    # D-11: whatever a browser loads by itself
    loaded = re.compile(r'<(?:link|script|img|iframe|source)\b[^>]*?\b(?:href|src|srcset)="([^"]*)"')
    found = {address for sheet in sheets.values() for address in loaded.findall(sheet.html)}
    assert found
    own = ("/static/", "/summary.svg")
    assert [address for address in found if urlsplit(address).netloc or not address.startswith(own)] == []
