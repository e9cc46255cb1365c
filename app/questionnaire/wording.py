"""What the patient's texts must not say, and how hard they may be: W-01 to W-06, person-first words, reading grade.

Patterns find words, not meaning, so an author may overrule each with a written reason. The patterns of W-01, W-02,
W-05 and W-06 are those of clinical.md 3B, letter for letter. It must never look at a clinician's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.questionnaire.finding import Finding, Rule
from app.questionnaire.model import ItemType
from app.questionnaire.passage import Part, Passage
from app.questionnaire.reading import grade_text, list_hard_words

LIMIT: Final = 8.0
_FEWEST_WORDS: Final = 3  # of a word or two the formula says nothing


@dataclass(frozen=True, slots=True)
class Ban:
    """What a rule's texts must not contain, and what to do instead."""

    rule: Rule
    pattern: re.Pattern[str]
    remedy: str


def _ban(rule: Rule, remedy: str, *patterns: str) -> Ban:
    return Ban(rule, re.compile("|".join(patterns), re.IGNORECASE), remedy)


BANS: Final = (
    _ban(
        Rule.W_01,
        "say what is asked or recorded, and give no verdict",
        r"\b(in)?eligib|\b(un)?suitab|\bqualif(y|ies|ied)\b|\bcandidate\b|\bcleared\b|\bapproved for\b",
        r"\bnot recommended\b|\bcontraindicat|\brules? (you )?(in|out)\b",
    ),
    _ban(
        Rule.W_02,
        "say it without a word that rates the answer",
        r"\b(low|medium|moderate|high|elevated)[- ]risk\b|\brisk (level|score|rating|category|factor)|\bat risk\b",
        r"\bred flag\b|\bwarning sign|\babnormal|\btoo (high|low)\b|\((high|low|normal)\)",
    ),
    _ban(
        Rule.W_03,
        "say it without counting or adding up answers",
        r"\bscor(e|es|ed|ing)\b|\btotals?\b|\bper ?cent(age)?s?\b|[0-9] ?%|\bpoints\b|\bgauge\b",
        r"\b[0-9]+ (out )?of [0-9]+\b|\bconcerns? found\b",
    ),
    _ban(
        Rule.W_05,
        "say what is asked, and leave what to do about treatment to the doctor",
        r"\b(stop|start|skip|reduce|increase|change|avoid) (taking|using|your (medicine|medication|dose))\b",
        r"\byou (should|must|need (a|an|to))\b|\b(tell|ask) your doctor to\b",
    ),
    _ban(
        Rule.W_06,
        "say it without a promise or a threat",
        r"\b(un)?safe (for you|to have)\b|\bdangerous\b|\bwill (help|cure|harm)\b|\bgood news\b|\bunfortunately\b",
        r"\bwe (must|cannot)\b|\bhas (been )?(reviewed|assessed)\b",
    ),
    _ban(
        Rule.PERSON_FIRST,
        "name the person first and the condition after, in plain words without blame",
        r"\babus(e|es|ed|er|ers|ing|ive)\b|\baddict(s|ed|ion|ions|ive)?\b|\b(junkie|alcoholic|drunkard)s?\b",
        r"\b(drug|substance|opioid|cannabis|ketamine) users?\b|\b(clean|dirty)\b|\bsuffer(s|ed|ing)? (from|with)\b",
        r"\b(schizophrenic|epileptic|diabetic|asthmatic)s?\b|\b(psychotics|manics)\b|\bvictims?\b|\bmentally ill\b",
        r"\bcommit(s|ted|ting)? suicide\b|\b(failed|successful|completed) (suicide|attempt)|\bsuicidal ideation\b",
        r"\burinat|\bcrazy\b|\binsane\b",
    ),
)

