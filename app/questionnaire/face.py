"""The face sheet: the one page a clinician reads first, whole and then shorter and shorter.

The headings are fixed, all are always there, items stand in questionnaire order (design D-2). A shorter sheet marks
every entry it cuts with where the whole answer stands; nothing is cut in silence. It must never look at what an
answer means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from app.questionnaire.answer import Answer, Coded
from app.questionnaire.edition import Edition
from app.questionnaire.model import Face, Item, Word
from app.questionnaire.summary_model import (
    AnswerView,
    FaceEntry,
    FaceFact,
    FaceGroup,
    FaceSheet,
    Line,
    SummaryWords,
)

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*)\}")


@dataclass(frozen=True, slots=True)
class Compression:
    """How much of a long answer stays: characters of a visit answer, facts per item and their characters, list rows."""

    visit: int
    facts: int
    fact: int
    rows: int


COMPRESSIONS = (
    Compression(1200, 8, 240, 40),
    Compression(700, 6, 160, 20),
    Compression(400, 5, 120, 12),
    Compression(240, 4, 80, 8),
    Compression(120, 3, 60, 5),
    Compression(60, 2, 40, 3),
    Compression(24, 1, 24, 1),
    Compression(0, 0, 0, 0),
)


def find_word(item: Item, answer: Answer | None) -> Word | None:
    """Return the heading an answer stands under, or None where it has none of its own (a number, several choices).

    >>> from app.questionnaire.model import ItemType, LocalText
    >>> item = Item(link_id="age", type=ItemType.INTEGER, text=LocalText((("en", "Age"),)))
    >>> find_word(item, None), find_word(item, Coded(own_words="ask me"))
    (<Word.NOT_ANSWERED: 'not-answered'>, None)
    """
    if answer is None:
        return Word.NOT_ANSWERED
    if not isinstance(answer, Coded) or len(answer.codes) != 1:
        return None
    return next((option.word for option in item.answer_options if option.code in answer.codes), None)


def build_faces(
    edition: Edition,
    views: Mapping[str, AnswerView],
    headings: Mapping[Word, str],
    language: str,
    words: SummaryWords,
) -> tuple[FaceSheet, ...]:
    """Return the face sheet whole, then at each compression that still shortens it."""
    items = [item for item in edition.questions if item.link_id in views]
    screening = [item for item in items if item.face is Face.SCREENING]
    whole = FaceSheet(
        visit=tuple(_build_listed(item, views, language) for item in items if item.face is Face.VISIT),
        lists=tuple(_build_listed(item, views, language) for item in items if item.face is Face.LIST),
        groups=tuple(
            FaceGroup(
                word=word,
                heading=heading,
                entries=tuple(
                    _build_entry(item, views, language, words)
                    for item in screening
                    if (views[item.link_id].word or Word.YES) is word
                ),
            )
            for word, heading in headings.items()
        ),
    )
    faces = [whole]
    for compression in COMPRESSIONS:
        shorter = shorten_face(whole, compression)
        if shorter != faces[-1]:
            faces.append(shorter)
    return tuple(faces)


def shorten_face(face: FaceSheet, compression: Compression) -> FaceSheet:
    """Return the sheet with long answers cut at words and each cut entry told where it goes on."""
    return FaceSheet(
        visit=tuple(_shorten(entry, 1, compression.visit) for entry in face.visit),
        lists=tuple(_shorten(entry, compression.rows, compression.fact) for entry in face.lists),
        groups=tuple(
            replace(
                group,
                entries=tuple(_shorten(entry, compression.facts, compression.fact) for entry in group.entries),
            )
            for group in face.groups
        ),
    )


def cut_text(text: str, limit: int) -> str:
    r"""Return at most `limit` characters, ended at a word where one ends near, never inside a combined character.

    >>> cut_text("one two three", 9), len(cut_text("e\u0301e\u0301", 3))
    ('one two', 2)
    """
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    space = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    return text[: space if space > end // 2 else end].rstrip()


def _shorten(entry: FaceEntry, facts: int, characters: int) -> FaceEntry:
    kept = tuple(_shorten_fact(fact, characters) for fact in entry.facts[:facts]) if characters else ()
    if kept == entry.facts:
        return entry
    return replace(entry, facts=tuple(fact for fact in kept if fact.lines), continued_at=entry.link_id)


def _shorten_fact(fact: FaceFact, characters: int) -> FaceFact:
    left, lines = characters, []
    for line in fact.lines:
        cut = cut_text(line.text, left)
        if cut:
            lines.append(line if cut == line.text else replace(line, text=cut + "…"))
        left -= len(cut)
        if cut != line.text:
            break
    return FaceFact(lines=tuple(lines))


def _build_listed(item: Item, views: Mapping[str, AnswerView], language: str) -> FaceEntry:
    view = views[item.link_id]
    if view.table:
        facts = tuple(FaceFact(lines=(_join_row(row),)) for row in view.table.rows)
    else:
        facts = (FaceFact(lines=tuple(_join_lines(view))),)
    return FaceEntry(link_id=item.link_id, label=item.label.to(language), facts=facts)


def _build_entry(item: Item, views: Mapping[str, AnswerView], language: str, words: SummaryWords) -> FaceEntry:
    facts = [FaceFact(lines=lines) for lines in _walk_own_facts(item, views, language)]
    for pattern in item.key_facts:
        lines = _fill_fact(pattern.to(language), views, words)
        if lines:
            facts.append(FaceFact(lines=lines))
    return FaceEntry(link_id=item.link_id, label=item.label.to(language), facts=tuple(facts))


def _walk_own_facts(item: Item, views: Mapping[str, AnswerView], language: str) -> Iterator[tuple[Line, ...]]:
    """Yield the answer's own words where they say more than its heading does ("4 or more times a week")."""
    view = views[item.link_id]
    plain = {Word.YES: "yes", Word.NO: "no"}
    codes = {option.display.to(language): option.code for option in item.answer_options}
    says_more = view.word in plain and any(codes.get(line.text) != plain[view.word] for line in view.lines)
    if view.is_answered and (says_more or view.word is None):
        yield tuple(_join_lines(view))


def _fill_fact(pattern: str, views: Mapping[str, AnswerView], words: SummaryWords) -> tuple[Line, ...]:
    """Return the pattern with each `{linkId}` replaced by that answer; nothing where none of them was answered."""
    names = PLACEHOLDER.findall(pattern)
    if not any(name in views and views[name].is_answered for name in names):
        return ()
    lines: list[Line] = []
    for place, part in enumerate(PLACEHOLDER.split(pattern)):
        if place % 2 == 0:
            lines.extend([Line(part)] if part else [])
        elif part in views and views[part].is_answered:
            lines.extend(_drop_unit(views[part]))
        else:
            lines.append(Line(words.not_answered.lower()))
    return tuple(lines)


def _drop_unit(view: AnswerView) -> Iterator[Line]:
    """Yield the answer's lines, a number without its unit: the pattern says it ("{top} over {bottom} mmHg")."""
    if view.unit:
        yield from (Line(line.text.removesuffix(view.unit)) for line in view.lines)
    else:
        yield from _join_lines(view)


def _join_lines(view: AnswerView) -> Iterator[Line]:
    if view.table:
        for number, row in enumerate(view.table.rows):
            if number:
                yield Line("; ")
            yield _join_row(row)
    for number, line in enumerate(view.lines):
        if number:
            yield Line("; ")  # an answer's own words may hold commas
        yield line


def _join_row(row: tuple[str, ...]) -> Line:
    return Line(", ".join(cell for cell in row if cell.strip()), is_own_words=True)
