"""Example patients: their answers read as a browser would post them, and what must come of them.

The same way in as for everyone, so an example cannot have an answer that a patient could not give. It must never
mend an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from app.questionnaire.answer import Answer
from app.questionnaire.answers import CONFIRMED, OWN_WORDS, read_page
from app.questionnaire.definition import Example, ExampleAnswer, OwnWords
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.errors import QuestionnaireError
from app.questionnaire.finding import Finding, Rule
from app.questionnaire.model import Item, ItemType
from app.questionnaire.plain_frame import build_plain_frame, list_face_lines
from app.questionnaire.problem import Problem
from app.questionnaire.summary import build_summary


class ExampleError(QuestionnaireError):
    """An example has answers that cannot be kept; `problems` says which and what to do, in the patient's words."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} answer(s) of an example cannot be kept")
        self.problems = problems


def read_example(edition: Edition, example: Example, today: date) -> dict[str, Answer]:
    """Return an example's answers as they would be kept today, unexpected numbers confirmed; raises ExampleError.

    >>> from app.questionnaire.definition import Place
    >>> from app.questionnaire.edition import build_edition
    >>> from app.questionnaire.model import LocalText, Questionnaire
    >>> text = LocalText((("en", "When"),))
    >>> when = Item(link_id="when", type=ItemType.DATE, text=text)
    >>> page = Item(link_id="page", type=ItemType.GROUP, text=text, items=(when,))
    >>> section = Item(link_id="section", type=ItemType.GROUP, text=text, items=(page,))
    >>> edition = build_edition(Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=(section,)), "00")
    >>> ana = Example(name="Ana", note="", answers={"when": "T-10d"}, sees=(), does_not_see=(), face_sheet=(),
    ...     place=Place(1, 1))
    >>> read_example(edition, ana, date(2026, 3, 5))["when"]
    DateParts(year=2026, month=2, day=23, typed=('23', '2', '2026'))
    """
    raw: dict[str, tuple[str, ...]] = {}
    for link_id, answer in example.answers.items():
        raw |= _fill_controls(edition.find_item(link_id), answer, today)
    reading = read_page(edition.questions, raw, today)
    doubted = [problem.control for problem in reading.problems if problem.is_doubt]
    if doubted:
        raw |= {control + CONFIRMED: raw[control] for control in doubted}
        reading = read_page(edition.questions, raw, today)
    if reading.problems:
        raise ExampleError(reading.problems)
    return {link_id: answer for link_id, answer in reading.answers.items() if answer is not None}


def _fill_controls(item: Item, answer: ExampleAnswer, today: date) -> dict[str, tuple[str, ...]]:
    name = item.link_id
    match answer:
        case OwnWords(codes=codes, words=words):
            return {name: codes, name + OWN_WORDS: (words,)}
        case str() if item.type is ItemType.DATE:
            parts = zip(("day", "month", "year"), _split_date(answer, today), strict=True)
            return {f"{name}-{part}": (typed,) for part, typed in parts}
        case str():
            return {name: (answer,)}
        case _:
            return _fill_several(item, answer)


def _fill_several(item: Item, answers: Iterable[str | Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    controls: dict[str, tuple[str, ...]] = {}
    for number, answer in enumerate(answers, start=1):
        if isinstance(answer, str):
            controls[item.link_id] = (*controls.get(item.link_id, ()), answer)
        else:
            controls |= {f"{item.link_id}-{number}-{field}": (cell,) for field, cell in answer.items()}
    return controls


def _split_date(written: str, today: date) -> tuple[str, str, str]:
    """Return day, month and year as a person would type them; `T-10d` is ten days before today."""
    if written.startswith("T"):
        day = today + timedelta(days=int(written[1:-1] or "0"))
        return (f"{day.day}", f"{day.month}", f"{day.year}")
    year, month, *rest = written.split("-")
    return (f"{int(rest[0])}" if rest else "", f"{int(month)}", year)


def find_example_faults(edition: Edition, examples: Iterable[Example], today: date) -> Iterator[Finding]:
    """Yield whatever is not as an example says: answers, pages on the way, words on the face sheet."""
    for example in examples:
        for fault, remedy in _run_example(edition, example, today):
            yield Finding(
                rule=Rule.EXAMPLE, link_id=f"examples/{example.name}", place=example.place, fault=fault, remedy=remedy
            )


def _run_example(edition: Edition, example: Example, today: date) -> Iterator[tuple[str, str]]:
    try:
        answers = read_example(edition, example, today)
    except ExampleError as error:
        for problem in error.problems:
            yield f'its answer to {problem.link_id} cannot be kept: "{problem.message}"', "change the answer"
        return
    way = find_way(edition, answers)
    last = [page for page in (edition.check, edition.share) if page]
    seen = {page.link_id for page in (*way.pages, *last)}
    for page in example.sees:
        if page not in seen:
            yield f"the page {page} is not seen", "change the answers or conditions, or take it out of `sees`"
    for page in example.does_not_see:
        if page in seen:
            yield f"the page {page} is seen", "change the answers or conditions, or take it out of `doesNotSee`"
    summary = build_summary(edition, answers, build_plain_frame(edition.questionnaire.language))
    sheet = [_join_words(line) for line in list_face_lines(summary.faces[0])]
    for words in example.face_sheet:
        if not any(_join_words(words) in line for line in sheet):
            yield f'"{words}" is not on the face sheet', "change the answers, or take it out of `faceSheet`"


def _join_words(text: str) -> str:
    return " ".join(text.split())
