"""Which key facts stand beside which question of the face sheet: each with the answer that led to it, and once.

A page that two answers open belongs to the one that was given: under the No of the other its facts would read as if
they were that one's. It must never look at what an answer means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from app.questionnaire.edition import Edition, Page
from app.questionnaire.enable import Answers, holds
from app.questionnaire.model import EnableWhen, Item, LocalText

PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9-]*)\}")
"""What stands in a key fact for an answer: `{linkId}`."""


def keep_own_facts(edition: Edition, asked: Iterable[Item], answers: Answers) -> list[Item]:
    """Return the questions, each with only those of its key facts that its own answer led to, or no answer did."""
    pages = {item.link_id: page for page in edition.pages for item in page.questions}
    shown: set[frozenset[str]] = set()
    kept = []
    for item in asked:
        facts = []
        for fact in item.key_facts:
            names = _find_names(fact)
            if names not in shown and all(_leads_to(item, name, pages, answers) for name in names):
                shown.add(names)
                facts.append(fact)
        kept.append(item if len(facts) == len(item.key_facts) else replace(item, key_facts=tuple(facts)))
    return kept


def _find_names(fact: LocalText) -> frozenset[str]:
    return frozenset(name for _, text in fact.translations for name in PLACEHOLDER.findall(text))


def _leads_to(item: Item, name: str, pages: dict[str, Page], answers: Answers) -> bool:
    own = [condition for condition in _walk_conditions(name, pages) if condition.question == item.link_id]
    return not own or any(holds(condition, answers.get(item.link_id)) for condition in own)


def _walk_conditions(name: str, pages: dict[str, Page]) -> Iterator[EnableWhen]:
    """Yield the conditions a question is asked under: its page's, and its own."""
    if name in pages:
        page = pages[name]
        for item in (*page.conditions, *(question for question in page.questions if question.link_id == name)):
            yield from item.enable_when
