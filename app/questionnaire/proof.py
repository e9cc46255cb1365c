"""Whether every answer reaches the paper: each is given once, the real summary is built, and its words are looked for.

Answers that lead to a question come from `explore.py`, and one summary proves as many answers as can stand together.
It must never build a summary in a way of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.edition import Edition
from app.questionnaire.explore import EntangledError, Explorer, Found, list_answers
from app.questionnaire.finding import Finding, Rule
from app.questionnaire.model import AnswerOption, Face, Item, ItemType, Word
from app.questionnaire.plain_frame import HEADINGS, build_plain_frame
from app.questionnaire.summary import Frame, build_summary
from app.questionnaire.summary_model import AnswerView, FaceEntry, FaceSheet, Summary

_SAID_BY_HEADING: Final = frozenset({Word.NOT_SURE, Word.PREFER_NOT, Word.DOES_NOT_APPLY})


@dataclass(frozen=True, slots=True)
class Shown:
    """Where one answer stands in a summary: its row, and its entry on the face sheet with the heading above it."""

    row: AnswerView | None
    entry: FaceEntry | None
    heading: Word | None


def find_lost(edition: Edition, explorer: Explorer) -> Iterator[Finding]:
    """Yield every answer that does not reach the summary, or the face sheet where its question has a place there."""
    frame = build_plain_frame(edition.questionnaire.language)
    for item, answer, shown in show_answers(edition, explorer, frame):
        yield from _check_answer(item, answer, shown, frame)


def show_answers(edition: Edition, explorer: Explorer, frame: Frame) -> Iterator[tuple[Item, Answer, Shown | None]]:
    """Yield every answer that can be given, once, with where it stands in a real summary, or None for nowhere."""
    waiting = _list_probes(edition)
    ways = {link_id: _find_way_to(link_id, explorer) for link_id in waiting}
    for link_id in waiting:
        while waiting[link_id] and ways[link_id] is not None:
            answers = _gather_answers(link_id, waiting, ways)
            shown = _index_summary(build_summary(edition, answers, frame))
            for name in [name for name, answer in answers.items() if answer in waiting.get(name, ())]:
                if name in shown or name == link_id:
                    waiting[name].remove(answers[name])
                    yield edition.items[name], answers[name], shown.get(name)


def _list_probes(edition: Edition) -> dict[str, list[Answer]]:
    """Return the answers to give: every option, and one of every other kind; consent is no part of the summary."""
    apart = {item.link_id for item in edition.share.items} if edition.share else set()
    probes: dict[str, list[Answer]] = {}
    for item in edition.questions:
        if item.link_id not in apart:
            possible = list(list_answers(item))
            is_choice = isinstance(possible[0], Coded) if possible else False
            probes[item.link_id] = possible if is_choice else possible[:1]
    return probes


def _find_way_to(link_id: str, explorer: Explorer) -> Found | None:
    try:
        return explorer.find_answers(explorer.find_asked(link_id))
    except EntangledError:
        return None  # told where the conditions are checked


def _gather_answers(
    link_id: str, waiting: Mapping[str, list[Answer]], ways: Mapping[str, Found | None]
) -> dict[str, Answer]:
    """Return answers that lead to one question and give its next answer, and as many others as can stand beside it."""
    fixed: dict[str, Answer | None] = {**(ways[link_id] or {}), link_id: waiting[link_id][0]}
    for other, way in ways.items():
        if way and waiting[other] and all(fixed.get(name, answer) == answer for name, answer in way.items()):
            fixed |= way
    for other, answers in waiting.items():
        if answers:
            fixed.setdefault(other, answers[0])
    return {name: answer for name, answer in fixed.items() if answer is not None}


def _index_summary(summary: Summary) -> dict[str, Shown]:
    entries = dict(_list_entries(summary.faces[0]))
    rows = {row.link_id: row.answer for section in summary.sections for row in section.rows}
    names = dict.fromkeys((*rows, *entries))
    return {name: Shown(rows.get(name), *entries.get(name, (None, None))) for name in names}


def _list_entries(face: FaceSheet) -> Iterator[tuple[str, tuple[FaceEntry, Word | None]]]:
    for entry in (*face.visit, *face.lists):
        yield entry.link_id, (entry, None)
    for group in face.groups:
        for entry in group.entries:
            yield entry.link_id, (entry, group.word)


def _check_answer(item: Item, answer: Answer, shown: Shown | None, frame: Frame) -> Iterator[Finding]:
    words = _list_words(item, answer, frame)
    if shown is None or shown.row is None or not all(word in _draw_view(shown.row) for word in words):
        yield _tell(item, answer, "does not reach the summary")
    elif item.face is None:
        return
    elif shown.entry is None:
        yield _tell(item, answer, "does not reach the face sheet")
    elif not all(word in _draw_entry(shown.entry) for word in words):
        option = _find_option(item, answer)
        if item.face is not Face.SCREENING or option is None or not _is_said_by_heading(option, shown.heading, frame):
            yield _tell(item, answer, "does not stand on the face sheet in its own words")


def _list_words(item: Item, answer: Answer, frame: Frame) -> tuple[str, ...]:
    match answer:
        case Coded(codes, own_words):
            displays = [option.display.to(frame.language) for option in item.answer_options if option.code in codes]
            return (*displays, *((own_words,) if own_words else ()))
        case Number(typed, _):
            return (typed,)
        case DateParts(year, month, day, _):
            return (frame.format_date(year, month, day),)
        case Text(text):
            return (text,)
        case Rows(rows):
            return tuple(cell for row in rows for cell in row if cell)


def _draw_view(view: AnswerView) -> str:
    cells = [cell for row in view.table.rows for cell in row] if view.table else []
    return "\n".join([*(line.text for line in view.lines), *cells])


def _draw_entry(entry: FaceEntry) -> str:
    return "\n".join("".join(line.text for line in fact.lines) for fact in entry.facts)


def _find_option(item: Item, answer: Answer) -> AnswerOption | None:
    codes = answer.codes if isinstance(answer, Coded) else ()
    return next((option for option in item.answer_options if option.code in codes), None)


def _is_said_by_heading(option: AnswerOption, heading: Word | None, frame: Frame) -> bool:
    if heading is None or option.word is not heading:
        return False
    words = option.display.to(frame.language).casefold()
    is_foreign = not frame.language.startswith("en")  # the plain frame's headings are English
    return heading in _SAID_BY_HEADING or is_foreign or words == HEADINGS[heading].casefold()


def _tell(item: Item, answer: Answer, fault: str) -> Finding:
    option = _find_option(item, answer)
    name = f'its answer "{option.code}"' if option else "an answer to it"
    place = f"{item.link_id}/{option.code}" if option else item.link_id
    remedy = "look at its place in the file, its words and its `word`"
    return Finding(rule=Rule.LOST_OPTION, link_id=item.link_id, place=place, fault=f"{name} {fault}", remedy=remedy)


def find_confusions(edition: Edition) -> Iterator[Finding]:
    """Yield answers and names that look like others where they are read, and answers under a wrong heading."""
    names: dict[tuple[str, str], str] = {}
    for item in edition.questions:
        yield from _find_twins(item)
        yield from _find_wordless(item)
        for language, label in item.label.translations if item.face else ():
            first = names.setdefault((language, label.casefold()), item.link_id)
            if first != item.link_id:
                fault = f'it is called "{label}" on the face sheet, as {first} is'
                remedy = "give each its own `shortText`"
                yield Finding(rule=Rule.SAME_LABEL, link_id=item.link_id, fault=fault, remedy=remedy)


def _find_twins(item: Item) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for option in item.answer_options:
        for language, words in option.display.translations:
            first = seen.setdefault((language, words.casefold()), option.code)
            if first != option.code:
                fault = f'its answer "{option.code}" reads like "{first}"'
                place, remedy = f"{item.link_id}/{option.code}", "give each its own words"
                yield Finding(rule=Rule.LOST_OPTION, link_id=item.link_id, place=place, fault=fault, remedy=remedy)


def _find_wordless(item: Item) -> Iterator[Finding]:
    if item.face is not Face.SCREENING:
        return
    if item.type not in {ItemType.CHOICE, ItemType.OPEN_CHOICE}:
        fault = f"an answer of type {item.type} would stand under Yes on the face sheet, whatever it says"
        remedy = "write face: visit or list, or ask with answers that have a `word`"
        yield Finding(rule=Rule.FACE_WORD, link_id=item.link_id, fault=fault, remedy=remedy)
    for option in item.answer_options:
        if option.word is None and (not item.repeats or option.is_exclusive):
            fault = f'its answer "{option.code}" has no `word`, so it would stand under Yes on the face sheet'
            place, remedy = f"{item.link_id}/{option.code}", "write under which heading it belongs"
            yield Finding(rule=Rule.FACE_WORD, link_id=item.link_id, place=place, fault=fault, remedy=remedy)
