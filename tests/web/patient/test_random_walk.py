"""Somebody who answers anything, goes back, takes back and changes at random, in any order: the way always ends.

Whatever was done, the check page can be reached, no page breaks, and the summary says nothing of what is off the path.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.questionnaire.enable import find_way
from app.questionnaire.model import Item, ItemType
from app.web.patient.current import find_current
from tests.browser.courier import list_hidden
from tests.browser.patient import load_edition
from tests.support.examples import count_examples
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

WORKS = {200, 409, 410, 422}
NUMBERS = ("", "0", "7", "17", "44", "85", "150", "182", "1000", "-1", "seventeen", " 40 ", "4.5")
PARTS = ("", "1", "31", "5", "May", "2025", "2026", "2031", "0")
_MOST_PAGES = 150


def choose_typed(random: Random, item: Item) -> dict[str, list[str]]:
    """Return something for a question's controls: what can be answered, and sometimes what cannot."""
    name, codes = item.link_id, [option.code for option in item.answer_options]
    if item.is_rows:
        rows = {
            f"{name}-{number}-{child.link_id}": [random.choice(("", mark(name)))]
            for number in range(1, random.randint(1, 4))
            for child in item.items
        }
        return rows | {name: random.sample(codes, random.randint(0, min(1, len(codes))))}
    if codes:
        chosen = random.sample(codes, random.randint(0, 3 if item.repeats else 1))
        if "yes" in codes and random.random() < 0.4:
            chosen = ["yes"]  # more often than by chance, for it opens pages
        own_words = [mark(name)] if "something-else" in chosen else []
        return {name: chosen, f"{name}-something-else": own_words}
    if item.type is ItemType.DATE:
        return {f"{name}-{part}": [random.choice(PARTS)] for part in ("day", "month", "year")}
    if item.type in {ItemType.INTEGER, ItemType.DECIMAL}:
        typed = random.choice(NUMBERS)
        return {name: [typed], f"{name}-confirmed": random.choice(([], [typed]))}
    return {name: [random.choice(("", mark(name)))]}


def mark(name: str) -> str:
    """Return words that stand nowhere but in this question's answer."""
    return f"mark of {name}."


@dataclass
class Wanderer:
    """A visitor who does at random what the page offers."""

    visitor: Visitor
    random: Random
    met: list[str] = field(default_factory=list)

    def find_question_form(self) -> Form | None:
        """Return the form of the questions on the page, if it has one."""
        return next((form for form in self.visitor.document.forms if "asked" in form.fields), None)

    def answer(self, action: str = "save") -> None:
        """Answer what the page asks, or some of it, and press a button."""
        form = self.find_question_form()
        if form is None:
            return
        typed: dict[str, list[str]] = {}
        for link_id in form.fields["asked"][0].split():
            if self.random.random() < 0.9:
                typed |= choose_typed(self.random, load_edition().items[link_id])
        self.met.append(urlsplit(form.action).path)
        self.visitor.post(typed, form=Form(form.action, list_hidden(form)), action=action)

    def clear(self) -> None:
        """Take everything on the page back."""
        form = self.find_question_form()
        if form is not None:
            self.visitor.post({}, form=form, action="clear")

    def go_back(self) -> None:
        """Go back to the page before, with whatever is on this one."""
        form = self.find_question_form()
        if form is not None:
            self.visitor.post({}, form=form, action="back")
        else:
            self.visitor.get("/check")

    def change(self) -> None:
        """Follow any of the check page's links to change an answer."""
        self.visitor.get("/check")
        links = [link for link in self.visitor.document.links if "to=check" in link]
        if links:
            self.visitor.get(self.random.choice(links).partition("#")[0])

    def change_again(self) -> None:
        """Answer a page anew that was answered before."""
        if self.met:
            self.visitor.get(self.random.choice(self.met))
            self.answer()

    def jump(self) -> None:
        """Open any address of the form."""
        pages = [f"/questions/{page.slug}" for page in load_edition().pages if page.questions]
        others = ("/support", "/share", "/summary", "/resume", "/done")
        self.visitor.get(self.random.choice((self.random.choice(pages), *others)))

    def add_or_remove_a_row(self) -> None:
        """Press one of the buttons beside the rows."""
        form = self.find_question_form()
        asked = form.fields["asked"][0].split() if form else []
        for link_id in asked:
            if load_edition().items[link_id].is_rows:
                self.answer(self.random.choice((f"add:{link_id}", f"remove:{link_id}:1", f"remove:{link_id}:9")))
                return

    def open_and_close_a_follow_up(self) -> None:
        """Say Yes, say more in own words, then say No."""
        heart = load_edition().page_of["heart-disease"]
        for answer in ("yes", "no"):
            self.visitor.get(f"/questions/{heart.slug}")
            self.visitor.post({"heart-disease": answer})
            form = self.find_question_form()
            if answer == "yes" and form is not None:
                self.visitor.post({"heart-kind": "something-else", "heart-kind-something-else": mark("heart-kind")})

    def walk_on(self) -> None:
        """Go on to the check page; take back what cannot be read."""
        self.visitor.get("/questions/1")
        for _ in range(_MOST_PAGES):
            assert self.visitor.status in WORKS, self.visitor.path
            if self.visitor.path == "/check":
                return
            if self.visitor.status != 200 or self.visitor.document.title.startswith(("Error", "Is this right")):
                self.clear()
            self.visitor.post(form=self.visitor.document.forms[0])
        raise AssertionError(f"no end in sight at {self.visitor.path}")


