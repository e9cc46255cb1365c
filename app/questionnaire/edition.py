"""A questionnaire ready to be walked: its pages in order, its items by name, and the hash that names it for ever.

It must never change after it is built (design D-9): a draft ends in the edition it began in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.questionnaire.errors import UnknownItemError
from app.questionnaire.model import Item, LocalText, PageKind, Questionnaire

_STEPS = frozenset({PageKind.QUESTIONS, PageKind.SUPPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its place among all pages, the item that heads it, its section, and the items on it in order.

    `is_plain` when it has items and none of them has a condition of its own.
    """

    number: int
    link_id: str
    kind: PageKind
    title: LocalText
    section: str
    section_title: LocalText
    section_number: int
    items: tuple[Item, ...]
    questions: tuple[Item, ...]
    conditions: tuple[Item, ...]
    link_ids: frozenset[str]
    is_plain: bool

    @property
    def slug(self) -> str:
        """Return the page's name in its address: a number, for a word would say how one answered (D-11)."""
        return f"{self.number + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A questionnaire with its index. `pages` are the steps of the walk; `check` and `share` come after."""

    hash: str
    questionnaire: Questionnaire
    pages: tuple[Page, ...]
    check: Page | None
    share: Page | None
    items: Mapping[str, Item]
    page_of: Mapping[str, Page]
    section_count: int

    def find_item(self, link_id: str) -> Item:
        """Return the question or displayed item with this linkId; raises UnknownItemError."""
        try:
            return self.items[link_id]
        except KeyError:
            raise UnknownItemError(link_id) from None

    def find_page(self, link_id: str) -> Page | None:
        """Return the step with this linkId, or None where the edition has no such step."""
        for page in self.pages:
            if page.link_id == link_id:
                return page
        return None

    def find_step(self, slug: str) -> Page | None:
        """Return the step with this number in its address, or None where the edition has no such step."""
        return next((page for page in self.pages if page.slug == slug), None)

    @property
    def questions(self) -> tuple[Item, ...]:
        """Return every question in order, those of the check and share pages last."""
        return tuple(item for item in self.items.values() if item.is_question)


def build_edition(questionnaire: Questionnaire, edition_hash: str) -> Edition:
    """Return the questionnaire with its pages in order and an index of its items.

    >>> from app.questionnaire.model import Item, ItemType, LocalText
    >>> text = LocalText((("en", "Age"),))
    >>> age = Item(link_id="age", type=ItemType.INTEGER, text=text)
    >>> page = Item(link_id="you", type=ItemType.GROUP, text=text, items=(age,))
    >>> section = Item(link_id="start", type=ItemType.GROUP, text=text, items=(page,))
    >>> from app.questionnaire.model import Questionnaire
    >>> questionnaire = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=(section,))
    >>> [page.link_id for page in build_edition(questionnaire, "00").pages]
    ['you']
    """
    pages = tuple(_build_pages(questionnaire))
    steps = tuple(page for page in pages if page.kind in _STEPS)
    page_of = {item.link_id: page for page in pages for item in page.items}
    return Edition(
        hash=edition_hash,
        questionnaire=questionnaire,
        pages=steps,
        check=next((page for page in pages if page.kind is PageKind.CHECK), None),
        share=next((page for page in pages if page.kind is PageKind.SHARE), None),
        items=MappingProxyType({item.link_id: item for page in pages for item in page.items}),
        page_of=MappingProxyType(page_of),
        section_count=len({page.section for page in steps}),
    )


def _build_pages(questionnaire: Questionnaire) -> Iterator[Page]:
    holders = (
        (number, section, page) for number, section in enumerate(questionnaire.items, start=1) for page in section.items
    )
    for place, (number, section, page) in enumerate(holders):
        yield Page(
            number=place,
            link_id=page.link_id,
            kind=page.page or PageKind.QUESTIONS,
            title=page.text,
            section=section.link_id,
            section_title=section.text,
            section_number=number,
            items=page.items,
            questions=tuple(item for item in page.items if item.is_question),
            conditions=tuple(holder for holder in (section, page) if holder.enable_when),
            link_ids=frozenset(item.link_id for item in page.items),
            is_plain=bool(page.items) and not any(item.enable_when for item in page.items),
        )
