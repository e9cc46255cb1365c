"""A summary without the answers that speak of what some laws protect beyond other health information (L-21).

Whoever gives data out chooses, and the paper says what was left out. It must never leave out anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from app.questionnaire.answer import Answer, Coded
from app.questionnaire.edition import Edition
from app.questionnaire.facts import PLACEHOLDER
from app.questionnaire.model import Sensitive
from app.questionnaire.sensitive import map_option_tags, map_sensitive
from app.questionnaire.summary_model import FaceEntry, FaceSheet, Summary


def list_left_out(edition: Edition, tags: Collection[Sensitive]) -> frozenset[str]:
    """Return the questions that speak of any of these things."""
    chosen = frozenset(tags)
    return frozenset(link_id for link_id, found in map_sensitive(edition).items() if found & chosen)


def drop_marked_options(
    edition: Edition, answers: Mapping[str, Answer], tags: Collection[Sensitive]
) -> dict[str, Answer]:
    """Return the answers without those of several that are marked; a question that has nothing else left is dropped."""
    chosen = frozenset(tags)
    kept: dict[str, Answer] = {}
    for link_id, answer in answers.items():
        item = edition.items.get(link_id)
        marked = {code for code, found in map_option_tags(item).items() if found & chosen} if item else set()
        if isinstance(answer, Coded) and marked.intersection(answer.codes):
            codes = tuple(code for code in answer.codes if code not in marked)
            if codes or answer.own_words:
                kept[link_id] = replace(answer, codes=codes)
        else:
            kept[link_id] = answer
    return kept


def leave_out(summary: Summary, edition: Edition, link_ids: Collection[str]) -> Summary:
    """Return the summary without these questions: in no section, on no face sheet, in no fact beside another."""
    gone = frozenset(link_ids)
    telling = {
        item.link_id
        for item in edition.questions
        if any(gone.intersection(PLACEHOLDER.findall(text)) for fact in item.key_facts for _, text in fact.translations)
    }
    sections = (
        replace(section, rows=tuple(row for row in section.rows if row.link_id not in gone))
        for section in summary.sections
    )
    staff = summary.staff
    if staff is not None:
        versions = tuple(
            replace(one, changes=tuple(change for change in one.changes if change.link_id not in gone))
            for one in staff.versions
        )
        staff = replace(staff, versions=versions)
    return replace(
        summary,
        faces=tuple(_thin(face, gone, telling) for face in summary.faces),
        sections=tuple(section for section in sections if section.rows),
        companion=tuple(entry for entry in summary.companion if entry.link_id not in gone),
        staff=staff,
    )


def _thin(face: FaceSheet, gone: frozenset[str], telling: Collection[str]) -> FaceSheet:
    def keep(entries: tuple[FaceEntry, ...]) -> tuple[FaceEntry, ...]:
        return tuple(
            replace(entry, facts=()) if entry.link_id in telling else entry
            for entry in entries
            if entry.link_id not in gone
        )

    groups = tuple(
        replace(
            group,
            entries=keep(group.entries),
            more=tuple(link_id for link_id in group.more if link_id not in gone),
        )
        for group in face.groups
    )
    return replace(face, visit=keep(face.visit), lists=keep(face.lists), groups=groups)
