"""Every way through the conditions, found exactly: answers that make something true, or the proof that none do.

Answers that no condition tells apart are one class, so a question has few classes and all of their combinations can
be walked, in questionnaire order, each question answered only where it is asked. It must never sample or guess: what
would take more than `BOUND` steps is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import chain, combinations
from typing import Final

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.edition import Edition
from app.questionnaire.enable import holds
from app.questionnaire.errors import QuestionnaireError
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, ItemType

BOUND: Final = 200_000
PROBE: Final = "x"
_TOO_LARGE: Final = 10**12  # `numbers.py` reads twelve digits


@dataclass(frozen=True, slots=True)
class Every:
    """True when all parts are."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True when at least one part is."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is not."""

    part: Formula


Formula = EnableWhen | Every | Some | Not
Found = Mapping[str, Answer | None]


class EntangledError(QuestionnaireError):
    """More combinations than can be walked; `questions` are those that hang together."""

    def __init__(self, questions: tuple[str, ...]) -> None:
        super().__init__(f"too many combinations of answers to {len(questions)} questions")
        self.questions = questions


class Explorer:
    """Finds answers for one edition. Conditions name only questions of earlier pages; loading has seen to that."""

    def __init__(self, edition: Edition, *, bound: int = BOUND) -> None:
        self._bound = bound
        self._items = edition.items
        self._order = {link_id: place for place, link_id in enumerate(edition.items)}
        self._asked: dict[str, Formula] = {link_id: Every(()) for link_id in edition.items}
        for page in edition.pages:
            holders = tuple(build_condition(holder) for holder in page.conditions)
            for item in page.items:
                self._asked[item.link_id] = Every((*holders, build_condition(item)))

    def find_asked(self, link_id: str) -> Formula:
        """Return when an item is asked or shown: its section's, its page's and its own conditions."""
        return self._asked.get(link_id, Some(()))

    def list_questions(self, formula: Formula) -> tuple[str, ...]:
        """Return every question that the formula hangs on, those that decide whether others are asked included."""
        return tuple(self._collect_conditions(formula))

    def find_answers(self, formula: Formula) -> Found | None:
        """Return answers that make the formula true, or None when none do; raises EntangledError.

        A question with None stays unanswered; one that is left out may have any answer.
        """
        conditions = self._collect_conditions(formula)
        order = tuple(sorted(conditions, key=lambda question: self._order.get(question, -1)))
        classes = {
            question: list_classes(self._items[question], conditions[question])
            for question in order
            if question in self._items
        }
        waiting: list[dict[str, Answer | None]] = [{}]
        for _ in range(self._bound):
            if not waiting:
                return None
            seen = waiting.pop()
            verdict = decide(formula, seen)
            if verdict:
                return seen
            if verdict is None:
                question = order[len(seen)]
                answers = classes[question] if decide(self.find_asked(question), seen) else (None,)
                waiting.extend({**seen, question: answer} for answer in reversed(answers))
        raise EntangledError(order)

    def _collect_conditions(self, formula: Formula) -> dict[str, list[EnableWhen]]:
        """Return every question that could matter, with every condition on it."""
        found: dict[str, list[EnableWhen]] = {}
        waiting = [formula]
        while waiting:
            for condition in list_conditions(waiting.pop()):
                if condition.question not in found:
                    found[condition.question] = []
                    waiting.append(self.find_asked(condition.question))
                if condition not in found[condition.question]:
                    found[condition.question].append(condition)
        return found


def build_condition(item: Item) -> Formula:
    """Return an item's own conditions as a formula.

    >>> from app.questionnaire.model import LocalText
    >>> build_condition(Item(link_id="age", type=ItemType.INTEGER, text=LocalText((("en", "Age"),))))
    Every(parts=())
    """
    is_any = item.enable_behavior is EnableBehavior.ANY and bool(item.enable_when)
    return Some(item.enable_when) if is_any else Every(item.enable_when)


def list_conditions(formula: Formula) -> Iterator[EnableWhen]:
    """Yield every condition in the formula.

    >>> list(list_conditions(Not(Every(()))))
    []
    """
    match formula:
        case EnableWhen():
            yield formula
        case Not(part):
            yield from list_conditions(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from list_conditions(part)


def decide(formula: Formula, seen: Found) -> bool | None:
    """Tell whether the formula is true for the answers seen so far, or None when that depends on others.

    >>> decide(Not(Some(())), {})
    True
    """
    match formula:
        case EnableWhen(question=question):
            return holds(formula, seen[question]) if question in seen else None
        case Not(part):
            verdict = decide(part, seen)
            return None if verdict is None else not verdict
        case Every(parts):
            return _decide_parts(parts, seen, settles=False)
        case Some(parts):
            return _decide_parts(parts, seen, settles=True)


def _decide_parts(parts: Iterable[Formula], seen: Found, *, settles: bool) -> bool | None:
    is_open = False
    for part in parts:
        verdict = decide(part, seen)
        if verdict is settles:
            return settles
        is_open = is_open or verdict is None
    return None if is_open else not settles


def list_classes(item: Item, conditions: Iterable[EnableWhen]) -> tuple[Answer | None, ...]:
    """Return one answer of each class that the conditions tell apart, *unanswered* first; raises EntangledError.

    >>> from app.questionnaire.model import LocalText, Operator
    >>> age = Item(link_id="age", type=ItemType.INTEGER, text=LocalText((("en", "Age"),)), min_value=Decimal(0))
    >>> list_classes(age, [EnableWhen(question="age", operator=Operator.LESS, answer=Decimal(18))])
    (None, Number(typed='0', is_confirmed=False))
    """
    asked = tuple(conditions)
    classes: dict[tuple[bool, ...], Answer | None] = {}
    for answer in chain((None,), list_answers(item, asked)):
        classes.setdefault(tuple(holds(condition, answer) for condition in asked), answer)
    return tuple(classes.values())


def list_answers(item: Item, conditions: Iterable[EnableWhen] = ()) -> Iterator[Answer]:
    """Yield possible answers, at least one of each class that the conditions tell apart; none where none is possible.

    >>> from app.questionnaire.model import LocalText
    >>> list(list_answers(Item(link_id="a", type=ItemType.CHOICE, text=LocalText((("en", "?"),)))))
    []
    """
    values = [condition.answer for condition in conditions]
    if item.is_rows or item.type in {ItemType.CHOICE, ItemType.OPEN_CHOICE}:
        yield from _list_choices(item, {value for value in values if isinstance(value, str)})
    match item.type:
        case _ if item.is_rows:
            yield from _list_rows(item)
        case ItemType.OPEN_CHOICE:
            yield Coded((), PROBE)
        case ItemType.INTEGER | ItemType.DECIMAL:
            yield from _list_numbers(item, [value for value in values if isinstance(value, Decimal)])
        case ItemType.DATE:
            yield DateParts(2000, 1, 1, ("1", "1", "2000"))
        case ItemType.STRING | ItemType.TEXT if item.max_length is None or item.max_length > 0:
            yield Text(PROBE)
        case _:
            return


def _list_choices(item: Item, named: set[str]) -> Iterator[Coded]:
    codes = [option.code for option in item.answer_options]
    yield from (Coded((code,)) for code in codes)
    if not item.repeats or item.is_rows:
        return
    free = [option.code for option in item.answer_options if option.code in named and not option.is_exclusive]
    if 2 ** len(free) > BOUND:
        raise EntangledError((item.link_id,))
    for size in range(2, len(free) + 1):
        yield from (Coded(chosen) for chosen in combinations(free, size))


def _list_rows(item: Item) -> Iterator[Rows]:
    cells = [PROBE if child.max_length is None or child.max_length > 0 else "" for child in item.items]
    can_fill = all(cell or not child.required for cell, child in zip(cells, item.items, strict=True))
    if any(cells) and can_fill and (item.max_occurs is None or item.max_occurs > 0):
        yield Rows((tuple(cells),))


def _list_numbers(item: Item, thresholds: Iterable[Decimal]) -> Iterator[Number]:
    """Yield every threshold, its neighbors and both ends: a number in every gap between thresholds that has one."""
    steps = 1 if item.type is ItemType.INTEGER else 1_000_000  # a decimal has at most six places
    low = _scale(item.min_value, steps, ROUND_CEILING, 1 - _TOO_LARGE * steps)
    high = _scale(item.max_value, steps, ROUND_FLOOR, _TOO_LARGE * steps - 1)
    places = {low, high}
    for threshold in thresholds:
        below, above = _scale(threshold, steps, ROUND_FLOOR, 0), _scale(threshold, steps, ROUND_CEILING, 0)
        places |= {below - 1, below, above, above + 1}
    for place in sorted(places, key=lambda place: (abs(place), place)):
        if low <= place <= high:
            yield Number(f"{(Decimal(place) / steps).normalize():f}")


def _scale(value: Decimal | None, steps: int, rounding: str, otherwise: int) -> int:
    return otherwise if value is None else int((value * steps).to_integral_value(rounding))