_SUBJECT: Final = r"(you|your|there|it|they|this|that|these|those|someone|anyone|anybody|somebody|a|an|any|the)"
_DOUBLE: Final = re.compile(
    r"\?.*\?"
    r"|\b(and|or),? (how|when|where|what|which|who|whose|why)\b"
    rf"|\b(and|or),? (do|does|did|are|is|am|was|were|have|has|had|can|could|will|would|may|must) {_SUBJECT}\b",
    re.IGNORECASE | re.DOTALL,
)
_BARE_OTHER: Final = re.compile(r"other\.?", re.IGNORECASE)
_BRACES: Final = re.compile(r"\{[^{}]*\}|[{}]")
_FILLED: Final = frozenset({"{clinic}", "{emergency}", "{crisis-line}"})
_FILLED_PARTS: Final = frozenset({Part.TEXT, Part.HELP, Part.WHY})
_ASKING: Final = frozenset({Part.TEXT, Part.WHY})


def find_wording(passages: Iterable[Passage]) -> Iterator[Finding]:
    """Yield every text that breaks a rule about words, once for each rule it breaks."""
    for passage in passages:
        yield from _find_patterns(passage)
        yield from _find_braces(passage)
        if passage.part is Part.TEXT and passage.item and passage.item.is_question:
            yield from _find_double(passage)
        if passage.part in _ASKING:
            yield from _find_grade(passage)


def _find_patterns(passage: Passage) -> Iterator[Finding]:
    for ban in BANS:
        if match := ban.pattern.search(passage.text):
            yield _tell(passage, ban.rule, f'{_name(passage)} says "{_widen(passage.text, match)}"', ban.remedy)
    if passage.part is Part.ANSWER and _BARE_OTHER.fullmatch(passage.text):
        fault = f"{_name(passage)} is the bare word {passage.text}"
        yield _tell(passage, Rule.PERSON_FIRST, fault, 'write "Something else"')


def _widen(text: str, match: re.Match[str]) -> str:
    """Return what matched with the rest of its last word."""
    end = match.end()
    while end < len(text) and text[end].isalpha():
        end += 1
    return text[match.start() : end]


def _find_braces(passage: Passage) -> Iterator[Finding]:
    if passage.part is Part.KEY_FACT:
        return  # loading has seen that each names a question
    for braces in dict.fromkeys(_BRACES.findall(passage.text)):
        if braces not in _FILLED:
            remedy = "write {clinic}, {emergency} or {crisis-line}, or take the braces away"
            yield _tell(passage, Rule.PLACEHOLDER, f"{_name(passage)} has {braces}, which nothing fills", remedy)
        elif passage.part not in _FILLED_PARTS:
            remedy = "write it out, or put it into text, help or why"
            yield _tell(passage, Rule.PLACEHOLDER, f"{_name(passage)} has {braces}, which is not filled there", remedy)


def _find_double(passage: Passage) -> Iterator[Finding]:
    if match := _DOUBLE.search(passage.text):
        seam = "a second question mark" if "?" in match[0] else f'"{match[0]}"'
        yield _tell(passage, Rule.DOUBLE_QUESTION, f"it asks two things, at {seam}", "ask them one after the other")


def _find_grade(passage: Passage) -> Iterator[Finding]:
    item = passage.item
    if item is None or (item.type is ItemType.GROUP and not item.is_rows) or passage.place != item.link_id:
        return  # headings and labels are too short for the formula to mean anything
    text = _BRACES.sub("the clinic", passage.text)
    grade = round(grade_text(text), 1)
    if grade > LIMIT and len(text.split()) >= _FEWEST_WORDS:
        hard = list_hard_words(text)
        weight = f", most of it in {', '.join(hard)}" if hard else ""
        fault = f"{_name(passage)} reads at grade {grade}, above {LIMIT:.0f}{weight}"
        yield _tell(passage, Rule.READING_GRADE, fault, "use shorter sentences and plainer words")


def _name(passage: Passage) -> str:
    if passage.part is Part.ANSWER:
        return f'its answer "{passage.place.partition("/")[2]}"'
    if "/" in passage.place:
        return f'{passage.part} of its field "{passage.place.partition("/")[2]}"'
    return str(passage.part)


def _tell(passage: Passage, rule: Rule, fault: str, remedy: str) -> Finding:
    return Finding(rule=rule, link_id=passage.link_id, place=passage.place, fault=fault, remedy=remedy)
