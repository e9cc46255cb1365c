"""Every key that may stand in a questionnaire file, what may stand behind it, and one sentence for the author.

`load.py` reads by this table, and the JSON Schema for editors and the tables of the documentation are made from it.
Keys that FHIR R4 has are spelled as FHIR spells them; the rest are ours and avoid every FHIR name. It must never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LINK_ID: Final = "[a-z][a-z0-9-]{0,63}"  # also a form control's name, an HTML id and a part of a URL
NAME: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  # codes, and what sources, sentences and value sets are called by
LANGUAGE: Final = "[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
SENSITIVE: Final = "one-of:substance-use,pregnancy"
DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the kind of its value, whether it must be there, whether FHIR R4 has it, and what it is for.

    `kind` is one of: `text` (a string, or a map of language to string), `clinician-text` (the same, and no language but
    the questionnaire's own is asked for), `string`, `linkId`, `code`, `language`, `boolean`, `integer`, `number`,
    `date`, `answer` (whatever fits the question), `one-of:a,b`, `list:KIND`, `map:KIND`, or the name of another table.
    """

    kind: str
    help: str
    required: bool = False
    fhir: bool = True


KEYS: dict[str, dict[str, Key]] = {
    "questionnaire": {
        "resourceType": Key("one-of:Questionnaire", "Says that this file is a FHIR Questionnaire.", required=True),
        "url": Key(
            "string",
            "The canonical name of this questionnaire; the system of its codes is made from it.",
            required=True,
        ),
        "version": Key(
            "string", "Your own version; the edition itself is known by the hash of its content.", required=True
        ),
        "status": Key(
            "one-of:draft,active,retired", "As FHIR: draft until a clinician has reviewed it.", required=True
        ),
        "date": Key("date", "When it was last changed, as YYYY-MM-DD.", required=True),
        "language": Key("language", "The language every plain text in this file is written in.", required=True),
        "languages": Key("list:language", "All languages that every text is written in.", fhir=False),
        "title": Key("text", "The name people see.", required=True),
        "purpose": Key("text", "What the questionnaire is for and not for.", required=True),
        "disclaimer": Key("text", "The sentence at the foot of every page and print.", required=True, fhir=False),
        "article": Key("article", "The source article, sentence by sentence.", required=True, fhir=False),
        "sources": Key("map:source", "What the rationales cite, by key.", required=True, fhir=False),
        "valueSets": Key("map:valueSet", "Answer sets that several questions share.", fhir=False),
        "item": Key(
            "list:item", "The sections, in order; their items are pages, and theirs are questions.", required=True
        ),
        "examples": Key("list:example", "Example patients, run at every check.", fhir=False),
    },
    "article": {
        "title": Key("string", "The article's title and date.", required=True, fhir=False),
        "sentences": Key("map:sentence", "Its sentences by id.", required=True, fhir=False),
    },
    "sentence": {
        "text": Key("string", "The sentence, exactly as in the article.", required=True, fhir=False),
        "sha256": Key("string", "The SHA-256 of the sentence in UTF-8.", required=True, fhir=False),
    },
    "source": {
        "title": Key("string", "Who says it, where, when.", required=True, fhir=False),
        "mark": Key(
            "one-of:V,V2,V2/V,U",
            "How far it was verified: V read at the publisher, V2 in a copy, V2/V some of each, U not verified.",
            required=True,
            fhir=False,
        ),
        "url": Key("string", "Where it was read.", fhir=False),
    },
    "valueSet": {
        "answerOption": Key("list:answerOption", "The answers of the set, in order.", required=True),
    },
    "answerOption": {
        "valueCoding": Key("coding", "The answer's code and the words people see.", required=True),
        "exclusive": Key("boolean", "Cannot be chosen together with another answer.", fhir=False),
        "open": Key("boolean", "Has a line for the patient's own words (open-choice only).", fhir=False),
        "word": Key(
            "one-of:yes,not-sure,prefer-not,no,does-not-apply",
            "The face sheet's heading this answer stands under.",
            fhir=False,
        ),
        "sensitive": Key(
            f"list:{SENSITIVE}",
            "What this answer alone speaks of; in a question with several answers an export leaves out its column.",
            fhir=False,
        ),
    },
    "coding": {
        "code": Key("code", "The code that is stored and exported.", required=True),
        "display": Key("text", "The words people see.", required=True),
        "system": Key("string", "The code system; the questionnaire's own where left out."),
    },
    "item": {
        "linkId": Key("linkId", "The item's name for ever: form field, export column, anchor.", required=True),
        "type": Key(
            "one-of:group,display,decimal,integer,date,string,text,choice,open-choice",
            "What kind of answer it takes.",
            required=True,
        ),
        "text": Key(
            "text", "The question, or the heading of a section or page, or the displayed sentence.", required=True
        ),
        "shortText": Key("text", "A few words for the face sheet and for messages.", fhir=False),
        "help": Key("text", "A line under the question: examples, plain words.", fhir=False),
        "why": Key("text", "Why we ask, for the patient.", fhir=False),
        "answerOption": Key(
            "list:answerOption", "The answers, in order; of a group of rows, those that stand in place of rows."
        ),
        "answerValueSet": Key("string", "`#name` of a set under valueSets, in place of or after `answerOption`."),
        "enableWhen": Key("list:enableWhen", "When to ask; only earlier pages may be named."),
        "enableBehavior": Key(
            "one-of:all,any", "Whether all or any of the conditions must hold; needed when there are several."
        ),
        "required": Key(
            "boolean",
            "In rows: a row that is begun must have it. Elsewhere it is refused: every question may be skipped.",
        ),
        "repeats": Key("boolean", "Several answers may be chosen; on a group: rows."),
        "maxLength": Key("integer", "The most characters of a text."),
        "maxOccurs": Key("integer", "The most rows.", fhir=False),
        "minValue": Key("number", "A smaller number is refused.", fhir=False),
        "maxValue": Key("number", "A larger number is refused.", fhir=False),
        "expected": Key("expected", "Outside this we ask *Is this right?*, and the patient may keep it.", fhir=False),
        "unit": Key("unit", "The unit of a number.", fhir=False),
        "precision": Key("one-of:day,month", "Whether a date may be given by month and year alone.", fhir=False),
        "past": Key("boolean", "A date that cannot lie in the future.", fhir=False),
        "page": Key(
            "one-of:questions,support,check,share", "On a page: what it is for; `questions` where left out.", fhir=False
        ),
        "face": Key(
            "one-of:visit,screening,list",
            "Where it stands on the face sheet: what the visit is about, under Yes, No and so on, or in the lists.",
            fhir=False,
        ),
        "keyFacts": Key(
            "list:text",
            "What stands beside it on the face sheet; `{linkId}` is replaced by that answer. Where several answers "
            "open its page, write it at each: it is shown once, and beside none that did not open it.",
            fhir=False,
        ),
        "rationale": Key("clinician-text", "Why a clinician asks; never shown to the patient.", fhir=False),
        "sources": Key("list:string", "Keys of the sources behind the rationale.", fhir=False),
        "provenance": Key(
            "provenance", "Which sentences of the article it comes from, or that it is beyond it.", fhir=False
        ),
        "review": Key(
            "clinician-text", "Who reviewed it, when; *not yet reviewed by a clinician* until then.", fhir=False
        ),
        "sensitive": Key(
            f"list:{SENSITIVE}",
            "What the question speaks of; an export leaves it and its follow-up questions out unless asked for them.",
            fhir=False,
        ),
        "overrule": Key("list:overrule", "Findings of the check that you have read and keep.", fhir=False),
        "item": Key("list:item", "What it holds: pages in a section, questions on a page, fields in a row."),
    },
    "enableWhen": {
        "question": Key("linkId", "The earlier question.", required=True),
        "operator": Key("one-of:exists,=,!=,>,<,>=,<=", "How its answer is compared.", required=True),
        "answerCoding": Key("coding-reference", "The code it is compared with."),
        "answerInteger": Key("integer", "The whole number it is compared with."),
        "answerDecimal": Key("number", "The number it is compared with."),
        "answerBoolean": Key("boolean", "With `exists`: true when answered, false when not."),
    },
    "coding-reference": {
        "code": Key("code", "A code of that question's answers.", required=True),
    },
    "expected": {
        "min": Key("number", "Smallest expected number.", fhir=False),
        "max": Key("number", "Largest expected number.", fhir=False),
        "greaterThan": Key("linkId", "A number on the same page that this one is expected to exceed.", fhir=False),
    },
    "unit": {
        "code": Key("string", "The UCUM code.", required=True, fhir=False),
        "display": Key("text", "The words people see.", required=True, fhir=False),
    },
    "provenance": {
        "article": Key("list:string", "Ids of the article's sentences.", fhir=False),
        "beyond": Key("boolean", "True: the article does not speak of it.", fhir=False),
    },
    "overrule": {
        "rule": Key("string", "The rule, as the check names it.", required=True, fhir=False),
        "reason": Key("string", "Why the text stays as it is.", required=True, fhir=False),
    },
    "example": {
        "name": Key("string", "The patient's name as it would be written on the paper.", required=True, fhir=False),
        "note": Key("string", "What this patient is there to show.", required=True, fhir=False),
        "basedOn": Key("string", "Another example whose answers this one starts from.", fhir=False),
        "answers": Key(
            "map:answer",
            "Answers by linkId; dates may be `T-10d`, `unanswered` takes an answer away.",
            required=True,
            fhir=False,
        ),
        "sees": Key("list:string", "Pages that must be on the way.", fhir=False),
        "doesNotSee": Key("list:string", "Pages that must not be.", fhir=False),
        "faceSheet": Key("list:string", "Words that must stand on the face sheet.", fhir=False),
    },
}

