"""Edition and answers in, `Summary` out: the single source for check page, screen, paper and plain text.

Every screening item stands under a fixed heading in questionnaire order (design D-2); nothing is counted, ranked,
shortened in silence or reworded. It must never know how a summary is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.edition import Edition, Page
from app.questionnaire.enable import find_way
from app.questionnaire.face import build_faces, find_word
from app.questionnaire.facts import keep_own_facts
from app.questionnaire.model import Item, LocalText, Word
from app.questionnaire.summary_model import (
    NOT_SENT,
    AnswerView,
    CompanionEntry,
    Contact,
    Line,
    Row,
    Section,
    Sending,
    SourceView,
    StaffPart,
    Summary,
    SummaryWords,
    Table,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the answers: who gives the paper out, when, in which language, and how things are written.

    `date` is already written for people. `fill` puts the clinic's name and contacts into the questionnaire's texts.
    `format_date` takes year, month and day (or None). `marks` says what each mark of a source means.
    """

    language: str
    direction: str
    clinic: str
    date: str
    reference: str
    name: str
    is_demonstration: bool
    contacts: tuple[Contact, ...]
    emergency: str
    words: SummaryWords
    headings: Mapping[Word, str]
    fill: Callable[[str], str]
    format_date: Callable[[int, int, int | None], str]
    birth: str = ""
    sending: Sending = NOT_SENT
    marks: Mapping[str, str] = field(default_factory=dict)


def build_summary(
    edition: Edition,
    answers: Mapping[str, Answer],
    frame: Frame,
    *,
    has_companion: bool = False,
    staff: StaffPart | None = None,
) -> Summary:
    """Return the whole summary of the answers on the path; companion and staff part for the clinic's copy (W-14)."""
    enabled = find_way(edition, answers).enabled
    kept = {link_id: answer for link_id, answer in answers.items() if link_id in enabled}
    asked = [item for item in edition.questions if item.link_id in enabled]
    views = {item.link_id: view_answer(item, kept.get(item.link_id), frame) for item in asked}
    told = [item for item in asked if edition.page_of[item.link_id] is not edition.share]
    companion = build_companion(edition, frame) if has_companion else ()
    return Summary(
        language=frame.language,
        direction=frame.direction,
        title=edition.questionnaire.title.to(frame.language),
        clinic=frame.clinic,
        edition=edition.hash[:8],
        date=frame.date,
        reference=frame.reference,
        name=frame.name,
        is_demonstration=frame.is_demonstration,
        faces=build_faces(keep_own_facts(edition, told, kept), views, frame.headings, frame.language, frame.words),
        sections=tuple(_build_sections(edition, views, frame)),
        companion=companion,
        legend=_build_legend(companion, frame.marks),
        contacts=frame.contacts,
        emergency=frame.emergency,
        disclaimer=edition.questionnaire.disclaimer.to(frame.language),
        words=frame.words,
        birth=frame.birth,
        sending=frame.sending,
        staff=staff,
    )


def list_unsent(edition: Edition, answers: Mapping[str, Answer], frame: Frame) -> tuple[Row, ...]:
    """Return the answers that are off the path now, in questionnaire order: kept in the draft, never sent (D-5)."""
    enabled = find_way(edition, answers).enabled
    return tuple(
        _build_row(edition.page_of[item.link_id], item, view_answer(item, answers[item.link_id], frame), frame)
        for item in edition.questions
        if item.link_id in answers and item.link_id not in enabled
    )


def view_answer(item: Item, answer: Answer | None, frame: Frame) -> AnswerView:
    """Return one answer as words ready to show; *not answered* where there is none (W-10)."""
    match answer:
        case None:
            return AnswerView(lines=(Line(frame.words.not_answered),), word=Word.NOT_ANSWERED)
        case Coded():
            return _view_codes(item, answer, frame)
        case Number(typed=typed):
            unit = f" {item.unit.display.to(frame.language)}" if item.unit else ""
            return AnswerView(lines=(Line(typed.strip() + unit),), unit=unit, is_answered=True)
        case DateParts(year=year, month=month, day=day):
            return AnswerView(lines=(Line(frame.format_date(year, month, day)),), is_answered=True)
        case Text(text=text):
            return AnswerView(lines=(Line(text, is_own_words=True),), is_answered=True)
        case Rows(rows=rows):
            headings = tuple(child.text.to(frame.language) for child in item.items)
            return AnswerView(table=Table(headings, rows), is_answered=True)


def _view_codes(item: Item, answer: Coded, frame: Frame) -> AnswerView:
    chosen = [option for option in item.answer_options if option.code in answer.codes]
    lines = [Line(option.display.to(frame.language)) for option in chosen]
    if answer.own_words:
        lines.append(Line(answer.own_words, is_own_words=True))
    return AnswerView(lines=tuple(lines), word=find_word(item, answer), is_answered=True)


def _build_sections(edition: Edition, views: Mapping[str, AnswerView], frame: Frame) -> Iterator[Section]:
    pages = [*edition.pages, edition.check] if edition.check else list(edition.pages)
    by_section: dict[str, list[Row]] = {}
    for page in pages:
        rows = by_section.setdefault(page.section, [])
        rows.extend(
            _build_row(page, item, views[item.link_id], frame) for item in page.questions if item.link_id in views
        )
    first = {page.section: page for page in reversed(pages)}
    for section, rows in by_section.items():
        if rows:
            page = first[section]
            title = page.section_title.to(frame.language)
            yield Section(link_id=section, number=page.section_number, title=title, rows=tuple(rows))


def _build_row(page: Page, item: Item, answer: AnswerView, frame: Frame) -> Row:
    return Row(
        link_id=item.link_id,
        page=page.link_id,
        question=frame.fill(item.text.to(frame.language)),
        label=item.label.to(frame.language),
        answer=answer,
    )


def build_companion(edition: Edition, frame: Frame) -> tuple[CompanionEntry, ...]:
    """Return, for the clinician, every item with a rationale: general, never about this patient (W-15)."""
    sources = {source.key: source for source in edition.questionnaire.sources}
    sentences = {sentence.id: sentence.text for sentence in edition.questionnaire.article}
    return tuple(
        CompanionEntry(
            link_id=item.link_id,
            section=page.section_title.to(frame.language),
            question=frame.fill(item.text.to(frame.language)),
            label=item.label.to(frame.language),
            rationale=_to(item.rationale, frame.language),
            sources=tuple(
                SourceView(key=key, title=sources[key].title, mark=sources[key].mark, url=sources[key].url or "")
                for key in item.sources
            ),
            provenance=tuple(sentences[name] for name in (item.provenance.sentences if item.provenance else ())),
            review=_to(item.review, frame.language),
        )
        for link_id, page in edition.page_of.items()
        if (item := edition.items[link_id]).rationale
    )


def _build_legend(companion: Iterable[CompanionEntry], marks: Mapping[str, str]) -> tuple[str, ...]:
    """Return what each mark means that stands at a source of these entries."""
    used = {source.mark for entry in companion for source in entry.sources}
    return tuple(f"{mark}: {meaning}" for mark, meaning in marks.items() if mark in used)


def _to(text: LocalText | None, language: str) -> str:
    return text.to(language) if text else ""
