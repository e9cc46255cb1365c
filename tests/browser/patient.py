"""A person at the browser who answers as an example patient would: page after page, as the pages ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page
from pypdf import PdfReader

from app.clinic.profile import build_demonstration
from app.output.frame import build_frame
from app.questionnaire.answer import Answer
from app.questionnaire.canonical import dump_canonical, hash_canonical
from app.questionnaire.definition import Definition, Example
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.examples import read_example
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Item
from app.questionnaire.refill import fill_controls
from app.questionnaire.summary import build_summary
from app.questionnaire.summary_model import Summary

QUESTIONS = Path(__file__).parents[2] / "questions.yaml"


@cache
def load_definition() -> Definition:
    """Return the questionnaire that the server under test serves."""
    return load_questionnaire(QUESTIONS.read_bytes(), QUESTIONS.name)


@cache
def load_edition() -> Edition:
    """Return its edition."""
    questionnaire = load_definition().questionnaire
    return build_edition(questionnaire, hash_canonical(dump_canonical(questionnaire)))


def list_examples() -> list[Example]:
    """Return test patients A to L of clinical.md section 7, as the questionnaire file has them."""
    return [example for example in load_definition().examples if example.name != "BASE"]


def read_answers(example: Example) -> dict[str, Answer]:
    """Return an example's answers, its dates counted from today."""
    return dict(read_example(load_edition(), example, datetime.now(UTC).date()))


def expect_summary(answers: Mapping[str, Answer]) -> Summary:
    """Return what the paper of these answers must say."""
    clinic = build_demonstration()
    assert clinic is not None
    frame = build_frame(clinic, language="en", today=datetime.now(UTC).date(), translate=str)
    return build_summary(load_edition(), answers, frame)


@dataclass(slots=True)
class Patient:
    """One person with one browser page; `seen` are the pages they met, by their linkId."""

    page: Page
    answers: Mapping[str, Answer]
    seen: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Open the first page and begin."""
        self.page.goto("/")
        self.page.get_by_role("button", name="Start").click()

    def walk_to_the_check_page(self) -> None:
        """Answer page after page until the check page shows."""
        for _ in range(80):
            if self.page.url.endswith("/check"):
                return
            if "/support" in self.page.url:
                self.seen.append("support")
                self.page.get_by_role("button", name="Continue").click()
                continue
            self.answer_page()
            self.save()
            assert not self.page.title().startswith("Error:"), self.page.content()
        raise AssertionError(f"no end in sight after {self.seen}")

    def answer_page(self) -> None:
        """Fill in everything the page asks that this person has an answer to."""
        self.page.wait_for_load_state()  # what is not there is not asked, and not what has not come yet
        asked = self.page.locator("input[name=asked]").input_value().split()
        page = load_edition().page_of[asked[0]]
        self.seen.append(page.link_id)
        for link_id in asked:
            if link_id in self.answers:
                self.answer(load_edition().items[link_id], self.answers[link_id])

    def answer(self, item: Item, answer: Answer) -> None:
        """Fill in one question."""
        for control, values in fill_controls(item, answer).items():
            if item.is_rows and control.endswith(f"-{item.items[0].link_id}") and not self.find(control).count():
                self.page.get_by_role("button", name="Add").click()
                self.page.wait_for_load_state()
            for value in values:
                self.fill(control, value)

    def fill(self, control: str, value: str) -> None:
        """Choose or type one value."""
        box = self.find(control)
        if control.endswith("-confirmed") and not box.count():
            return  # asked only after the number was sent once
        if box.first.get_attribute("type") in {"radio", "checkbox"}:
            self.page.locator(f'[name="{control}"][value="{value}"]').check()
        else:
            box.fill(value)

    def find(self, control: str) -> Locator:
        """Return the control or controls with this name."""
        return self.page.locator(f'[name="{control}"]:not([type=hidden])')

    def save(self) -> None:
        """Press the one primary button; keep a number that the page asks about."""
        self.press()
        doubts = self.page.locator('[name$="-confirmed"]')
        if doubts.count():
            for doubt in doubts.all():
                doubt.check()
            self.press()

    def press(self) -> None:
        """Press that button, and wait until another page is there in whole: the browser's, or what our script put."""
        self.page.evaluate("document.body.dataset.isOld = 'yes'")
        self.page.get_by_role("button", name="Save and continue").click()
        self.page.locator("body:not([data-is-old])").wait_for(state="attached")
        self.page.wait_for_load_state()

    def answer_check_page(self) -> None:
        """Say whether the answers were looked over, and go on to the decision."""
        page = load_edition().check
        for item in page.questions if page else ():
            if item.link_id in self.answers:
                self.answer(item, self.answers[item.link_id])
        self.page.locator("form[action='/check'] button:visible").first.click()

    def print_pdf(self, query: str = "") -> str:
        """Return the text of the summary's PDF, white space as single spaces."""
        response = self.page.context.request.get(urljoin(self.page.url, f"/summary.pdf{query}"))
        assert response.ok
        return squeeze(" ".join(page.extract_text() for page in PdfReader(BytesIO(response.body())).pages))


def squeeze(text: str) -> str:
    """Return the text without white space: where lines break on paper is not what is compared."""
    return "".join(text.split())
