"""A draft's content while a person fills it in: answers, what could not be read yet, and where they are.

FHIR calls it a QuestionnaireResponse `in-progress`. Answers off the path stay here (they return if the path does);
only `response.py` drops them. It must never lose a character that was typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.questionnaire.answer import Answer, dump_answer, load_answer
from app.questionnaire.answers import PageReading, Raw, list_controls
from app.questionnaire.edition import Edition, Page
from app.questionnaire.enable import Way, find_way
from app.questionnaire.handover import Handover, dump_handover, load_handover

Typed = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Everything in a draft.

    `pending` holds, by page, what was typed and could not be read yet. `changed_in` is, by page, the revision in
    which its answers last changed. `opened` are pages that a change on the check page opened and that are still to
    be walked before returning there. `at` is the last page that the person was done with: they go on at the one after
    it. `share` is what was typed to send the answers, as typed; `sent` what is known of the last sending.
    """

    language: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    pending: Mapping[str, Typed] = field(default_factory=dict)
    changed_in: Mapping[str, int] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    at: str = ""
    share: Typed = field(default_factory=dict)
    sent: Handover | None = None


def list_typed(page: Page, raw: Raw) -> dict[str, tuple[str, ...]]:
    """Return what was typed into a page's own controls, without the empty ones."""
    return {
        control: tuple(raw[control])
        for item in page.questions
        for control in list_controls(item, raw)
        if any(raw.get(control, ()))
    }


def keep_typed(progress: Progress, page: Page, raw: Raw, revision: int) -> Progress:
    """Return the progress with what was typed on a page kept as typed, to be shown again until it can be read."""
    return replace(
        progress,
        pending={**progress.pending, page.link_id: list_typed(page, raw)},
        changed_in={**progress.changed_in, page.link_id: revision},
    )


def keep_answers(
    edition: Edition,
    progress: Progress,
    page: Page,
    reading: PageReading,
    revision: int,
    *,
    before: Way,
    is_changing: bool = False,
    is_staying: bool = False,
) -> Progress:
    """Return the progress with a page's answers in place, and with the pages which that opened noted in `opened`.

    `before` is the way as it was until now. A person who is changing one answer from the check page stays at the end of
    the form; others are done with this page, or, `is_staying`, only with the one before it.
    """
    answers = {link_id: answer for link_id, answer in progress.answers.items() if link_id not in reading.answers}
    answers |= {link_id: answer for link_id, answer in reading.answers.items() if answer is not None}
    pending = {name: typed for name, typed in progress.pending.items() if name != page.link_id}
    has_changed = answers != progress.answers or pending != progress.pending
    after = find_way(edition, answers)
    done = after.before(page) if is_staying else page  # none before the first: "" is the beginning
    return replace(
        progress,
        answers=answers,
        pending=pending,
        changed_in={**progress.changed_in, page.link_id: revision} if has_changed else progress.changed_in,
        opened=_list_opened(progress, page, before, after),
        at=progress.at if is_changing else done.link_id if done else "",
    )


def _list_opened(progress: Progress, page: Page, before: Way, after: Way) -> tuple[str, ...]:
    # What an earlier change opened counts only while its pages are being walked, and no longer after another change.
    waiting = set(progress.opened) if page.link_id in progress.opened else set()
    return tuple(
        step.link_id
        for step in after.pages
        if step.number > page.number
        and (
            step.link_id in waiting
            or any(item.link_id in after.enabled and item.link_id not in before.enabled for item in step.items)
        )
    )


def is_overtaken(progress: Progress, page: Page, seen: int, raw: Raw, reading: PageReading) -> bool:
    """Tell whether the page was changed elsewhere since revision `seen` and holds something else than was just typed.

    A second press of the same button is no change: it brings what is there already.
    """
    if progress.changed_in.get(page.link_id, 0) <= seen:
        return False
    pending = progress.pending.get(page.link_id)
    if pending is not None or reading.problems:
        return pending != list_typed(page, raw)
    return any(progress.answers.get(link_id) != answer for link_id, answer in reading.answers.items())


def dump_progress(progress: Progress) -> bytes:
    """Return the progress as JSON in UTF-8."""
    plain = {
        "language": progress.language,
        "answers": {link_id: dump_answer(answer) for link_id, answer in progress.answers.items()},
        "pending": progress.pending,
        "changed": progress.changed_in,
        "opened": progress.opened,
        "at": progress.at,
        "share": progress.share,
        "sent": dump_handover(progress.sent) if progress.sent else None,
    }
    return json.dumps(plain, separators=(",", ":")).encode()


def load_progress(content: bytes) -> Progress:
    """Return the progress that `dump_progress` wrote; raises StoredAnswerError for an answer that is none.

    >>> load_progress(dump_progress(Progress(language="en"))) == Progress(language="en")
    True
    """
    plain = json.loads(content)
    return Progress(
        language=plain["language"],
        answers={link_id: load_answer(link_id, stored) for link_id, stored in plain["answers"].items()},
        pending={
            page: {control: tuple(values) for control, values in typed.items()}
            for page, typed in plain["pending"].items()
        },
        changed_in=plain["changed"],
        opened=tuple(plain["opened"]),
        at=plain["at"],
        # Drafts of the program before had neither.
        share={control: tuple(values) for control, values in plain.get("share", {}).items()},
        sent=load_handover(plain["sent"]) if plain.get("sent") else None,
    )


def find_reached(edition: Edition, progress: Progress) -> int | None:
    """Return the number of the last saved page, or of the one before it that everybody sees; None once it was sent.

    It stands in the open, so that it can be counted where drafts end: it is no page that only some answers open.
    """
    if progress.sent:
        return None
    if edition.check and progress.at == edition.check.link_id:
        return edition.check.number
    last = edition.find_page(progress.at)
    shared = [page.number for page in edition.pages if _is_for_everybody(page)]
    return max((number for number in shared if last and number <= last.number), default=shared[0] if shared else None)


def _is_for_everybody(page: Page) -> bool:
    return not page.conditions and any(not item.enable_when for item in page.items)
