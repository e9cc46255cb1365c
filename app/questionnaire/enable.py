"""Which items are asked, and the way through the pages, for the answers given so far.

A condition sees only answers of questions that are themselves enabled (UA-91), so an old answer off the path
never steers it. It must never change or drop an answer. Source: FHIR R4 enableWhen, enableBehavior.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    pages = []
    for page in edition.pages:
        if page.conditions and not _is_open(page, answers, enabled):
            continue
        if page.is_plain:
            enabled |= page.link_ids
            pages.append(page)
            continue
        shown = [item.link_id for item in page.items if is_enabled(item, answers, enabled)]
        if shown:
            enabled.update(shown)
            pages.append(page)
    for last in (edition.check, edition.share):
        if last is not None:
            enabled |= last.link_ids
    return Way(tuple(pages), frozenset(enabled))


def _is_open(page: Page, answers: Answers, enabled: Collection[str]) -> bool:
    # Plain loops, here and below: this runs for every follow-up page of every request.
    for item in page.conditions:  # noqa: SIM110  all() of a generator takes half as long again
        if not is_enabled(item, answers, enabled):
            return False
    return True


def is_enabled(item: Item, answers: Answers, enabled: Collection[str]) -> bool:
    """Tell whether an item's own conditions hold; answers count only of questions in `enabled`, those asked before.

    >>> from app.questionnaire.model import ItemType, LocalText
    >>> when = EnableWhen(question="smoker", operator=Operator.EQUALS, answer="yes")
    >>> item = Item(link_id="a", type=ItemType.STRING, text=LocalText((("en", "?"),)), enable_when=(when,))
    >>> answers = {"smoker": Coded(("yes",))}
    >>> is_enabled(item, answers, {"smoker"}), is_enabled(item, answers, set())
    (True, False)
    """
    if not item.enable_when:
        return True
    is_any = item.enable_behavior is EnableBehavior.ANY
    for condition in item.enable_when:
        question = condition.question
        answer = answers.get(question) if question in enabled else None
        # Most follow-up pages wait for an answer that is not there: no more is asked about those.
        has_answer = answer is not None or condition.operator is Operator.EXISTS
        if (has_answer and holds(condition, answer)) is is_any:
            return is_any
    return not is_any


def holds(condition: EnableWhen, answer: Answer | None) -> bool:
    """Tell whether one condition holds for one answer; every comparison with no answer is false, as in FHIR.

    >>> holds(EnableWhen(question="age", operator=Operator.LESS, answer=Decimal(18)), Number("17"))
    True
    """
    if condition.operator is Operator.EXISTS:
        return (answer is not None) is condition.answer
    if answer is None:
        return False
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
