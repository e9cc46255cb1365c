"""The face sheet: the one page a clinician reads first, whole and then shorter and shorter.

The headings are fixed, all are always there, items stand in questionnaire order (design D-2). A shorter sheet marks
every entry it cuts with where the whole answer stands; nothing is cut in silence. *Not answered* names every question
that was asked and not answered, a follow-up too, or counts it (D-3). It must never look at what an answer means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from app.questionnaire.answer import Answer, Coded
from app.questionnaire.facts import PLACEHOLDER
from app.questionnaire.model import Face, Item, Word
from app.questionnaire.shorten import COMPRESSIONS, SEPARATOR, Marks, shorten_face
from app.questionnaire.summary_model import (
    AnswerView,
    FaceEntry,
    FaceFact,
    FaceGroup,
    FaceSheet,
    Line,
    SummaryWords,
)

_BRIEF = (2, 1)  # cells of a row of a list, where there is room for less than all
_PLACE = 2  # a page has one digit or two


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
    asked: Iterable[Item],
    views: Mapping[str, AnswerView],
    headings: Mapping[Word, str],
    language: str,
    words: SummaryWords,
) -> tuple[FaceSheet, ...]:
    """Return the face sheet of the questions that were asked whole, then at each compression that still shortens it."""
    items = list(asked)
    whole = FaceSheet(
        visit=tuple(_build_listed(item, views, language) for item in items if item.face is Face.VISIT),
        lists=tuple(_build_listed(item, views, language) for item in items if item.face is Face.LIST),
        groups=tuple(
            FaceGroup(
                word=word,
                heading=heading,
                entries=tuple(_walk_group(word, items, views, language, words)),
            )
            for word, heading in headings.items()
        ),
    )
    marks = Marks(continued=len(f" ({words.continued} )") + _PLACE, more=len(words.and_more))
    faces = [whole]
    for compression in COMPRESSIONS:
        shorter = shorten_face(whole, compression, marks)
        if shorter != faces[-1]:
            faces.append(shorter)
    return tuple(faces)


def _walk_group(
    word: Word, items: Iterable[Item], views: Mapping[str, AnswerView], language: str, words: SummaryWords
) -> Iterator[FaceEntry]:
    """Yield the screening items of one heading, and under *Not answered* whatever else has no answer."""
    for item in items:
        view = views[item.link_id]
        if item.face is Face.SCREENING:
            if (view.word or Word.YES) is word:
                yield _build_entry(item, views, language, words)
        elif word is Word.NOT_ANSWERED and not view.is_answered:
            yield FaceEntry(link_id=item.link_id, label=item.label.to(language), is_countable=True)


def _build_listed(item: Item, views: Mapping[str, AnswerView], language: str) -> FaceEntry:
    view = views[item.link_id]
    label = item.label.to(language)
    if not view.table:
        return FaceEntry(link_id=item.link_id, label=label, facts=(FaceFact(lines=tuple(_join_lines(view))),))
    rows = view.table.rows
    return FaceEntry(
        link_id=item.link_id,
        label=label,
        facts=tuple(FaceFact(lines=(_join_row(row),)) for row in rows),
        briefs=tuple(FaceFact(lines=tuple(_run_rows(rows, cells))) for cells in _BRIEF),
    )


def _run_rows(rows: tuple[tuple[str, ...], ...], cells: int) -> Iterator[Line]:
    """Yield the first cells of each row as running text: what it names, and how much of it."""
    for number, row in enumerate(rows):
        if number:
            yield SEPARATOR
        yield _join_row(tuple(cell for cell in row if cell.strip())[:cells])


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
                yield SEPARATOR
            yield _join_row(row)
    for number, line in enumerate(view.lines):
        if number:
            yield SEPARATOR  # an answer's own words may hold commas
        yield line


def _join_row(row: tuple[str, ...]) -> Line:
    return Line(", ".join(cell for cell in row if cell.strip()), is_own_words=True)
