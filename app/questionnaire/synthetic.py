"""Made-up patients with made-up answers, for demonstrations and measurements: the same every time for the same seed.

Answers lie on the path, as a patient's own would, and every one could have been typed into the form. It must never
be mistaken for a person: every name is marked.
"""

from __future__ import annotations

import hashlib
import math
import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Final, TypeVar

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.edition import Edition, Page
from app.questionnaire.enable import is_enabled
from app.questionnaire.model import AnswerOption, Item, ItemType, PageKind, Precision, Word
from app.questionnaire.numbers import find_doubts
from app.questionnaire.sent import Day, Patient, age_at
from app.questionnaire.synthetic_words import CELLS, MARK, NAMES, OWN_WORDS, QUESTIONS, SENTENCES

_ALL: Final = 1 << 16
_ADULT: Final = 18
_AGES: Final = ((18, 24, 12), (25, 34, 26), (35, 44, 24), (45, 54, 18), (55, 64, 12), (65, 79, 7), (80, 92, 1))
"""How old people in such clinics are, roughly: from, to, how many of a hundred. A few in a thousand are younger."""

_BANDS: Final = tuple((low, high) for low, high, share in _AGES for _ in range(share))

_LOADS: Final = (0.4, 1.0, 2.2)
"""How much more often than usual a person answers Yes: most have few things to tell and some have many."""

_WEIGHTS: Final = {Word.NO: 74.0, Word.NOT_SURE: 5.0, Word.PREFER_NOT: 2.0, Word.DOES_NOT_APPLY: 60.0}
_SKIPPED: Final = 3.0
_TEXTS_ANSWERED: Final = 0.45
_SPREAD: Final = 0.35  # where in the range of a number most people are, and how far around it they lie

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticResponse:
    """What one made-up patient sends: who they are, and the answers on their path."""

    patient: Patient
    answers: Mapping[str, Answer]


class Draws:
    """Numbers that look like chance and are the same for the same key."""

    def __init__(self, *key: str | int) -> None:
        self._numbers = _walk_numbers("\0".join(map(str, key)).encode())

    def take(self) -> int:
        """Return a number from 0 to 65535."""
        return next(self._numbers)

    def below(self, limit: int) -> int:
        """Return a number from 0 to below `limit`.

        >>> Draws("seed", 1).below(1000) == Draws("seed", 1).below(1000)
        True
        """
        return (next(self._numbers) * limit) >> 16

    def is_hit(self, chance: float) -> bool:
        """Tell whether something happens that happens in this share of cases."""
        return next(self._numbers) < chance * _ALL

    def pick(self, things: Sequence[T]) -> T:
        """Return one of these."""
        return things[self.below(len(things))]


def _walk_numbers(key: bytes) -> Iterator[int]:
    for block in count():
        yield from struct.unpack("<256H", hashlib.shake_256(key + b"\0" + block.to_bytes(4, "big")).digest(512))


@dataclass(frozen=True, slots=True)
class _Table:
    """The answers to one choice with how often each is given, ready to be looked up by one draw."""

    limits: tuple[int, ...]
    answers: tuple[Answer | None, ...]

    def find(self, number: int) -> Answer | None:
        return self.answers[bisect_right(self.limits, number)]


