"""What is made from the table of keys: the JSON Schema for editors, and the tables of the guide."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.questionnaire.key_document import build_key_tables, fill_document
from app.questionnaire.keys import KEYS, NEEDED, ROLES
from app.questionnaire.schema import build_schema, dump_schema
from app.questionnaire.yaml_tree import Mapping, Node, Scalar, Sequence, read_tree
from tests.questionnaire.definition_text import read_worked_example, write_page
from tests.questionnaire.write_documents import GUIDE, SCHEMA
from tests.support.source import ROOT

REMEDY = "python -m tests.questionnaire.write_documents"
VALIDATOR = Draft202012Validator(build_schema())
SIMPLE = {
    "text",
    "clinician-text",
    "string",
    "linkId",
    "code",
    "language",
    "boolean",
    "integer",
    "number",
    "date",
    "answer",
}


def read_as_editor(node: Node) -> object:
    """Return a tree as an editor sees it, which turns plain scalars into numbers and booleans as YAML 1.2 does."""
    match node:
        case Mapping(entries=entries):
            return {key.value: read_as_editor(value) for key, value in entries}
        case Sequence(items=items):
            return [read_as_editor(item) for item in items]
        case Scalar(value="true" | "false" as value, is_plain=True):
            return value == "true"
        case Scalar(value=value, is_plain=True) if re.fullmatch(r"-?[0-9]+", value):
            return int(value)
        case Scalar(value=value, is_plain=True) if re.fullmatch(r"-?[0-9]+\.[0-9]+", value):
            return float(value)
        case Scalar(value=value):
            return value
        case _:
            raise AssertionError(node)


def find_underlined(data: bytes) -> list[str]:
    """Return the path of everything that an editor underlines in a file."""
    errors = VALIDATOR.iter_errors(read_as_editor(read_tree(data, "q.yaml")))
    return sorted("/".join(map(str, error.absolute_path)) for error in errors)


def test_the_schema_in_the_repository_is_the_one_the_keys_make() -> None:
    assert SCHEMA.read_text() == dump_schema(), REMEDY


def test_the_tables_in_the_guide_are_those_the_keys_make() -> None:
    assert GUIDE.read_text() == fill_document(GUIDE.read_text()), REMEDY


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(build_schema())


def test_the_questionnaire_of_this_repository_has_nothing_underlined() -> None:
    assert find_underlined((ROOT / "questions.yaml").read_bytes()) == []


def test_the_first_line_of_the_questionnaire_tells_editors_of_the_schema() -> None:
    first = (ROOT / "questions.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA.relative_to(ROOT)}"


def test_the_file_in_the_guide_has_nothing_underlined() -> None:
    assert find_underlined(read_worked_example()) == []


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("{linkId: q, type: integer, text: T, minvalue: 3}", ""),
        ("{linkId: q, type: chioce, text: T}", "/type"),
        ("{linkId: q, text: T}", ""),
        ("{linkId: Q, type: integer, text: T}", "/linkId"),
        ("{linkId: q, type: integer, text: T, maxLength: 9}", ""),
        ("{linkId: q, type: text, text: T}", ""),
        ("{linkId: q, type: text, text: T, maxLength: '9'}", "/maxLength"),
        ("{linkId: q, type: group, text: T, maxOccurs: 9, item: []}", ""),
        ("{linkId: q, type: date, text: T, past: yes}", "/past"),
        ("{linkId: q, type: date, text: T, enableWhen: [{question: a, operator: exists}]}", "/enableWhen/0"),
        ("{linkId: q, type: date, text: T, provenance: {}}", "/provenance"),
        ("{linkId: q, type: date, text: [T]}", "/text"),
        ("{linkId: q, type: date, text: T, why: {en: [T]}}", "/why"),
    ],
)
def test_what_the_loader_refuses_for_its_key_or_kind_is_underlined(question: str, path: str) -> None:
    assert find_underlined(write_page(question)) == [f"item/0/item/0/item/0{path}"]


def list_tables() -> Iterator[dict[str, Any]]:
    """Give every part of the schema that has properties of its own, with their descriptions."""
    schema: dict[str, Any] = build_schema()
    for part in (schema, *schema["$defs"].values()):
        if "additionalProperties" in part:
            yield part["properties"]


def test_every_key_is_explained_where_it_can_stand() -> None:
    for properties in list_tables():
        assert all(value["description"] for value in properties.values())


def test_every_key_of_every_table_is_in_the_schema() -> None:
    named = {key for properties in list_tables() for key in properties}
    assert {key for keys in KEYS.values() for key in keys} == named


def test_every_kind_of_value_is_a_known_one() -> None:
    kinds = {key.kind.removeprefix("list:").removeprefix("map:") for keys in KEYS.values() for key in keys.values()}
    assert {kind for kind in kinds if not kind.startswith("one-of:")} <= SIMPLE | KEYS.keys()


def test_every_key_of_an_item_fits_somewhere_and_what_is_needed_fits() -> None:
    assert frozenset[str]().union(*ROLES.values()) == KEYS["item"].keys()
    assert all(needed <= ROLES[role] for role, needed in NEEDED.items())


def test_every_link_in_the_tables_leads_to_a_heading() -> None:
    tables = build_key_tables()
    headings = re.findall(r"^### (.*)$", tables, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", tables)) <= anchors
