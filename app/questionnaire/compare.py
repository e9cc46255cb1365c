"""What changed between two sets of answers, each in its own edition: a correction, or an earlier visit.

Says which answers differ and shows both. It must never say what a change means, which of the two is right, or leave
one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.questionnaire.answer import Answer, Coded, DateParts, Number
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.model import Item
from app.questionnaire.summary import Frame, view_answer
from app.questionnaire.summary_model import Change, ChangeKind

__all__ = ["Change", "ChangeKind", "Given", "compare_answers", "is_same_answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One of the two: the answers with the edition they were given to.

    `told` are the answers as they may be told, where that is less; what was asked is decided by all of them.
    """

    edition: Edition
    answers: Mapping[str, Answer] = field(repr=False)
    told: Mapping[str, Answer] | None = field(default=None, repr=False)

    def find(self, link_id: str) -> Answer | None:
        """Return the answer to a question as it may be told."""
        return (self.answers if self.told is None else self.told).get(link_id)


def compare_answers(before: Given, after: Given, frame: Frame) -> tuple[Change, ...]:
    """Return every change in the order of the later edition; what only the earlier one has stands where it stood.

    Asked then and not now counts when there was an answer. Asked now and not then counts in any case.
    """
    asked_before, asked_after = _find_asked(before), _find_asked(after)
    changes = []
    for link_id in _merge(tuple(before.edition.items), tuple(after.edition.items)):
        was, now = asked_before.get(link_id), asked_after.get(link_id)
        kind = _find_kind(link_id, before, after, (was, now), frame)
        item = now or was
        if kind is None or item is None:
            continue
        changes.append(
            Change(
                link_id=link_id,
                kind=kind,
                question=_ask(item, frame),
                label=item.label.to(frame.language),
                before=view_answer(was, before.find(link_id), frame) if was else None,
                after=view_answer(now, after.find(link_id), frame) if now else None,
                earlier_question=_ask(was, frame) if was and now and _ask(was, frame) != _ask(now, frame) else "",
            )
        )
    return tuple(changes)


def is_same_answer(one: Answer | None, other: Answer | None) -> bool:
    """Tell whether two answers say the same, however they were typed: 7 and 07, Mar and 3.

    >>> is_same_answer(Number("7"), Number(" 07", is_confirmed=True)), is_same_answer(Coded(("no",)), None)
    (True, False)
    """
    match one, other:
        case Coded(codes=codes, own_words=words), Coded(codes=others, own_words=other_words):
            return set(codes) == set(others) and words == other_words
        case Number(), Number():
            return one.value == other.value
        case DateParts(), DateParts():
            return (one.year, one.month, one.day) == (other.year, other.month, other.day)
        case _:
            return one == other


def _find_asked(given: Given) -> dict[str, Item]:
    enabled = find_way(given.edition, given.answers).enabled
    return {item.link_id: item for item in given.edition.questions if item.link_id in enabled}


def _find_kind(
    link_id: str, before: Given, after: Given, asked: tuple[Item | None, Item | None], frame: Frame
) -> ChangeKind | None:
    was, now = asked
    answer = before.find(link_id)
    if now is None:
        return ChangeKind.NO_LONGER_ASKED if was and answer is not None else None
    if was is None:
        return ChangeKind.NEWLY_ASKED if link_id in before.edition.items else ChangeKind.NEW_QUESTION
    later = after.find(link_id)
    if not is_same_answer(answer, later):
        return ChangeKind.ADDED if answer is None else ChangeKind.CHANGED
    # The same codes under other words: what people read has changed, though nobody changed their answer.
    return ChangeKind.WORDED_DIFFERENTLY if _has_other_words(was, now, answer, frame) else None


def _has_other_words(was: Item, now: Item, answer: Answer | None, frame: Frame) -> bool:
    if _ask(was, frame) != _ask(now, frame):
        return True
    codes = answer.codes if isinstance(answer, Coded) else ()
    return any(_show(was, code, frame) != _show(now, code, frame) for code in codes)


def _show(item: Item, code: str, frame: Frame) -> str:
    return next((option.display.to(frame.language) for option in item.answer_options if option.code == code), "")


def _ask(item: Item, frame: Frame) -> str:
    return frame.fill(item.text.to(frame.language))


def _merge(earlier: tuple[str, ...], later: tuple[str, ...]) -> Iterator[str]:
    """Yield every name of both once, in the later order; one that is gone follows the one it used to follow."""
    known = set(later)
    following: dict[str, list[str]] = {}
    last = ""
    for name in earlier:
        if name in known:
            last = name
        else:
            following.setdefault(last, []).append(name)
    yield from following.get("", ())
    for name in later:
        yield name
        yield from following.get(name, ())
