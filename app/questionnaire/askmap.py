"""The ask-map: the whole questionnaire with its branches in words, for approval and for patients who want to prepare.

Questions are numbered in order so that conditions can name them. It holds words and no layout; `askmap_text.py` sets
them. It must never hold what only clinicians read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, ItemType, LocalText, Operator, PageKind

_COMPARISONS = {
    Operator.EQUALS: "is {answer}",
    Operator.NOT_EQUALS: "is answered, but not {answer}",
    Operator.GREATER: "is more than {answer}",
    Operator.LESS: "is less than {answer}",
    Operator.GREATER_OR_EQUAL: "is {answer} or more",
    Operator.LESS_OR_EQUAL: "is {answer} or less",
}
_PLACEHOLDERS = {
    "{clinic}": "[name of the clinic]",
    "{emergency}": "[emergency number]",
    "{crisis-line}": "[crisis line]",
}
_LAST_PAGES = {
    PageKind.SUPPORT: "The clinic's crisis contacts are shown here.",
    PageKind.CHECK: "All answers are shown here, to look over and change.",
    PageKind.SHARE: "Only for answers that are sent to the clinic; nothing has to be sent.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """A question, or a displayed sentence, which has no number and no answers.

    `task` says how to answer; `answers` are those to choose from, `alone` those that stand alone, `open_answer` the one
    with a line for own words. `asked_when` is empty where the page's own condition is all.
    """

    number: int | None
    text: str
    help: str = ""
    why: str = ""
    task: str = ""
    answers: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    open_answer: str = ""
    is_several: bool = False
    asked_when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPage:
    """One page: its number in the form `2.3`, when it is seen, and what is on it."""

    number: str
    title: str
    note: str
    asked_when: str
    entries: tuple[MapEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSection:
    """One section with its pages."""

    number: int
    title: str
    pages: tuple[MapPage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskMap:
    """The whole map, in one language."""

    title: str
    disclaimer: str
    edition: str
    version: str
    date: str
    sections: tuple[MapSection, ...]


def build_askmap(edition: Edition, language: str) -> AskMap:
    """Return the map of an edition in `language`; what joins the questionnaire's words is in English.

    >>> from app.questionnaire.edition import build_edition
    >>> from app.questionnaire.model import Questionnaire
    >>> text = LocalText((("en", "Before your visit"),))
    >>> empty = build_edition(Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=()), "00")
    >>> build_askmap(empty, "en").title
    'Before your visit'
    """
    questionnaire = edition.questionnaire
    pages = [page for page in (*edition.pages, edition.check, edition.share) if page]
    writer = _Writer(edition, language)
    sections = {page.section_number: page.section_title.to(language) for page in pages}
    return AskMap(
        title=questionnaire.title.to(language),
        disclaimer=questionnaire.disclaimer.to(language),
        edition=edition.hash[:8],
        version=questionnaire.version,
        date=questionnaire.date,
        sections=tuple(
            MapSection(number=number, title=title, pages=tuple(writer.build_pages(number, pages)))
            for number, title in sections.items()
        ),
    )


class _Writer:
    """Writes the words of one map: knows every question's number, and the language."""

    def __init__(self, edition: Edition, language: str) -> None:
        self._language = language
        self._items = edition.items
        self._numbers = {item.link_id: number for number, item in enumerate(edition.questions, start=1)}

    def build_pages(self, section: int, pages: list[Page]) -> Iterator[MapPage]:
        own = [page for page in pages if page.section_number == section]
        for number, page in enumerate(own, start=1):
            conditions = [self._describe_item(holder) for holder in page.conditions]
            yield MapPage(
                number=f"{section}.{number}",
                title=self._to(page.title),
                note=_LAST_PAGES.get(page.kind, ""),
                asked_when="; and ".join(conditions),
                entries=tuple(self._build_entry(item) for item in page.items),
            )

    def _to(self, text: LocalText | None) -> str:
        words = text.to(self._language) if text else ""
        for placeholder, stands_for in _PLACEHOLDERS.items():
            words = words.replace(placeholder, stands_for)
        return words

    def _build_entry(self, item: Item) -> MapEntry:
        answers = [option for option in item.answer_options if not option.is_open]
        is_several = item.repeats and not item.is_rows
        return MapEntry(
            number=self._numbers.get(item.link_id),
            text=self._to(item.text),
            help=self._to(item.help),
            why=self._to(item.why),
            task=self._describe_task(item),
            answers=tuple(self._to(option.display) for option in answers if not (item.repeats and option.is_exclusive)),
            alone=tuple(self._to(option.display) for option in answers if item.repeats and option.is_exclusive),
            open_answer=next((self._to(option.display) for option in item.answer_options if option.is_open), ""),
            is_several=is_several,
            asked_when=self._describe_item(item),
        )

    def _describe_task(self, item: Item) -> str:
        if item.is_rows:
            return f"Up to {item.max_occurs}, each with: {'; '.join(self._to(field.text) for field in item.items)}"
        match item.type:
            case ItemType.CHOICE | ItemType.OPEN_CHOICE:
                return "Choose all that fit" if item.repeats else ""
            case ItemType.INTEGER | ItemType.DECIMAL:
                return self._describe_number(item)
            case ItemType.DATE:
                return "A date; the month and year are enough" if item.date_precision == "month" else "A date"
            case ItemType.STRING | ItemType.TEXT:
                return f"Own words, at most {item.max_length:,} characters" if item.max_length else "Own words"
            case _:
                return ""

    def _describe_number(self, item: Item) -> str:
        kind = "A whole number" if item.type is ItemType.INTEGER else "A number"
        low, high = item.min_value, item.max_value
        if low is not None and high is not None:
            kind += f" from {low} to {high}"
        elif low is not None or high is not None:
            kind += f", {low} or more" if low is not None else f", {high} or less"
        return f"{kind} ({self._to(item.unit.display)})" if item.unit else kind

    def _describe_item(self, item: Item) -> str:
        """Return an item's own conditions in words: answers of one question under *any* are named together."""
        is_any = item.enable_behavior is EnableBehavior.ANY
        told: dict[tuple[str, str, int], list[str]] = {}
        for place, condition in enumerate(item.enable_when):
            form, answer = self._split_condition(condition)
            together = is_any and condition.operator is Operator.EQUALS
            told.setdefault((condition.question, form, 0 if together else place), []).append(answer)
        texts = [
            f"{self._name(question)} {form.format(answer=' or '.join(answers))}"
            for (question, form, _), answers in told.items()
        ]
        return (", or " if is_any else ", and ").join(texts)

    def _split_condition(self, condition: EnableWhen) -> tuple[str, str]:
        if condition.operator is Operator.EXISTS:
            return ("is answered" if condition.answer else "is not answered"), ""
        return _COMPARISONS[condition.operator], self._name_answer(condition)

    def _name_answer(self, condition: EnableWhen) -> str:
        options: Mapping[str, LocalText] = {
            option.code: option.display for option in self._items[condition.question].answer_options
        }
        answer = f"{condition.answer}"
        return f"“{self._to(options[answer])}”" if answer in options else answer

    def _name(self, question: str) -> str:
        return f"{self._numbers[question]} ({self._to(self._items[question].label)})"
