"""What a template needs to draw one question: plain values, no decisions left.

It must never hold an answer longer than the request, and never mark an answer by its value (W-04).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.questionnaire.answers import CONFIRMED, OWN_WORDS, Raw, get_first, list_row_numbers, read_whole
from app.questionnaire.identity import APPOINTMENT, BIRTH, EMAIL, NAME, PHONE
from app.questionnaire.model import AnswerOption, Item, ItemType, LocalText, Precision
from app.questionnaire.problem import Problem
from app.web.edition import Kept
from app.web.forms import AnswerField
from app.web.i18n import translate

_APART = frozenset({"not-sure", "prefer-not"})
# WCAG 1.3.5: what a browser knows about the person it may offer, here and nowhere else (S6).
_AUTOFILL = {
    NAME: "name",
    f"{BIRTH}-day": "bday-day",
    f"{BIRTH}-month": "bday-month",
    f"{BIRTH}-year": "bday-year",
    PHONE: "tel",
    EMAIL: "email",
    **{f"{APPOINTMENT}-{part}": "off" for part in ("day", "month", "year")},
}
_KEYBOARDS = {PHONE: "tel", EMAIL: "email"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    """One radio or checkbox; `own_words` names the text box that goes with it, if it has one."""

    code: str
    text: str
    id: str
    is_chosen: bool
    is_apart: bool
    own_words: str
    typed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputView:
    """One text box: its control name, its label, what is in it, and whether it is the one with the problem."""

    name: str
    label: str
    typed: str
    is_wrong: bool
    autofill: str = ""
    keyboard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row of a repeating group; `is_filled` when it can be removed."""

    number: int
    inputs: tuple[InputView, ...]
    is_filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One question, or one displayed sentence, ready to draw. `kind` names the component that draws it."""

    kind: str
    link_id: str
    text: str
    help: str = ""
    why: str = ""
    is_beyond: bool = False
    unit: str = ""
    options: tuple[OptionView, ...] = ()
    inputs: tuple[InputView, ...] = ()
    rows: tuple[RowView, ...] = ()
    row_limit: int = 0
    form: str = ""
    problem: str = ""
    doubt: str = ""
    kept: str = ""

    @property
    def described_by(self) -> str:
        """Return the ids of the help and the problem, for `aria-describedby`."""
        ids = [f"{self.link_id}-help" if self.help else "", f"{self.link_id}-problem" if self.problem else ""]
        return " ".join(name for name in ids if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What all fields of a page share; `items` by their linkIds, `kept` what looks the same for everybody."""

    items: Mapping[str, Item]
    language: str
    fill: Callable[[str], str]
    kept: Kept

    def to(self, text: LocalText | None) -> str:
        """Return a text of the questionnaire in the page's language, its placeholders filled; empty for None."""
        return self.fill(text.to(self.language)) if text else ""


def view_display(item: Item, drawing: Drawing) -> FieldView:
    """Return a displayed sentence."""
    return FieldView(kind="display", link_id=item.link_id, text=drawing.to(item.text))


def view_field(field: AnswerField, drawing: Drawing) -> FieldView:
    """Return a question with what was typed into it."""
    item, typed, problem = field.item, field.typed, field.problem
    return FieldView(
        kind=_name_kind(item),
        link_id=item.link_id,
        text=drawing.to(item.text),
        help=drawing.to(item.help),
        why=drawing.to(item.why),
        is_beyond=bool(item.provenance and item.provenance.is_beyond_the_article),
        unit=drawing.to(item.unit.display) if item.unit else "",
        options=tuple(_draw_option(item, option, typed, drawing) for option in item.answer_options),
        inputs=_draw_inputs(item, typed, problem, drawing),
        rows=_draw_rows(item, typed, problem, drawing) if item.is_rows else (),
        row_limit=item.max_occurs or 0,
        form=_tell_form(item) if item.type is ItemType.DATE else "",
        problem=say_problem(problem, drawing) if problem else "",
        doubt=read_whole(item, typed) if problem and problem.is_doubt else "",
        kept=_find_kept(item, typed),
    )


