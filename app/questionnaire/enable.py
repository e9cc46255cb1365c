"""Which items are asked, and the way through the pages, for the answers given so far.

A condition sees only answers of questions that are themselves enabled (UA-91), so an old answer off the path
never steers it. It must never change or drop an answer. Source: FHIR R4 enableWhen, enableBehavior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.questionnaire.answer import Answer, Coded, Number
from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, Operator

Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Way:
    """The pages a person walks and the items they are asked, for one set of answers."""

    pages: tuple[Page, ...]
    enabled: frozenset[str]

    def has(self, page: Page) -> bool:
        """Tell whether the page is on the way."""
        return page in self.pages

    def after(self, page: Page) -> Page | None:
        """Return the next page on the way after `page`, even where `page` itself is off it; None at the last."""
        return next((step for step in self.pages if step.number > page.number), None)

    def before(self, page: Page) -> Page | None:
        """Return the page on the way before `page`, even where `page` itself is off it; None at the first."""
        return next((step for step in reversed(self.pages) if step.number < page.number), None)


def find_way(edition: Edition, answers: Answers) -> Way:
    """Return the enabled items and the pages that have one, in questionnaire order."""
    enabled: set[str] = set()
    seen: dict[str, Answer] = {}
    pages = []
    for page in edition.pages:
        if not all(is_enabled(holder, seen) for holder in page.conditions):
            continue
        shown = [item for item in page.items if is_enabled(item, seen)]
        if not shown:
            continue
        pages.append(page)
        enabled.update(item.link_id for item in shown)
        seen.update({item.link_id: answers[item.link_id] for item in shown if item.link_id in answers})
    for last in (edition.check, edition.share):
        if last is not None:
            enabled.update(item.link_id for item in last.items)
    return Way(tuple(pages), frozenset(enabled))


def is_enabled(item: Item, seen: Answers) -> bool:
    """Tell whether an item's own conditions hold; `seen` are the answers of enabled questions before it.

    >>> from app.questionnaire.model import ItemType, LocalText
    >>> when = EnableWhen(question="smoker", operator=Operator.EQUALS, answer="yes")
    >>> item = Item(link_id="a", type=ItemType.STRING, text=LocalText((("en", "?"),)), enable_when=(when,))
    >>> is_enabled(item, {"smoker": Coded(("yes",))}), is_enabled(item, {})
    (True, False)
    """
    if not item.enable_when:
        return True
    results = (holds(condition, seen.get(condition.question)) for condition in item.enable_when)
    return any(results) if item.enable_behavior is EnableBehavior.ANY else all(results)


def holds(condition: EnableWhen, answer: Answer | None) -> bool:
    """Tell whether one condition holds for one answer; every comparison with no answer is false, as in FHIR.

    >>> holds(EnableWhen(question="age", operator=Operator.LESS, answer=Decimal(18)), Number("17"))
    True
    """
    if condition.operator is Operator.EXISTS:
        return (answer is not None) is condition.answer
    if isinstance(answer, Coded):
        is_chosen = condition.answer in answer.codes
        return is_chosen if condition.operator is Operator.EQUALS else bool(answer.codes) and not is_chosen
    if isinstance(answer, Number) and isinstance(condition.answer, Decimal):
        return _compare(answer.value, condition.operator, condition.answer)
    return False


def _compare(value: Decimal, operator: Operator, limit: Decimal) -> bool:
    match operator:
        case Operator.EQUALS:
            return value == limit
        case Operator.NOT_EQUALS:
            return value != limit
        case Operator.GREATER:
            return value > limit
        case Operator.LESS:
            return value < limit
        case Operator.GREATER_OR_EQUAL:
            return value >= limit
        case _:
            return value <= limit
