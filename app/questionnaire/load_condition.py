"""`enableWhen` out of records, and whether each condition can ever be judged.

A condition may look back and never forward: only questions on earlier pages. It must never decide whether one holds.
Source: HL7 FHIR R4, Questionnaire.item.enableWhen (https://hl7.org/fhir/R4/questionnaire.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.questionnaire.fault_list import FaultList, quote
from app.questionnaire.model import EnableBehavior, EnableWhen, Item, ItemType, Operator
from app.questionnaire.record import Record
from app.questionnaire.yaml_tree import Scalar

_ANSWERS: Final = ("answerCoding", "answerInteger", "answerDecimal", "answerBoolean")
_EQUALITY: Final = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
_ORDER: Final = frozenset(Operator) - {Operator.EXISTS}
_FITTING: Final[dict[ItemType, tuple[str, frozenset[Operator]]]] = {
    ItemType.CHOICE: ("answerCoding", _EQUALITY),
    ItemType.OPEN_CHOICE: ("answerCoding", _EQUALITY),
    ItemType.GROUP: ("answerCoding", _EQUALITY),
    ItemType.INTEGER: ("answerInteger", _ORDER),
    ItemType.DECIMAL: ("answerDecimal", _ORDER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as loaded, its role, the number of its page, and whether its type and answers are known for certain."""

    record: Record
    item: Item
    role: str
    page: int
    is_sound: bool


def load_conditions(record: Record, faults: FaultList) -> tuple[EnableWhen, ...]:
    """Return an item's conditions, those that can be read, and add the faults that each has in itself."""
    written = record.find_all("enableWhen", Record)
    if len(written) > 1 and "enableBehavior" not in record.places:
        remedy = "add enableBehavior: any, or all"
        faults.add(
            record.get_place("enableWhen"), record.name, "several conditions, and not said how they join", remedy
        )
    if "enableBehavior" in record.places and "enableWhen" not in record.places:
        place = record.get_place("enableBehavior")
        faults.add(place, record.name, "enableBehavior stands without enableWhen", "add enableWhen, or take it away")
    found = (_load_condition(condition, faults) for condition in written)
    return tuple(condition for condition in found if condition)


def find_behavior(record: Record) -> EnableBehavior:
    """Return how an item's conditions join; all of them where the file does not say."""
    return EnableBehavior(record.find_word("enableBehavior") or "all")


def _load_condition(record: Record, faults: FaultList) -> EnableWhen | None:
    keys = [key for key in _ANSWERS if key in record.places]
    if len(keys) != 1:
        count = "no answer" if not keys else "more than one answer"
        remedy = "keep one of " + ", ".join(keys) if keys else "add one of " + ", ".join(_ANSWERS)
        faults.add(record.place, record.name, f"enableWhen has {count} to compare with", remedy)
        return None
    operator = record.find_word("operator")
    answer = _find_answer(record, keys[0])
    if not operator or answer is None:
        return None
    return EnableWhen(question=record.find_word("question"), operator=Operator(operator), answer=answer)


def _find_answer(record: Record, key: str) -> str | Decimal | bool | None:
    match record.values.get(key):
        case Record() as coding:
            return coding.find_word("code") or None
        case bool() | Decimal() as answer:
            return answer
        case int() as answer:
            return Decimal(answer)
        case _:
            return None


def check_conditions(entry: Entry, entries: Mapping[str, Entry], faults: FaultList) -> None:
    """Add a fault for each condition that names nothing, looks forward, or compares with what cannot be."""
    for record in entry.record.find_all("enableWhen", Record):
        question = record.find("question", Scalar)
        target = _find_target(entry, question, entries, faults) if question else None
        if target is not None and target.is_sound:
            _check_comparison(record, target, faults)


def _find_target(entry: Entry, question: Scalar, entries: Mapping[str, Entry], faults: FaultList) -> Entry | None:
    target = entries.get(question.value)
    fault = f"enableWhen names {quote(question.value)}"
    if target is None:
        questions = (link_id for link_id, other in entries.items() if other.item.is_question)
        remedy = faults.suggest(question.value, questions, "name a question on an earlier page")
        faults.add(question, entry.record.name, fault, remedy)
        return None
    if target.is_sound and not target.item.is_question:
        faults.add(question, entry.record.name, f"{fault}, which is no question", "name a question on an earlier page")
        return None
    if target.page >= entry.page:
        where = "the same page" if target.page == entry.page else "a later page"
        remedy = "move it to an earlier page, or name a question that stands on one"
        faults.add(question, entry.record.name, f"{fault}, which stands on {where}", remedy)
    return target


def _check_comparison(record: Record, target: Entry, faults: FaultList) -> None:
    name, asked = record.name, quote(target.item.link_id)
    word, operator = record.find_word("operator"), record.get_place("operator")
    key = next((key for key in _ANSWERS if key in record.places), "")
    if not word or not key:
        return
    if word == Operator.EXISTS:
        if key != "answerBoolean":
            faults.add(operator, name, f"exists is compared with {key}", "write answerBoolean: true, or false")
        return
    fitting, operators = _FITTING.get(target.item.type, ("", frozenset[Operator]()))
    if word not in operators:
        words = (
            "exists" if not operators else ", ".join(known for known in Operator if known in operators) + " or exists"
        )
        remedy = f"write {words}"
        faults.add(
            operator, name, f"the operator {word} does not fit {asked}, which is of type {target.item.type}", remedy
        )
    elif key != fitting:
        faults.add(record.get_place(key), name, f"{key} does not fit {asked}", f"write {fitting}")
    elif fitting == "answerCoding":
        _check_code(record, target, faults)


def _check_code(record: Record, target: Entry, faults: FaultList) -> None:
    coding = record.find("answerCoding", Record)
    code = coding.find("code", Scalar) if coding else None
    if code:
        check_code(code, record.name, target, faults)


def check_code(code: Scalar, name: str, target: Entry, faults: FaultList) -> None:
    """Add a fault when a code is none of the target's answers."""
    codes = [option.code for option in target.item.answer_options]
    if not target.is_sound or code.value in codes:
        return
    remedy = faults.suggest(code.value, codes, f"write one of {', '.join(codes[:12])}" if codes else "take it away")
    faults.add(code, name, f"{quote(code.value)} is no answer of {quote(target.item.link_id)}", remedy)