def say_problem(problem: Problem, drawing: Drawing) -> str:
    """Return a problem's sentence in the page's language, with the question's own short name."""
    label = drawing.to(drawing.items[problem.link_id].label)
    return translate(problem.advice.value) % {**dict(problem.values), "label": label}


def _name_kind(item: Item) -> str:
    if item.is_rows:
        return "rows"
    if item.type in {ItemType.CHOICE, ItemType.OPEN_CHOICE}:
        return "checkboxes" if item.repeats else "radios"
    names = {ItemType.DATE: "date", ItemType.TEXT: "textarea", ItemType.STRING: "line"}
    return names.get(item.type, "number")


def _tell_form(item: Item) -> str:
    """Return how a date is written; its example is a day that can be an answer, so that a day to come has none."""
    form = translate("Write the month as a word or a number, and the year with four digits.")
    if item.is_past:
        form = translate("For example, 3 May 1974.") if item.link_id == BIRTH else translate("For example, 3 May 2026.")
    if item.date_precision is not Precision.MONTH:
        return form
    return translate("%(form)s If you do not know the day, leave it out.") % {"form": form}


def _draw_option(item: Item, option: AnswerOption, typed: Raw, drawing: Drawing) -> OptionView:
    name = item.link_id
    is_first = option is item.answer_options[0]
    own_words = name + OWN_WORDS if option.is_open else ""
    return OptionView(
        code=option.code,
        text=drawing.to(option.display),
        # The first has the bare id, so that the error summary's link lands on it.
        id=name if is_first else f"{name}--{option.code}",
        is_chosen=option.code in typed.get(name, ()),
        is_apart=option.code in _APART,
        own_words=own_words,
        typed=get_first(typed, own_words) if own_words else "",
    )


def _draw_inputs(item: Item, typed: Raw, problem: Problem | None, drawing: Drawing) -> tuple[InputView, ...]:
    name = item.link_id
    if item.type is ItemType.DATE:
        labels = {"day": translate("Day"), "month": translate("Month"), "year": translate("Year")}
        boxes = [(f"{name}-{part}", label) for part, label in labels.items()]
    else:
        boxes = [(name, drawing.to(item.text))]
    wrong = problem.control if problem else ""
    return tuple(
        InputView(
            name=box,
            label=label,
            typed=get_first(typed, box),
            is_wrong=box == wrong,
            autofill=_AUTOFILL.get(box, ""),
            keyboard=_KEYBOARDS.get(box, ""),
        )
        for box, label in boxes
    )


def _draw_rows(item: Item, typed: Raw, problem: Problem | None, drawing: Drawing) -> tuple[RowView, ...]:
    """Return the rows that hold something, and one empty row after them while there is room."""
    numbers = [
        number
        for number in list_row_numbers(item, typed)
        if any(get_first(typed, f"{item.link_id}-{number}-{child.link_id}").strip() for child in item.items)
    ]
    limit = item.max_occurs or len(numbers) + 1
    empty = [max(numbers, default=0) + 1] if len(numbers) < limit else []
    wrong = problem.control if problem else ""
    return tuple(
        RowView(
            number=number,
            inputs=tuple(
                InputView(
                    name=(control := f"{item.link_id}-{number}-{child.link_id}"),
                    label=drawing.to(child.text),
                    typed=get_first(typed, control),
                    is_wrong=control == wrong,
                )
                for child in item.items
            ),
            is_filled=number in numbers,
        )
        for number in [*numbers, *empty]
    )


def _find_kept(item: Item, typed: Raw) -> str:
    """Return the number or day that the person said is right, as long as it stands in the box."""
    confirmed = get_first(typed, item.link_id + CONFIRMED)
    return confirmed if confirmed and confirmed == read_whole(item, typed) else ""
