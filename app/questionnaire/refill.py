"""An answer put back into form controls exactly as it was typed: the inverse of reading it.

It must never format: what went in is what comes out (design D-1).
"""

from __future__ import annotations

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.answers import CONFIRMED, OWN_WORDS, Raw
from app.questionnaire.model import Item


def fill_controls(item: Item, answer: Answer | None) -> Raw:
    """Return what a browser would post for this answer, by control name.

    >>> from app.questionnaire.model import ItemType, LocalText
    >>> item = Item(link_id="d", type=ItemType.DATE, text=LocalText((("en", "When"),)))
    >>> fill_controls(item, DateParts(2026, 3, None, ("", "Mar", "2026")))
    {'d-day': ('',), 'd-month': ('Mar',), 'd-year': ('2026',)}
    """
    name = item.link_id
    match answer:
        case None:
            return {}
        case Coded(codes, own_words):
            return {name: codes} | ({name + OWN_WORDS: (own_words,)} if own_words else {})
        case Number(typed, is_confirmed):
            return {name: (typed,)} | ({name + CONFIRMED: (typed,)} if is_confirmed else {})
        case DateParts(typed=typed):
            return {f"{name}-{part}": (text,) for part, text in zip(("day", "month", "year"), typed, strict=True)}
        case Text(text):
            return {name: (text,)}
        case Rows(rows):
            return {
                f"{name}-{number}-{child.link_id}": (cell,)
                for number, row in enumerate(rows, start=1)
                for child, cell in zip(item.items, row, strict=True)
            }