class Synthesizer:
    """Makes patients for one edition; what depends on the edition alone is worked out once."""

    def __init__(self, edition: Edition, seed: str) -> None:
        self._edition = edition
        self._seed = seed
        self._pages = [*edition.pages, *filter(None, (edition.check, edition.share))]
        self._tables = {
            item.link_id: tuple(_build_table(item, edition.page_of[item.link_id], load) for load in _LOADS)
            for item in edition.questions
            if item.type in {ItemType.CHOICE, ItemType.OPEN_CHOICE} and not item.repeats
        }

    def make(self, number: int, today: date) -> SyntheticResponse:
        """Return the patient of this number, who sends today."""
        draws = Draws(self._seed, number)
        birth = _draw_birth(draws, today)
        age = age_at(birth, (today.year, today.month, today.day))
        patient = Patient(
            name=_draw_name(draws),
            birth=birth,
            contact=_draw_contact(draws),
            appointment=_write_day(today + timedelta(days=1 + draws.below(42))) if draws.is_hit(0.8) else None,
        )
        return SyntheticResponse(patient=patient, answers=self._answer(draws, age, today))

    def _answer(self, draws: Draws, age: int, today: date) -> dict[str, Answer]:
        load = draws.pick((0, 0, 0, 1, 1, 1, 1, 1, 2, 2))
        answers: dict[str, Answer] = {}
        enabled: set[str] = set()
        for page in self._pages:
            if page.conditions and not all(is_enabled(holder, answers, enabled) for holder in page.conditions):
                continue
            shown = [item for item in page.items if is_enabled(item, answers, enabled)]
            for item in shown:
                answer = self._answer_item(item, load, draws, age, today) if item.is_question else None
                if answer is not None:
                    answers[item.link_id] = answer
            enabled.update(item.link_id for item in shown)
            _keep_doubtful(shown, answers)
        return answers

    def _answer_item(self, item: Item, load: int, draws: Draws, age: int, today: date) -> Answer | None:
        if tables := self._tables.get(item.link_id):
            answer = tables[load].find(draws.take())
            if isinstance(answer, Coded) and item.type is ItemType.OPEN_CHOICE:
                return _add_words(item, answer, draws)
            return answer
        if item.repeats:
            return _draw_rows(item, draws) if item.is_rows else _draw_several(item, draws)
        if item.type in {ItemType.INTEGER, ItemType.DECIMAL}:
            return _draw_number(item, draws, age)
        if not draws.is_hit(_TEXTS_ANSWERED):
            return None
        return _draw_date(item, draws, today) if item.type is ItemType.DATE else _draw_text(item, draws)


def _build_table(item: Item, page: Page, load: float) -> _Table:
    if page.kind in {PageKind.CHECK, PageKind.SHARE}:
        # These people have sent: they chose what lets them go on, the first answer.
        return _Table((), (Coded((item.answer_options[0].code,)),))
    weighed: list[tuple[float, Answer | None]] = [(_SKIPPED, None)]
    weighed += [(_weigh(item, option, load), Coded((option.code,))) for option in item.answer_options]
    whole = sum(weight for weight, _ in weighed)
    limits, reached = [], 0.0
    for weight, _ in weighed[:-1]:
        reached += weight
        limits.append(int(reached / whole * _ALL))
    return _Table(tuple(limits), tuple(answer for _, answer in weighed))


def _weigh(item: Item, option: AnswerOption, load: float) -> float:
    """Return how often an answer is given, beside the others; each question has a share of Yes of its own."""
    if option.word in _WEIGHTS:
        return _WEIGHTS[option.word] if item.face or option.word is not Word.NO else 25.0
    if not item.face or option.word is None:
        return 30.0
    own = hashlib.sha256(f"{item.link_id}/{option.code}".encode()).digest()[0] / 255
    alike = sum(other.word is option.word for other in item.answer_options)
    return (4 + 22 * own * own) * load / math.sqrt(alike)


def _add_words(item: Item, answer: Coded, draws: Draws) -> Coded:
    is_open = any(option.is_open and option.code in answer.codes for option in item.answer_options)
    return Coded(answer.codes, draws.pick(OWN_WORDS)) if is_open else answer


def _draw_several(item: Item, draws: Draws) -> Coded | None:
    if draws.is_hit(_SKIPPED / 100):
        return None
    alone = [option.code for option in item.answer_options if option.is_exclusive]
    if alone and draws.is_hit(0.14):
        return Coded((draws.pick(alone),))
    others = [option.code for option in item.answer_options if not option.is_exclusive]
    chosen = {draws.pick(others) for _ in range(draws.pick((1, 1, 1, 2, 2, 3)))}
    return _add_words(item, Coded(tuple(code for code in others if code in chosen)), draws)


