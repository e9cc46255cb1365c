"""Numbers as people type them, and the two kinds of limit: refused, and *Is this right?*.

Limits catch slips of the finger. They are never clinical lines, and nothing here says that a number is high or low.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from app.questionnaire.answer import Answer, Number
from app.questionnaire.model import Expected, Item, ItemType
from app.questionnaire.problem import Advice, Problem

# Digits of any script, as dates take them; Decimal reads them too.
_WHOLE = re.compile(r"\s*[+-]?\d{1,12}\s*")
_DECIMAL = re.compile(r"\s*[+-]?\d{1,12}(\.\d{1,6})?\s*")


def read_number(item: Item, typed: str) -> Number | Problem | None:
    """Return the number, None when the box is blank, or what to do about it.

    >>> from app.questionnaire.model import LocalText
    >>> age = Item(link_id="age", type=ItemType.INTEGER, text=LocalText((("en", "Age"),)), max_value=Decimal(120))
    >>> read_number(age, "121").message
    'Age: enter 120 or less'
    """
    if not typed.strip():
        return None
    label = ("label", item.label.translations[0][1])
    pattern, advice = (_WHOLE, Advice.WHOLE_NUMBER) if item.type is ItemType.INTEGER else (_DECIMAL, Advice.NUMBER)
    if not pattern.fullmatch(typed):
        return Problem(item.link_id, item.link_id, advice, (label,))
    number = Number(typed)
    low, high = item.min_value, item.max_value
    if (low is None or low <= number.value) and (high is None or number.value <= high):
        return number
    if low is not None and high is not None:
        limits = (label, ("low", f"{low}"), ("high", f"{high}"))
        return Problem(item.link_id, item.link_id, Advice.NUMBER_BETWEEN, limits)
    if low is not None:
        return Problem(item.link_id, item.link_id, Advice.NUMBER_FROM, (label, ("low", f"{low}")))
    return Problem(item.link_id, item.link_id, Advice.NUMBER_TO, (label, ("high", f"{high}")))


def find_doubts(questions: Iterable[Item], answers: Mapping[str, Answer | None]) -> tuple[Problem, ...]:
    """Return one *Is this right?* for each number outside what is expected that the person has not kept."""
    return tuple(_walk_doubts(questions, answers))


def _walk_doubts(questions: Iterable[Item], answers: Mapping[str, Answer | None]) -> Iterator[Problem]:
    by_id = {item.link_id: item for item in questions}
    for name, item in by_id.items():
        answer = answers.get(name)
        if item.expected is None or not isinstance(answer, Number) or answer.is_confirmed:
            continue
        label = ("label", item.label.translations[0][1])
        other = by_id.get(item.expected.greater_than or "")
        if _is_outside(item.expected, answer.value):
            yield Problem(name, name, Advice.IS_THIS_RIGHT, (label,), is_doubt=True)
        elif other and not _is_larger(answer, answers.get(other.link_id)):
            values = (label, ("other", other.label.translations[0][1]))
            yield Problem(name, name, Advice.NOT_LARGER, values, is_doubt=True)


def _is_outside(expected: Expected, value: Decimal) -> bool:
    low, high = expected.minimum, expected.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def _is_larger(answer: Number, other: Answer | None) -> bool:
    return not isinstance(other, Number) or answer.value > other.value
