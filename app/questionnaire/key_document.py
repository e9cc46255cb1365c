"""The table of keys as Markdown, for the part of the documentation that lists every key.

It must never say anything that keys.py does not.
"""

from __future__ import annotations

import re
from typing import Final

from app.questionnaire.keys import KEYS, NEEDED, ROLES, Key

_BEGIN: Final = "<!-- from app/questionnaire/keys.py: begin -->"
_END: Final = "<!-- from app/questionnaire/keys.py: end -->"
_BETWEEN: Final = re.compile(f"(?<={re.escape(_BEGIN)}).*(?={re.escape(_END)})", re.DOTALL)

_TITLES: Final = {
    "questionnaire": "at the top of the file",
    "article": "under `article`",
    "sentence": "each one under `sentences`, by its id",
    "source": "each one under `sources`, by its key",
    "valueSet": "each one under `valueSets`, by its name",
    "answerOption": "each one in a list of answers",
    "coding": "under `valueCoding`",
    "item": "each section, page, question, displayed sentence and field",
    "enableWhen": "each condition",
    "coding-reference": "under `answerCoding`",
    "expected": "under `expected`",
    "unit": "under `unit`",
    "provenance": "under `provenance`",
    "overrule": "each finding under `overrule`",
    "example": "each example patient",
}
_KINDS: Final = {
    "text": "text, or one text for each language",
    "clinician-text": "text, or one text for each language",
    "string": "text",
    "linkId": "small letters, digits, hyphens",
    "code": "letters, digits, hyphens",
    "language": "language tag",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "date": "day, as 2026-05-03",
    "answer": "what fits the question",
}
_PLACES: Final = {
    "section": "a section",
    "page": "a page",
    "rows": "`group` on a page (rows)",
    "field": "`string` in a row (a field)",
}


def build_key_tables() -> str:
    """Return every table of keys, and which key of an item fits where, as Markdown.

    >>> build_key_tables().splitlines()[0]
    '### `questionnaire`: at the top of the file'
    """
    tables = [_build_table(name, keys) for name, keys in KEYS.items()]
    return "\n".join([*tables, _build_fit()])


def fill_document(document: str) -> str:
    """Return the document with the tables of keys between its two marks; raises ValueError when it lacks them.

    >>> fill_document("no marks")
    Traceback (most recent call last):
    ValueError: the document lacks the marks between which the tables stand
    """
    if not _BETWEEN.search(document):
        raise ValueError("the document lacks the marks between which the tables stand")
    return _BETWEEN.sub(lambda _: f"\n\n{build_key_tables()}\n", document)


def _build_table(name: str, keys: dict[str, Key]) -> str:
    lines = [f"### `{name}`: {_TITLES[name]}", "", "| key | what stands behind it | needed | what it is for |"]
    lines.append("|---|---|---|---|")
    for word, key in keys.items():
        needed = "yes" if key.required else ""
        lines.append(f"| `{word}` | {_describe(key.kind)} | {needed} | {key.help} |")
    return "\n".join([*lines, ""])


def _describe(kind: str) -> str:
    shape, _, inner = kind.partition(":")
    match shape:
        case "list":
            return f"a list, each: {_describe(inner)}"
        case "map":
            return f"names, each with: {_describe(inner)}"
        case "one-of":
            return " or ".join(f"`{word}`" for word in inner.split(","))
        case _:
            return _KINDS.get(kind) or f"[{kind}](#{kind.lower()}-{_make_anchor(_TITLES[kind])})"


def _make_anchor(title: str) -> str:
    return re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-")


def _build_fit() -> str:
    always = [word for word, key in KEYS["item"].items() if key.required]
    lines = [
        "### Which key of an `item` fits where",
        "",
        f"Every item has {', '.join(f'`{word}`' for word in always)}.",
    ]
    lines += ["", "| where, or type on a page | its other keys |", "|---|---|"]
    for role, keys in ROLES.items():
        words = [word for word in KEYS["item"] if word in keys and word not in always]
        told = [f"`{word}`" + (" (needed)" if word in NEEDED.get(role, ()) else "") for word in words]
        lines.append(f"| {_PLACES.get(role, f'`{role}`')} | {', '.join(told)} |")
    return "\n".join([*lines, ""])