def _draw_rows(item: Item, draws: Draws) -> Answer | None:
    if item.answer_options and draws.is_hit(0.25):
        return Coded((draws.pick(item.answer_options[:2]).code,))
    wanted = min(draws.pick((0, 1, 1, 2, 2, 3, 4, 6)), item.max_occurs or 1)
    rows = []
    for _ in range(wanted):
        cells = [draws.pick(CELLS.get(child.link_id, OWN_WORDS)) for child in item.items]
        # A row that is begun has its first field and every one it cannot do without.
        kept = (
            cell or (OWN_WORDS[0] if child.required or not place else "")
            for place, (child, cell) in enumerate(zip(item.items, cells, strict=True))
        )
        rows.append(tuple(cell[: child.max_length] for child, cell in zip(item.items, kept, strict=True)))
    return Rows(tuple(rows)) if rows else None


def _draw_number(item: Item, draws: Draws, age: int) -> Number | None:
    if draws.is_hit(_SKIPPED / 100):
        return None
    low, high = item.min_value, item.max_value
    if item.expected:
        low, high = item.expected.minimum or low, item.expected.maximum or high
    least = int(low) if low is not None else 0
    most = int(high) if high is not None else least + 100
    if item.link_id == "age":
        return Number(f"{min(max(age, least), most)}")
    middle = sum(draws.take() for _ in range(4)) / 4 / _ALL - 0.5
    part = min(max(_SPREAD + middle * 2 * _SPREAD, 0.0), 1.0)
    return Number(f"{least + round((most - least) * part)}")


def _keep_doubtful(shown: Sequence[Item], answers: dict[str, Answer]) -> None:
    """Mark numbers that the form asks about again as kept."""
    for problem in find_doubts(shown, answers):
        answer = answers[problem.link_id]
        if isinstance(answer, Number):
            answers[problem.link_id] = Number(answer.typed, is_confirmed=True)


def _draw_date(item: Item, draws: Draws, today: date) -> DateParts:
    away = timedelta(days=1 + draws.below(400))
    day = today - away if item.is_past or draws.is_hit(0.5) else today + away
    if item.date_precision is Precision.MONTH and draws.is_hit(0.4):
        return DateParts(day.year, day.month, None, ("", f"{day:%B}"[:3], f"{day.year}"))
    return DateParts(day.year, day.month, day.day, (f"{day.day}", f"{day.month:02}", f"{day.year}"))


def _draw_text(item: Item, draws: Draws) -> Text:
    is_about_doctor = "question" in item.link_id
    sentences = [draws.pick(QUESTIONS if is_about_doctor else SENTENCES) for _ in range(draws.pick((1, 1, 1, 2, 3)))]
    text = ("\n" if is_about_doctor or draws.is_hit(0.1) else " ").join(dict.fromkeys(sentences))
    return Text(text[: item.max_length].rstrip())


def _draw_birth(draws: Draws, today: date) -> Day:
    if draws.is_hit(0.004):
        age = _ADULT - 1 - draws.below(2)
    else:
        low, high = draws.pick(_BANDS)
        age = low + draws.below(high - low + 1)
    last_birthday = today - timedelta(days=draws.below(364))
    is_leap_day = (last_birthday.month, last_birthday.day) == (2, 29)
    return last_birthday.year - age, last_birthday.month, last_birthday.day - is_leap_day


def _draw_name(draws: Draws) -> str:
    given, family = draws.pick(NAMES)
    return f"{MARK} {draws.pick(given)} {draws.pick(family)}"


def _draw_contact(draws: Draws) -> str:
    kind, number = draws.below(10), draws.below(10_000)
    if kind < 5:  # noqa: PLR2004 - half leave an address, three in ten a number, the rest nothing
        return f"test.{number}@example.org"
    return f"555-01{number % 100:02}" if kind < 8 else ""  # noqa: PLR2004 - as above


def _write_day(day: date) -> Day:
    return day.year, day.month, day.day
