"""What the check can find, by rule, and which of it an author may overrule with a written reason.

The names are a stable interface: authors write them in their files. It must never hold a rule's logic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.questionnaire.definition import Definition, Place
from app.questionnaire.errors import Fault


class Rule(StrEnum):
    """The rules of the check that go beyond what makes a file readable."""

    UNREACHABLE = "unreachable"
    CONTRADICTION = "contradiction"
    EMPTY_PAGE = "empty-page"
    DEAD_END = "dead-end"
    ENTANGLED = "entangled"
    LOST_OPTION = "lost-option"
    FACE_WORD = "face-word"
    SAME_LABEL = "same-label"
    LOST_FACT = "lost-fact"
    MISSING_RATIONALE = "missing-rationale"
    PLACEHOLDER = "placeholder"
    EXAMPLE = "example"
    OVERRULE = "overrule"
    W_01 = "W-01"
    W_02 = "W-02"
    W_03 = "W-03"
    W_05 = "W-05"
    W_06 = "W-06"
    PERSON_FIRST = "person-first"
    DOUBLE_QUESTION = "double-question"
    READING_GRADE = "reading-grade"


OVERRULABLE = frozenset(
    {
        Rule.W_01,
        Rule.W_02,
        Rule.W_03,
        Rule.W_05,
        Rule.W_06,
        Rule.PERSON_FIRST,
        Rule.DOUBLE_QUESTION,
        Rule.READING_GRADE,
    }
)
"""Rules about words, where a person judges better than a pattern. What is proved cannot be overruled."""

RULES: Mapping[Rule, str] = MappingProxyType(
    {
        Rule.UNREACHABLE: "A section, page, question or displayed sentence that no answers lead to.",
        Rule.CONTRADICTION: "Conditions of one item that exclude each other, or one of an any-list that never holds.",
        Rule.EMPTY_PAGE: "A page that can be shown with no question on it.",
        Rule.DEAD_END: "Limits that every answer breaks, or answers that cannot be combined.",
        Rule.ENTANGLED: "Conditions that hang together so widely that nothing can be proved about them.",
        Rule.LOST_OPTION: "An answer that does not reach the summary or the face sheet, or looks there like another.",
        Rule.FACE_WORD: "An answer that would stand under Yes on the face sheet because nothing says where it belongs.",
        Rule.SAME_LABEL: "Two questions with the same name on the face sheet.",
        Rule.LOST_FACT: "A key fact that names a question which is never asked together with it.",
        Rule.MISSING_RATIONALE: "A question that does not say why it is asked, who says so, and where it comes from.",
        Rule.PLACEHOLDER: "Braces that nothing will fill.",
        Rule.EXAMPLE: "An example patient whose answers, pages or face sheet are not as written.",
        Rule.OVERRULE: "An overrule that overrules nothing, or a rule that cannot be overruled.",
        Rule.W_01: "No verdict: nothing says who may or may not have the treatment.",
        Rule.W_02: "No risk words.",
        Rule.W_03: "No score: no totals, points, percentages or counts of answers.",
        Rule.W_05: "No instruction about treatment.",
        Rule.W_06: "No promise and no threat.",
        Rule.PERSON_FIRST: "Words that name a person by an illness or a habit, or judge.",
        Rule.DOUBLE_QUESTION: "One question that asks two things.",
        Rule.READING_GRADE: "A question, a displayed sentence or a reason that reads above grade 8.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found. `link_id` is the item whose overrules count; `place` is where, or the name of where."""

    rule: Rule
    link_id: str
    fault: str
    remedy: str
    place: str | Place = ""


def build_fault(definition: Definition, finding: Finding) -> Fault:
    """Return the finding as a fault with its place in the file and the name of its rule.

    >>> finding = Finding(rule=Rule.W_01, link_id="age", fault='the text says "suitable"', remedy="take it out")
    >>> from app.questionnaire.model import LocalText, Questionnaire
    >>> text = LocalText((("en", ""),))
    >>> empty = Questionnaire(
    ...     url="u", version="1", status="draft", date="2026-01-01", language="en", languages=("en",), title=text,
    ...     purpose=text, disclaimer=text, article_title="", article=(), sources=(), items=())
    >>> file = Definition(file="q.yaml", questionnaire=empty, examples=(), overrules=(), places={"age": Place(7, 5)})
    >>> str(build_fault(file, finding))
    'q.yaml:7:5: age: the text says "suitable" (W-01); take it out, or overrule W-01 with a reason'
    """
    place = finding.place
    if isinstance(place, str):
        place = find_place(definition, place, finding.link_id)
    remedy = finding.remedy
    if finding.rule in OVERRULABLE:
        remedy += f", or overrule {finding.rule} with a reason"
    fault = f"{finding.fault} ({finding.rule})"
    return Fault(definition.file, place.line, place.column, finding.link_id or "questionnaire", fault, remedy)


def find_place(definition: Definition, *names: str) -> Place:
    """Return the first place known by one of these names, or the beginning of the file.

    >>> from types import SimpleNamespace
    >>> find_place(SimpleNamespace(places={"age": Place(7, 5)}), "age/none", "age")
    Place(line=7, column=5)
    """
    return next((definition.places[name] for name in names if name in definition.places), Place(1, 1))
