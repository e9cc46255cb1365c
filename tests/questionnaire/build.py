"""Small questionnaires for tests, built without a file."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.model import (
    AnswerOption,
    EnableBehavior,
    EnableWhen,
    Item,
    ItemType,
    LocalText,
    Operator,
    Questionnaire,
    Word,
)

WORDS = {"yes": Word.YES, "no": Word.NO, "not-sure": Word.NOT_SURE, "prefer-not": Word.PREFER_NOT}


def text(english: str) -> LocalText:
    return LocalText((("en", english),))


def option(code: str, **more: Any) -> AnswerOption:  # noqa: ANN401 (keywords of the model, typed there)
    display = code.replace("-", " ").capitalize()
    return AnswerOption(code=code, display=text(display), system="test", word=WORDS.get(code), **more)


def yes_no() -> tuple[AnswerOption, ...]:
    return (option("yes"), option("no"), option("not-sure", is_exclusive=True), option("prefer-not", is_exclusive=True))


def question(link_id: str, kind: ItemType = ItemType.CHOICE, **more: Any) -> Item:  # noqa: ANN401 (as above)
    if kind in {ItemType.CHOICE, ItemType.OPEN_CHOICE}:
        more.setdefault("answer_options", yes_no())
    return Item(link_id=link_id, type=kind, text=text(f"{link_id}?"), short_text=text(link_id.capitalize()), **more)


def when(question_id: str, answer: str | Decimal, operator: Operator = Operator.EQUALS) -> EnableWhen:
    return EnableWhen(question=question_id, operator=operator, answer=answer)


def exists(question_id: str, *, answer: bool) -> EnableWhen:
    return EnableWhen(question=question_id, operator=Operator.EXISTS, answer=answer)


def page(link_id: str, *items: Item, conditions: Sequence[EnableWhen] = (), **more: Any) -> Item:  # noqa: ANN401 (as above)
    return Item(
        link_id=link_id,
        type=ItemType.GROUP,
        text=text(link_id),
        items=items,
        enable_when=tuple(conditions),
        enable_behavior=EnableBehavior.ANY,
        **more,
    )


def edition(*sections: Sequence[Item]) -> Edition:
    """Return an edition whose sections hold the given pages."""
    items = tuple(
        Item(link_id=f"section-{number}", type=ItemType.GROUP, text=text(f"Section {number}"), items=tuple(pages))
        for number, pages in enumerate(sections, start=1)
    )
    return build_edition(
        Questionnaire(
            url="test",
            version="1",
            status="draft",
            date="2026-01-01",
            language="en",
            languages=("en",),
            title=text("Test"),
            purpose=text("Test"),
            disclaimer=text("Records only."),
            article_title="",
            article=(),
            sources=(),
            items=items,
        ),
        "0" * 64,
    )
