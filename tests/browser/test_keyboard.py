"""The journey by keyboard alone, no script: Tab, Space, arrow keys and Enter (D-12; WCAG 2.2, 2.1.1 and 2.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from app.questionnaire.answer import Answer, Coded
from app.questionnaire.model import Item
from app.questionnaire.refill import fill_controls
from tests.browser.patient import expect_summary, load_definition, load_edition, read_answers, squeeze
from tests.support.browser import OpenPage, Screen
from tests.support.server import Server

WITHOUT_SCRIPTS = Screen(has_scripts=False)
_MOST_TABS = 200
SAVE = "form .actions button[value=save]"


@dataclass(slots=True)
class Typist:
    """A person with a keyboard and nothing else."""

    page: Page

    def tab_to(self, selector: str) -> None:
        """Press Tab until what is meant has focus; everything on the way must be there for people too."""
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            assert not self.page.locator(":focus[aria-hidden], [aria-hidden] :focus").count()
            if self.page.locator(selector).and_(self.page.locator(":focus")).count():
                return
        raise AssertionError(f"{self.page.url}: {selector} was not reached")

    def press_and_go(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, or to this one again."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def answer(self, item: Item, answer: Answer) -> None:
        """Answer one question, from wherever the focus is above it."""
        for control, values in fill_controls(item, answer).items():
            for value in values:
                option = f'[name="{control}"][value="{value}"]'
                kind = self.page.locator(f'[name="{control}"]').first.get_attribute("type")
                if kind == "radio":
                    self.tab_to(f'[name="{control}"]')
                    self._choose(item, value)
                elif kind == "checkbox":
                    self.tab_to(option)
                    self.page.keyboard.press("Space")
                else:
                    self.tab_to(f'[name="{control}"]')
                    self.page.keyboard.type(value)

    def answer_page(self, answers: Mapping[str, Answer]) -> None:
        """Answer what the page asks, from top to bottom, and save with the button."""
        for link_id in self.page.locator("input[name=asked]").input_value().split():
            if link_id in answers:
                self.answer(load_edition().items[link_id], answers[link_id])
        self.tab_to(SAVE)
        self.press_and_go()
        assert not self.page.title().startswith("Error:"), self.page.url

    def _choose(self, item: Item, code: str) -> None:
        steps = [option.code for option in item.answer_options].index(code)
        for key in ["ArrowDown"] * steps or ["Space"]:
            self.page.keyboard.press(key)


@pytest.fixture
def typist(live_server: Server, open_page: OpenPage) -> Typist:
    """Give a person at the first page of the questionnaire, who got there by keyboard."""
    typist = Typist(open_page(live_server.url, WITHOUT_SCRIPTS))
    typist.page.goto("/")
    typist.tab_to("form[action='/start'] button")
    typist.press_and_go()
    return typist


def go_to(typist: Typist, link_id: str) -> None:
    """Open a question page that is on everybody's way."""
    page = load_edition().find_page(link_id)
    assert page is not None
    typist.page.goto(f"/questions/{page.slug}")


def read_focus(page: Page) -> str:
    """Return the id of what has focus."""
    return page.locator(":focus").get_attribute("id") or ""


def test_the_whole_journey_needs_no_mouse(typist: Typist) -> None:
    # Given somebody who answers No to whatever can be answered so
    base = next(example for example in load_definition().examples if example.name == "BASE")
    answers = read_answers(base)
    # When they answer every page and look over the answers
    while not typist.page.url.endswith("/check"):
        typist.answer_page(answers)
    shown = squeeze(typist.page.locator("main").inner_text())
    typist.answer_page(answers)
    # And keep them to themselves
    typist.tab_to("main a[href='/summary']")
    typist.press_and_go()
    # Then they have their summary, and each answer is where it was given
    assert typist.page.url.endswith("/summary")
    on_paper = squeeze(typist.page.locator("main").inner_text())
    for section in expect_summary(answers).sections:
        for row in section.rows:
            said = squeeze(row.question) + "".join(squeeze(line.text) for line in row.answer.lines)
            assert row.page in {"check", "share"} or said in shown
            assert row.page == "share" or said in on_paper
    typist.tab_to("a[href='/done']")
    typist.press_and_go()
    typist.tab_to("main a[href='/erase']")
    typist.press_and_go()
    typist.tab_to("form[action='/erase'] button")
    typist.press_and_go()
    typist.page.get_by_role("heading", name="Everything is erased").wait_for()


def test_after_a_failed_check_focus_is_on_what_to_do_and_its_link_leads_to_the_box(typist: Typist) -> None:
    # Given a word where a number belongs, sent with Enter
    typist.tab_to("#age")
    typist.page.keyboard.type("seventeen")
    typist.press_and_go()
    # Then the page says so first, and what says so has focus
    assert typist.page.title().startswith("Error: ")
    assert typist.page.locator(":focus").get_attribute("class") == "error-summary"
    # And its link leads to the box, with the word still in it
    typist.tab_to(".error-summary a")
    typist.page.keyboard.press("Enter")
    assert read_focus(typist.page) == "age"
    assert typist.page.locator(":focus").input_value() == "seventeen"


def test_the_link_leads_to_the_first_of_several_choices(typist: Typist) -> None:
    go_to(typist, "kinds-of-medicine")
    typist.tab_to("[name=medicine-types][value=lithium]")
    typist.page.keyboard.press("Space")
    typist.tab_to("[name=medicine-types][value=none]")
    typist.page.keyboard.press("Space")
    typist.press_and_go()
    typist.tab_to(".error-summary a")
    typist.page.keyboard.press("Enter")
    assert read_focus(typist.page) == "medicine-types"


def test_the_link_leads_to_the_part_of_a_date_that_is_missing(typist: Typist) -> None:
    go_to(typist, "blood-pressure")
    typist.answer_page({"bp-known": Coded(("yes",))})
    typist.tab_to("[name=bp-date-month]")
    typist.page.keyboard.type("May")
    typist.press_and_go()
    typist.tab_to(".error-summary a")
    typist.page.keyboard.press("Enter")
    assert read_focus(typist.page) == "bp-date-year"


def test_enter_in_a_row_saves_and_neither_adds_nor_removes_a_row(typist: Typist) -> None:
    # Given two medicines, the second in a row that was added: its first box has focus at once
    go_to(typist, "medicines")
    typist.tab_to("#current-medicines-1-name")
    typist.page.keyboard.type("sertraline")
    typist.tab_to("button[value='add:current-medicines']")
    typist.press_and_go()
    assert read_focus(typist.page) == "current-medicines-2-name"
    typist.page.keyboard.type("lithium")
    # When Enter is pressed in a box
    typist.press_and_go()
    # Then the page is saved and the next one shows
    assert "current-medicines" not in typist.page.locator("input[name=asked]").input_value()
    go_to(typist, "medicines")
    boxes = typist.page.locator("[name^=current-medicines-][name$=-name]")
    assert [box.input_value() for box in boxes.all()] == ["sertraline", "lithium", ""]
    # And a row goes when its own button is pressed
    typist.tab_to("button[value='remove:current-medicines:1']")
    typist.press_and_go()
    assert [box.input_value() for box in boxes.all()] == ["lithium", ""]
