"""Every English text of a questionnaire that a patient reads, one after another, with whose it is and where it stands.

It must never hand out what only clinicians and authors read: rationale, review, purpose, article, sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.questionnaire.model import Item, ItemType, LocalText, Questionnaire

_ENGLISH = "en"


class Part(StrEnum):
    """What a text is, as the file's key says it."""

    TITLE = "title"
    DISCLAIMER = "disclaimer"
    TEXT = "text"
    SHORT_TEXT = "shortText"
    HELP = "help"
    WHY = "why"
    ANSWER = "answer"
    UNIT = "unit"
    KEY_FACT = "keyFacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text: `item` is whose it is (None: the questionnaire's own), `place` the name its place is known by."""

    item: Item | None
    place: str
    part: Part
    text: str

    @property
    def link_id(self) -> str:
        """Return the linkId of the item it belongs to, or an empty string."""
        return self.item.link_id if self.item else ""


def list_passages(questionnaire: Questionnaire) -> Iterator[Passage]:
    """Yield the patient's texts in the order of the file.

    >>> from app.questionnaire.model import Questionnaire
    >>> text = LocalText((("en", "Before your visit"), ("es", "Antes de su visita")))
    >>> form = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en", "es"), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=())
    >>> [(passage.part.value, passage.text) for passage in list_passages(form)]
    [('title', 'Before your visit'), ('disclaimer', 'Before your visit')]
    """
    yield from _list_english(None, "title", Part.TITLE, questionnaire.title)
    yield from _list_english(None, "disclaimer", Part.DISCLAIMER, questionnaire.disclaimer)
    for item in questionnaire.items:
        yield from _list_item(item)


def _list_item(item: Item) -> Iterator[Passage]:
    name = item.link_id
    yield from _list_english(item, name, Part.TEXT, item.text)
    yield from _list_english(item, name, Part.SHORT_TEXT, item.short_text)
    yield from _list_english(item, name, Part.HELP, item.help)
    yield from _list_english(item, name, Part.WHY, item.why)
    yield from _list_english(item, name, Part.UNIT, item.unit.display if item.unit else None)
    for option in item.answer_options:
        yield from _list_english(item, f"{name}/{option.code}", Part.ANSWER, option.display)
    for fact in item.key_facts:
        yield from _list_english(item, name, Part.KEY_FACT, fact)
    if item.is_rows:
        for field in item.items:
            yield from _list_english(item, f"{name}/{field.link_id}", Part.TEXT, field.text)
            yield from _list_english(item, f"{name}/{field.link_id}", Part.HELP, field.help)
    elif item.type is ItemType.GROUP:
        for below in item.items:
            yield from _list_item(below)


def _list_english(item: Item | None, place: str, part: Part, text: LocalText | None) -> Iterator[Passage]:
    for language, translation in text.translations if text else ():
        if language.partition("-")[0] == _ENGLISH:
            yield Passage(item=item, place=place, part=part, text=translation)
