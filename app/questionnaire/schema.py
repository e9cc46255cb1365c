"""The table of keys as a JSON Schema, so that an editor completes keys, explains them and underlines what is wrong.

Weaker than the loader on purpose: it knows keys, kinds and which key fits where, and nothing of what items say of one
another. It must never refuse what the loader takes.
Source: JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).
"""

from __future__ import annotations

import json
from typing import Final

from app.questionnaire.keys import DATE, KEYS, LANGUAGE, LINK_ID, NAME, NEEDED, ROLES, Key
from app.questionnaire.model import ItemType

Schema = dict[str, object]

_NOT_ON_A_PAGE: Final = frozenset({"section", "page", "field"})
# An editor reads 1.0 as a number where the loader takes the text as it stands: both are let through.
_WORD: Final[Schema] = {"type": ["string", "number", "boolean"]}
_WORDS: Final[Schema] = {"type": "object", "additionalProperties": _WORD}
_TEXT: Final[Schema] = {"anyOf": [_WORD, _WORDS]}
_NUMBER: Final[Schema] = {"type": "number"}
_KINDS: Final[dict[str, Schema]] = {
    "text": _TEXT,
    "clinician-text": _TEXT,
    "string": _WORD,
    "linkId": _WORD | {"pattern": f"^{LINK_ID}$"},
    "code": _WORD | {"pattern": f"^{NAME}$"},
    "language": {"type": "string", "pattern": f"^{LANGUAGE}$"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": _NUMBER,
    "date": {"type": "string", "pattern": f"^{DATE}$"},
    "answer": {
        "anyOf": [
            _WORD,
            {"type": "array", "items": _WORD},
            {"type": "array", "items": _WORDS},
            {
                "type": "object",
                "properties": {"codes": {"anyOf": [_WORD, {"type": "array", "items": _WORD}]}, "words": _WORD},
                "required": ["codes", "words"],
                "additionalProperties": False,
            },
        ]
    },
}
_ONE_ANSWER: Final = ("answerCoding", "answerInteger", "answerDecimal", "answerBoolean")


def build_schema() -> Schema:
    """Return the JSON Schema of a questionnaire file.

    >>> build_schema()["required"][:3]
    ['resourceType', 'url', 'version']
    """
    tables = {name: _build_table(keys) for name, keys in KEYS.items() if name not in {"questionnaire", "item"}}
    tables["enableWhen"]["oneOf"] = [{"required": [key]} for key in _ONE_ANSWER]
    tables["provenance"]["oneOf"] = [{"required": [key]} for key in KEYS["provenance"]]
    whole = _build_table(KEYS["questionnaire"])
    _point(whole, "section")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Foreword questionnaire",
        "description": "Made from app/questionnaire/keys.py; docs/questions-yaml.md says how to write one.",
        **whole,
        "$defs": tables | _build_items(),
    }


def dump_schema() -> str:
    """Return the JSON Schema as the text that stands in docs/questions.schema.json.

    >>> dump_schema().splitlines()[1]
    '  "$schema": "https://json-schema.org/draft/2020-12/schema",'
    """
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def _build_items() -> dict[str, Schema]:
    """Return one schema for each place an item can stand in; on a page, the type says which keys fit."""
    asked = [role for role in ROLES if role not in _NOT_ON_A_PAGE]
    question = _build_item(frozenset[str]().union(*(ROLES[role] for role in asked)), "field")
    question["allOf"] = [_build_branch(role, ROLES[role]) for role in asked]
    section, page = _build_item(ROLES["section"], "page"), _build_item(ROLES["page"], "question")
    field = _build_item(ROLES["field"], "")
    for schema, role, kind in ((section, "section", "group"), (page, "page", "group"), (field, "field", "string")):
        _require(schema, NEEDED[role])
        _narrow(schema, "type", {"const": kind})
    return {"section": section, "page": page, "question": question, "field": field}


def _build_item(keys: frozenset[str], below: str) -> Schema:
    schema = _build_table({name: key for name, key in KEYS["item"].items() if name in keys})
    if below:
        _point(schema, below)
    return schema


def _build_branch(role: str, fitting: frozenset[str]) -> Schema:
    is_rows = role == "rows"
    unfit = [key for key in KEYS["item"] if key not in fitting]
    properties: Schema = dict.fromkeys(unfit, False) | ({"repeats": {"const": True}} if is_rows else {})
    needed = sorted(NEEDED.get(role, frozenset())) + (["repeats"] if is_rows else [])
    then: Schema = {"properties": properties} | ({"required": needed} if needed else {})
    kind = ItemType.GROUP.value if is_rows else role
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": then}


def _build_table(keys: dict[str, Key]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {name: _build_kind(key.kind) | {"description": key.help} for name, key in keys.items()},
        "additionalProperties": False,
    }
    _require(schema, frozenset(name for name, key in keys.items() if key.required))
    return schema


def _require(schema: Schema, names: frozenset[str]) -> None:
    properties, required = schema["properties"], schema.get("required", [])
    if isinstance(properties, dict) and isinstance(required, list):
        schema["required"] = [name for name in properties if name in names or name in required]


def _narrow(schema: Schema, key: str, narrower: Schema) -> None:
    properties = schema["properties"]
    if isinstance(properties, dict):
        properties[key] = narrower | {"description": properties[key]["description"]}


def _point(schema: Schema, below: str) -> None:
    """Make what stands under `item` a schema of its own: sections hold pages, pages questions, rows fields."""
    _narrow(schema, "item", {"type": "array", "items": {"$ref": f"#/$defs/{below}"}})


def _build_kind(kind: str) -> Schema:
    shape, _, inner = kind.partition(":")
    match shape:
        case "list":
            return {"type": "array", "items": _build_kind(inner)}
        case "map":
            return {"type": "object", "additionalProperties": _build_kind(inner)}
        case "one-of":
            return {"enum": inner.split(",")}
        case _:
            return dict(_KINDS[kind]) if kind in _KINDS else {"$ref": f"#/$defs/{kind}"}
