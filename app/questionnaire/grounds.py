"""Whether every question says why it is asked, who says so and where it comes from, and whether its facts can be shown.

A follow-up stands on the grounds of the question it follows. It must never judge whether the grounds are good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.questionnaire.edition import Edition
from app.questionnaire.explore import EntangledError, Every, Explorer, list_conditions
from app.questionnaire.finding import Finding, Rule
from app.questionnaire.load_reference import PLACEHOLDER
from app.questionnaire.model import Face, Item

_NEEDED: Final = ("shortText", "why", "rationale", "sources", "provenance", "review")
_INHERITED: Final = ("rationale", "sources", "provenance", "review")


def find_groundless(edition: Edition, explorer: Explorer) -> Iterator[Finding]:
    """Yield questions that lack what the patient or the clinician is told about them."""
    for page in edition.pages:
        for item in page.questions:
            keys = _NEEDED if item.face else _INHERITED
            missing = [key for key in keys if not _has(item, key)]
            if missing and not (item.face is None and _find_grounded(item, edition, explorer)):
                fault = f"{_list_words(missing)} {'is' if len(missing) == 1 else 'are'} missing"
                remedy = "add it" if len(missing) == 1 else "add them"
                if item.face is None:
                    remedy += ", or ask it only after a question that has all of them"
                yield Finding(rule=Rule.MISSING_RATIONALE, link_id=item.link_id, fault=fault, remedy=remedy)


def _find_grounded(item: Item, edition: Edition, explorer: Explorer) -> Item | None:
    """Return the question whose grounds a follow-up stands on: the first its conditions name, or the first of that."""
    seen: set[str] = set()
    while not all(_has(item, key) for key in _INHERITED):
        condition = next(list_conditions(explorer.find_asked(item.link_id)), None)
        if condition is None or condition.question in seen or condition.question not in edition.items:
            return None
        seen.add(condition.question)
        item = edition.items[condition.question]
    return item


def _has(item: Item, key: str) -> bool:
    values: dict[str, object] = {
        "shortText": item.short_text,
        "why": item.why,
        "rationale": item.rationale,
        "sources": item.sources,
        "provenance": item.provenance,
        "review": item.review,
    }
    return bool(values[key])


def _list_words(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def find_lost_facts(edition: Edition, explorer: Explorer) -> Iterator[Finding]:
    """Yield key facts that can never stand beside their question."""
    for item in edition.questions:
        if item.key_facts and item.face is not Face.SCREENING:
            fault = "its key facts are never shown, because they stand beside screening questions only"
            remedy = "take `keyFacts` away, or write face: screening"
            yield Finding(rule=Rule.LOST_FACT, link_id=item.link_id, fault=fault, remedy=remedy)
            continue
        for name in _list_names(item):
            both = Every((explorer.find_asked(item.link_id), explorer.find_asked(name)))
            if not _can_hold(both, explorer):
                fault = f"its key fact {{{name}}} can never be shown, because {name} is never asked together with it"
                remedy = "take it away, or change the conditions"
                yield Finding(rule=Rule.LOST_FACT, link_id=item.link_id, fault=fault, remedy=remedy)


def _list_names(item: Item) -> tuple[str, ...]:
    texts = [text for fact in item.key_facts for _, text in fact.translations]
    return tuple(dict.fromkeys(name for text in texts for name in PLACEHOLDER.findall(text)))


def _can_hold(formula: Every, explorer: Explorer) -> bool:
    try:
        return explorer.find_answers(formula) is not None
    except EntangledError:
        return True  # told where the conditions are checked
