"""Questionnaire files that load and pass the check, but for what a test changes in them."""

from datetime import date

from app.questionnaire.check import check_definition
from tests.questionnaire.definition_text import VALUE_SETS, load, write_file

TODAY = date(2026, 5, 3)
HEADER = """\
item:
  - linkId: start
    type: group
    text: Start
    item:
"""
GROUNDS = "rationale: A label., sources: [KET-UK], provenance: {beyond: true}, review: not yet reviewed"
WHOLE = f"{GROUNDS}, why: We ask everyone."
SMOKER = f'{{linkId: smoker, type: choice, text: Do you smoke?, answerValueSet: "#yes-no", {GROUNDS}}}'
WORDS = """\
  words:
    answerOption:
      - {valueCoding: {code: "yes", display: "Yes"}, word: "yes"}
      - {valueCoding: {code: "no", display: "No"}, word: "no"}
      - {valueCoding: {code: not-sure, display: Not sure}, word: not-sure, exclusive: true}
"""


def write_page(name: str, *items: str, when: str = "", kind: str = "") -> str:
    """Return a page; its first item stands four lines below it, one more with conditions and one with a kind.

    Conditions are written `any: smoker = yes; age < 18`, or with `all`.
    """
    lines = [f"      - linkId: {name}", "        type: group", f"        text: {name.title()}"]
    if kind:
        lines.append(f"        page: {kind}")
    if when:
        conditions, _, behavior = write_conditions(when).rpartition(", ")
        lines += [f"        {conditions}", f"        {behavior}"]
    lines += ["        item:", *(f"          - {item}" for item in items)]
    return "\n".join(lines) + "\n"


def write_conditions(when: str) -> str:
    """Return `enableWhen` and `enableBehavior` for `any: smoker = yes; age < 18` as keys of a flow map."""
    behavior, _, conditions = when.partition(": ")
    written = []
    for condition in conditions.split("; "):
        question, operator, answer = condition.split(" ")
        value = f"answerInteger: {answer}" if answer.isdecimal() else f'answerCoding: {{code: "{answer}"}}'
        if operator == "exists":
            value = f"answerBoolean: {answer}"
        written.append(f'{{question: {question}, operator: "{operator}", {value}}}')
    return f"enableWhen: [{', '.join(written)}], enableBehavior: {behavior}"


def write_choice(name: str, *, when: str = "", more: str = "", answers: str = '"#yes-no"') -> str:
    """Return a choice with yes and no as its answers."""
    conditions = f", {write_conditions(when)}" if when else ""
    return f"{{linkId: {name}, type: choice, text: Is it so?, answerValueSet: {answers}{conditions}{more}}}"


def write_form(*pages: str, rest: str = "") -> bytes:
    """Return a whole file: a page with the question `smoker` on line 10, then the pages given, from line 11."""
    return write_file(HEADER + write_page("one", SMOKER) + "".join(pages) + rest, value_sets=VALUE_SETS + WORDS)


def find_faults(data: bytes) -> list[str]:
    """Return what the check tells an author of a file that can be read."""
    return [str(fault) for fault in check_definition(load(data), TODAY)]