STEPS: tuple[Callable[[Wanderer], None], ...] = (
    Wanderer.answer,
    Wanderer.answer,
    Wanderer.answer,
    Wanderer.answer,
    Wanderer.clear,
    Wanderer.go_back,
    Wanderer.change,
    Wanderer.change_again,
    Wanderer.jump,
    Wanderer.add_or_remove_a_row,
)


def list_words_off_the_path(app: Flask, visitor: Visitor) -> list[str]:
    """Return question and marks of every answer that is stored and not asked for any more."""
    with app.test_request_context("/", base_url=ORIGIN, headers={"Cookie": visitor.cookie_header}):
        current = find_current()
        assert current is not None
        answers = current.progress.answers
    enabled = find_way(load_edition(), answers).enabled
    asked = {load_edition().items[link_id].text.to("en") for link_id in enabled}
    gone = [load_edition().items[link_id] for link_id in answers if link_id not in enabled]
    return [words for item in gone for words in (item.text.to("en"), mark(item.link_id)) if words not in asked]


# A walk is told by its steps and its seed; to look for a shorter one that fails too would take minutes.
@settings(
    max_examples=count_examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=5, max_size=40), seed=st.integers(0, 2**32))
def test_whatever_is_done_the_way_ends_at_the_check_page(
    app: Flask, steps: list[Callable[[Wanderer], None]], seed: int
) -> None:
    # Given somebody who has begun
    wanderer = Wanderer(make_visitor(app), Random(seed))  # noqa: S311 (it has to be the same again, not secret)
    visitor = wanderer.visitor
    visitor.start()
    # When they do what they like
    for step in steps:
        step(wanderer)
        assert visitor.status in WORKS, (visitor.path, visitor.status)
    # And answer a follow-up that they then close
    wanderer.open_and_close_a_follow_up()
    # Then they can go on to the check page, and to their summary
    wanderer.walk_on()
    visitor.post(form=wanderer.find_question_form())
    assert "/summary" in visitor.document.links
    visitor.get("/summary")
    # And it says nothing of what is off the path (D-5)
    text, gone = visitor.document.text, list_words_off_the_path(app, visitor)
    assert mark("heart-kind") in gone
    assert [words for words in gone if words in text] == []