_EVERY = frozenset({"linkId", "type", "text", "overrule"})
_SHOWN = _EVERY | {"enableWhen", "enableBehavior"}
_ASKED = _SHOWN | {
    "shortText",
    "help",
    "why",
    "face",
    "keyFacts",
    "rationale",
    "sources",
    "provenance",
    "review",
    "sensitive",
}
_CHOSEN = _ASKED | {"answerOption", "answerValueSet", "repeats"}
_COUNTED = _ASKED | {"minValue", "maxValue", "expected", "unit"}
_TYPED = _ASKED | {"maxLength"}

ROLES: Final[dict[str, frozenset[str]]] = {
    "section": _SHOWN | {"shortText", "item"},
    "page": _SHOWN | {"shortText", "page", "item"},
    "display": _SHOWN,
    "choice": _CHOSEN,
    "open-choice": _CHOSEN,
    "integer": _COUNTED,
    "decimal": _COUNTED,
    "date": _ASKED | {"precision", "past"},
    "string": _TYPED,
    "text": _TYPED,
    "rows": _CHOSEN | {"maxOccurs", "item"},
    "field": _EVERY | {"shortText", "help", "required", "maxLength"},
}
"""Which keys fit which item: by its place, and for what stands on a page by its type."""

NEEDED: Final[dict[str, frozenset[str]]] = {
    "section": frozenset({"item"}),
    "page": frozenset({"item"}),
    "string": frozenset({"maxLength"}),
    "text": frozenset({"maxLength"}),
    "rows": frozenset({"maxOccurs", "item"}),
    "field": frozenset({"maxLength"}),
}
"""What such an item cannot do without, besides linkId, type and text: nothing a person types is without a limit."""
