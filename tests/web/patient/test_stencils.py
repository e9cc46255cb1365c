"""What is drawn once for everybody leaves a gap for what is each person's own, and keeps nothing of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from flask import Flask, render_template
from flask.ctx import RequestContext

from app.clinic.profile import DEMONSTRATION
from app.web.edition import Served
from app.web.patient.current import find_current, save_current
from app.web.patient.page import build_page, find_form, find_typed
from tests.support.source import ROOT
from tests.web.patient.conftest import Clock, make_app
from tests.web.patient.sender import change_settings, find_services
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
HOSTILE = '"><script>{{ 7*7 }}</textarea>%(name)s&amp;\n\n end'
RENAMED = replace(DEMONSTRATION, name="Elm Street clinic")
# A heading, a question of boxes and one of choices, each of them drawn once.
WORDS = ("What brings you here", "How old are you?", "Do you know your last blood pressure numbers?")
NEW_WORDS = "How old are you now?"
# What a questionnaire says in each of its languages.
SAID = frozenset({"title", "purpose", "disclaimer", "text", "shortText", "help", "why", "display", "keyFacts"})
UNSAID = frozenset({"article", "sources"})
ONE = {
    "/questions/1": {"age": "34"},
    "/questions/7": {"bp-known": "yes"},
    "/questions/9": {"bp-systolic": "121", "bp-diastolic": "83", "bp-date-month": "March", "bp-date-year": "2021"},
    "/questions/60": {"other-conditions": HOSTILE, "questions-for-doctor": "Only mine."},
}
OTHER = {
    "/questions/1": {"age": "57"},
    "/questions/7": {"bp-known": "yes"},
    "/questions/9": {
        "bp-systolic": "141",
        "bp-diastolic": "95",
        "bp-date-day": "3",
        "bp-date-month": "5",
        "bp-date-year": "2022",
    },
    "/questions/60": {"other-conditions": "Another’s.", "questions-for-doctor": ""},
}


def write_twice(node: object, key: str = "") -> object:
    """Return a questionnaire as it was read, with all it says in a second language too."""
    if isinstance(node, dict):
        return {name: value if name in UNSAID else write_twice(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [write_twice(each, key) for each in node]
    return {"en": node, "de": f"{node} (Deutsch)"} if key in SAID else node


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Give a clinic's own questions, in two languages."""
    tree = write_twice(yaml.load((ROOT / "questions.yaml").read_bytes(), yaml.BaseLoader))  # noqa: S506  it builds texts only
    assert isinstance(tree, dict)
    path = tmp_path / "questions.yaml"
    path.write_text(yaml.dump({**tree, "languages": ["en", "de"]}, allow_unicode=True, sort_keys=False))
    return path


