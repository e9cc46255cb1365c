"""How made-up responses come in and are reviewed over some weeks: when, by whom, and what is left open now.

Pure: the same seed, number and present moment give the same course. It must never look at an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.questionnaire.synthetic import Draws

NOTES: Final = (
    "Called, nobody answered. Will try again.",
    "Left a message to call back.",
    "Asked to bring the medicine boxes to the visit.",
    "Asked for the letter from the last hospital stay.",
    "The list of medicines is confirmed by the pharmacy.",
    "Called. The answer stands as written.",
    "An interpreter is booked for the visit.",
    "Will bring a friend, who drives home.",
)
"""What staff of the demonstration note."""

_FRESH: Final = 8
"""The first so many came in within the last days, so that a small demonstration has work left in it."""

_OPEN: Final = {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 2}
"""How far the review of the first few went: 0 nobody has it, 1 somebody has it, 2 it waits for a call."""

_FIRST_HOUR, _LAST_HOUR, _FRIDAY = 8, 17, 4
_SCALE: Final = 1 << 16


class Act(StrEnum):
    """What happens to a response."""

    SEND = "send"
    CORRECT = "correct"
    CLAIM = "claim"
    NOTE = "note"
    HOLD = "hold"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens: `who` is a word of the demonstration's staff, `choice` a number for whatever varies."""

    at: datetime
    act: Act
    who: str = ""
    choice: int = 0
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that the courses fill: up to `now`, over so many days, in a clinic in this time zone."""

    now: datetime
    days: int
    zone: ZoneInfo


def plan_course(seed: str, number: int, span: Span) -> list[Step]:
    """Return what happens to the response of this number, in order of time, up to now."""
    draws = Draws(seed, "course", number)
    received = _draw_arrival(draws, number, span)
    steps = [Step(at=received, act=Act.SEND), *_walk_review(draws, number, received, span)]
    if draws.is_hit(0.06):
        later = received + timedelta(minutes=20 + draws.below(600))
        steps.append(Step(at=later, act=Act.CORRECT, choice=draws.take()))
        reviewed = [step for step in steps if step.act is Act.REVIEW and step.at < later]
        if reviewed:  # what came in anew is looked at again
            again = _find_working(later + timedelta(hours=3), span, draws)
            steps.append(Step(at=again, act=Act.REVIEW, who=reviewed[-1].who))
    return sorted((step for step in steps if step.at <= span.now), key=lambda step: step.at)


def _draw_arrival(draws: Draws, number: int, span: Span) -> datetime:
    share = draws.take() / _SCALE
    days = share * 2.5 if number < _FRESH else span.days * share**1.3
    moment = span.now - timedelta(days=days, minutes=5)
    local = moment.astimezone(span.zone)
    if _is_night(local):  # few send at night
        moment -= timedelta(hours=8)
    return moment


def _walk_review(draws: Draws, number: int, received: datetime, span: Span) -> Iterator[Step]:
    far = _OPEN.get(number)
    if far == 0:
        return
    who = draws.pick(("reviewer", "reviewer", "lead"))
    claimed = _find_working(received + _draw_wait(draws), span, draws)
    if far is not None and claimed > span.now:
        claimed = span.now - timedelta(minutes=1 + draws.below(3))
    yield Step(at=claimed, act=Act.CLAIM, who=who)
    at = claimed + timedelta(minutes=3 + draws.below(25))
    if draws.is_hit(0.25):
        yield Step(at=at, act=Act.NOTE, who=who, choice=draws.take())
        at += timedelta(minutes=1 + draws.below(5))
    waits_for_call = draws.is_hit(0.12)
    if far == 2 or (far is None and waits_for_call):  # noqa: PLR2004 - as _OPEN says
        held = claimed + timedelta(minutes=2)
        due = held.astimezone(span.zone).date() + timedelta(days=1 + draws.below(5))
        yield Step(at=held, act=Act.HOLD, who=who, due=due)
        at = _find_working(at + timedelta(days=1 + draws.below(4)), span, draws)
    if far is None:
        yield Step(at=at, act=Act.REVIEW, who=who)


def _draw_wait(draws: Draws) -> timedelta:
    """Return how long a response lies: hours mostly, days sometimes."""
    middle = sum(draws.take() for _ in range(4)) / _SCALE - 2
    return timedelta(hours=5 * 2.5 ** (middle * 2))


def _find_working(moment: datetime, span: Span, draws: Draws) -> datetime:
    """Return the moment, or the next one at which somebody is at work."""
    local = moment.astimezone(span.zone)
    if local.hour >= _LAST_HOUR:
        local += timedelta(days=1)
    while local.weekday() > _FRIDAY:
        local += timedelta(days=1)
    if not (_FIRST_HOUR <= local.hour < _LAST_HOUR) or local.date() != moment.astimezone(span.zone).date():
        local = local.replace(hour=_FIRST_HOUR, minute=draws.below(60), second=draws.below(60))
    return local.astimezone(moment.tzinfo)


def _is_night(local: datetime) -> bool:
    return local.hour < _FIRST_HOUR - 2
