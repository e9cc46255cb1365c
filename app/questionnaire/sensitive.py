"""Which questions speak of what some laws protect beyond other health information (clinical.md L-19 to L-21).

The questionnaire marks them; this follows the marks to the questions that are asked because of an answer, for being
asked already tells the answer. It must never look at what anybody answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.questionnaire.edition import Edition
from app.questionnaire.model import EnableWhen, Item, Sensitive

Tags = frozenset[Sensitive]


def map_sensitive(edition: Edition) -> Mapping[str, Tags]:
    """Return, for every question in order, what it speaks of: its own marks and those of the answers it depends on.

    A mark on one answer of several stays with that answer; a mark on an answer that stands alone is the question's.
    """
    found: dict[str, Tags] = {}
    for item in edition.questions:
        page = edition.page_of[item.link_id]
        conditions = (*item.enable_when, *(one for holder in page.conditions for one in holder.enable_when))
        tags = set(item.sensitive)
        if not item.repeats:
            tags.update(tag for option in item.answer_options for tag in option.sensitive)
        for condition in conditions:
            tags.update(_walk_condition(edition, condition, found))
        found[item.link_id] = frozenset(tags)
    return found


def map_option_tags(item: Item) -> Mapping[str, Tags]:
    """Return what each answer of a question that takes several speaks of by itself, by code."""
    if not item.repeats:
        return {}
    return {option.code: frozenset(option.sensitive) for option in item.answer_options if option.sensitive}


def _walk_condition(edition: Edition, condition: EnableWhen, found: Mapping[str, Tags]) -> Iterator[Sensitive]:
    yield from found.get(condition.question, ())
    question = edition.items.get(condition.question)
    for option in question.answer_options if question else ():
        if option.code == condition.answer:
            yield from option.sensitive