@pytest.fixture
def app(questions: Path, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application with these questions."""
    app = make_app(tmp_path / "data", clock, QUESTIONS=str(questions))
    yield app
    find_services(app).engine.dispose()


def read_page(visitor: Visitor) -> str:
    """Return the visitor's last page as it was sent, without its token, which tells the time."""
    assert visitor.last is not None
    return TOKEN.sub("", visitor.last.get_data(as_text=True))


def open_request(app: Flask, visitor: Visitor, path: str) -> RequestContext:
    """Return a request of this visitor's."""
    return app.test_request_context(path, base_url=ORIGIN, headers={"Cookie": visitor.cookie_header})


def draw_whole(app: Flask, visitor: Visitor, path: str) -> str:
    """Return the page at an address as its template draws it at one go for this visitor, from nothing drawn before."""
    with open_request(app, visitor, path):
        current = find_current()
        assert current is not None
        current = replace(current, served=Served(edition=current.served.edition, forms=current.served.forms))
        page = current.served.edition.find_step(path.partition("?")[0].rpartition("/")[2])
        assert page is not None
        form = find_form(current, page, find_typed(current, page))
        view = build_page(current, page, form, is_changing=path.endswith("to=check"))
        return TOKEN.sub("", render_template("patient/question.html", page=view))


def read_in(app: Flask, visitor: Visitor, language: str) -> None:
    """Let a visitor's form go on in another language."""
    with open_request(app, visitor, "/"):
        current = find_current()
        assert current is not None
        save_current(current, lambda now: replace(now.progress, language=language))


def fill_in(visitor: Visitor, typed: dict[str, dict[str, str]]) -> None:
    """Begin a form and save these pages."""
    visitor.start()
    for path, fields in typed.items():
        visitor.get(path)
        visitor.post(fields)


def count_german(page: str) -> int:
    """Return how many of the words stand there in the second language, or fail unless each stands there in one."""
    assert all(words in page for words in WORDS)
    return sum(f"{words} (Deutsch)" in page for words in WORDS)


def compare(app: Flask, people: dict[str, tuple[Visitor, dict[str, dict[str, str]]]]) -> dict[str, str]:
    """Fail unless each page of each person is the page drawn at one go, with their own texts; return their words."""
    shown = {}
    for name, (visitor, typed) in people.items():
        pages = []
        for path, fields in typed.items():
            for address in (path, f"{path}?to=check"):
                visitor.get(address)
                pages.append(read_page(visitor))
                assert pages[-1] == draw_whole(app, visitor, address)
                texts = {
                    text.replace("\r\n", "\n") for values in visitor.find_form().fields.values() for text in values
                }
                assert set(filter(None, fields.values())) <= texts, (name, address)
                other = (ONE if typed is OTHER else OTHER)[path]
                assert not {text for text in other.values() if len(text) > 1} & texts - {*fields.values()}, address
        shown[name] = "".join(pages)
    return shown


def test_a_page_from_pieces_is_the_page_drawn_at_one_go_whatever_was_drawn_before(app: Flask, questions: Path) -> None:
    people = {"one": (make_visitor(app), ONE), "other": (make_visitor(app), OTHER)}
    for visitor, typed in people.values():
        fill_in(visitor, typed)
    # Given two people, each of whom meets what the other's pages have left, also on the second look
    for shown in (compare(app, people), compare(app, people)):
        assert [count_german(page) for page in shown.values()] == [0, 0]
    # When one of them goes on in another language
    read_in(app, people["other"][0], "de")
    # Then each reads their own
    assert [count_german(page) for page in compare(app, people).values()] == [0, len(WORDS)]
    # When the clinic takes another name
    change_settings(app, RENAMED)
    # Then it stands on every page, and the one before on none
    for page in compare(app, people).values():
        assert page.count(RENAMED.name) >= len(ONE) * 2
        assert DEMONSTRATION.name not in page
    # When the questions become others
    questions.write_text(questions.read_text().replace(WORDS[1], NEW_WORDS))
    people["new"] = (make_visitor(app), ONE)
    fill_in(*people["new"])
    # Then they do for whoever begins, and for nobody else
    shown = compare(app, people)
    assert {name: NEW_WORDS in page for name, page in shown.items()} == {"one": False, "other": False, "new": True}
    assert WORDS[1] in shown["one"]


def test_each_page_has_a_token_that_its_own_session_can_send(app: Flask) -> None:
    first, second = make_visitor(app), make_visitor(app)
    fill_in(first, ONE)
    fill_in(second, OTHER)
    first.get("/questions/60")
    second.get("/questions/60")
    kept = first.find_form()
    second.post(
        {"questions-for-doctor": "Mine too."},
        form=replace(second.find_form(), fields={**second.find_form().fields, "csrf_token": kept.fields["csrf_token"]}),
    )
    assert second.status == 400
    second.get("/questions/60")
    second.post({"questions-for-doctor": "Mine too."})
    assert second.status == 200
    second.get("/questions/60")
    assert second.find_form().fields["questions-for-doctor"] == ["Mine too."]
