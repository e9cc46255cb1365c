"""The canonical text: the same for the same questionnaire, read back exactly, and changed by any change."""

import dataclasses
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.canonical import dump_canonical, hash_canonical, load_canonical
from app.questionnaire.model import (
    AnswerOption,
    EnableBehavior,
    EnableWhen,
    Expected,
    Face,
    Item,
    ItemType,
    LocalText,
    Operator,
    PageKind,
    Precision,
    Provenance,
    Questionnaire,
    Sensitive,
    Sentence,
    Source,
    Unit,
    Word,
)
from tests.questionnaire.definition_text import load, read_worked_example
from tests.support.source import ROOT

ENUMS = (EnableBehavior, Face, ItemType, Operator, PageKind, Precision, Sensitive, Word)
WORDS = st.text(max_size=8)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.integers(-9, 9).map(Decimal)
TEXTS = st.builds(LocalText, st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=2).map(tuple))

# By the annotation as model.py writes it: a field of a new kind has no strategy, and the tests say so.
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "str": WORDS,
    "bool": st.booleans(),
    "int": st.integers(0, 99),
    "Decimal": DECIMALS,
    "LocalText": TEXTS,
    "str | Decimal | bool": WORDS | DECIMALS | st.booleans(),
    **{enum.__name__: st.sampled_from(enum) for enum in ENUMS},
}


def find_strategy(annotation: str, known: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return what makes values for a field of the model."""
    if annotation in known:
        return known[annotation]
    if annotation.endswith(" | None"):
        return st.none() | find_strategy(annotation.removesuffix(" | None"), known)
    assert annotation.startswith("tuple["), f"no strategy for {annotation}"
    inner = annotation.removeprefix("tuple[").removesuffix(", ...]")
    return st.lists(find_strategy(inner, known), max_size=1).map(tuple)


def build(cls: type[Any], known: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return what makes objects of a class, every field of it given."""
    return st.builds(cls, **{field.name: find_strategy(str(field.type), known) for field in dataclasses.fields(cls)})


def build_questionnaires() -> st.SearchStrategy[Questionnaire]:
    """Return what makes questionnaires of every shape that the model allows, also such as no file could hold."""
    known = dict(SIMPLE)
    for cls in (AnswerOption, EnableWhen, Expected, Unit, Provenance, Source, Sentence):
        known[cls.__name__] = build(cls, known)
    leaf = build(Item, known | {"tuple[Item, ...]": st.just(())})
    known["Item"] = st.builds(dataclasses.replace, leaf, items=st.lists(leaf, max_size=1).map(tuple))
    return build(Questionnaire, known)


REAL = load((ROOT / "questions.yaml").read_bytes()).questionnaire
SMALL = load(read_worked_example()).questionnaire


@given(build_questionnaires())
def test_what_was_dumped_is_loaded_as_it_was(questionnaire: Questionnaire) -> None:
    text = dump_canonical(questionnaire)
    assert load_canonical(text) == questionnaire
    assert dump_canonical(load_canonical(text)) == text


def test_the_questionnaire_of_this_repository_is_loaded_as_it_was() -> None:
    assert load_canonical(dump_canonical(REAL)) == REAL


def test_the_text_is_the_same_for_the_same_questionnaire() -> None:
    assert dump_canonical(load(read_worked_example()).questionnaire) == dump_canonical(SMALL)


def test_comments_and_layout_of_the_file_are_no_part_of_the_edition() -> None:
    other = read_worked_example().replace(b"\n\n", b"\n\n# a remark\n").replace(b'version: "1"', b"version: '1'")
    assert dump_canonical(load(other).questionnaire) == dump_canonical(SMALL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Not sure}", b"Not  sure}"),
        (b"code: medicine", b"code: medicines"),
        (b"maxValue: 400", b"maxValue: 401"),
        (b"enableBehavior: any", b"enableBehavior: all"),
        (b"mark: V", b"mark: U"),
        (b'version: "1"', b'version: "2"'),
        (b"exclusive: true", b"exclusive: false"),
    ],
)
def test_any_change_of_the_questionnaire_changes_its_hash(old: bytes, new: bytes) -> None:
    example = read_worked_example()
    without = example[: example.index(b"examples:")]
    changed = load(without.replace(old, new)).questionnaire
    assert old in without
    assert hash_canonical(dump_canonical(changed)) != hash_canonical(dump_canonical(SMALL))


def test_the_hash_is_sha_256_of_the_text_in_utf_8() -> None:
    assert hash_canonical("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


def test_what_has_its_default_is_left_out_so_that_new_fields_change_no_old_edition() -> None:
    item = Item(link_id="q", type=ItemType.STRING, text=LocalText((("en", "T"),)))
    whole = json.loads(dump_canonical(dataclasses.replace(SMALL, items=(item,))))
    assert whole["questionnaire"]["items"] == [{"link_id": "q", "text": [["en", "T"]], "type": "string"}]


def test_an_edition_that_was_stored_once_is_read_for_ever() -> None:
    # Written by the first release: a change that breaks this breaks every stored edition.
    stored = (
        '{"format":1,"questionnaire":{"article":[{"id":"a","sha256":"00","text":"A"}],"article_title":"T",'
        '"date":"2026-05-03","disclaimer":[["en","D"]],"items":[{"enable_behavior":"any","enable_when":'
        '[{"answer":{"decimal":"18"},"operator":"<","question":"age"},{"answer":true,"operator":"exists",'
        '"question":"age"},{"answer":"yes","operator":"=","question":"b"}],"link_id":"q","min_value":'
        '{"decimal":"0.50"},"provenance":{"sentences":["a"]},"text":[["en","T"],["es","U"]],"type":"decimal",'
        '"unit":{"code":"kg","display":[["en","kilos"]]}}],"language":"en","languages":["en","es"],"purpose":'
        '[["en","P"]],"sources":[{"key":"K","mark":"V","title":"S"}],"status":"draft","title":[["en","T"]],'
        '"url":"https://clinic.example/q","version":"1"}}'
    )
    questionnaire = load_canonical(stored)
    [item] = questionnaire.items
    assert [condition.answer for condition in item.enable_when] == [Decimal(18), True, "yes"]
    assert (item.enable_behavior, item.min_value, item.unit) == (
        EnableBehavior.ANY,
        Decimal("0.50"),
        Unit(code="kg", display=LocalText((("en", "kilos"),))),
    )
    assert dump_canonical(questionnaire) == stored


GOOD = dump_canonical(SMALL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format":1}',
        '{"format":1,"questionnaire":{}}',
        '{"format":1,"questionnaire":[]}',
        GOOD.replace('"format":1', '"format":2'),
        GOOD.replace('"format":1', '"format":1,"more":1'),
        GOOD.replace('"version":', '"verzion":'),
        GOOD.replace('"version":"1"', '"version":1'),
        GOOD.replace('"status":"draft"', '"status":null'),
        GOOD.replace('"type":"group"', '"type":"grope"'),
        GOOD.replace('"decimal":"400"', '"decimal":"many"'),
        GOOD.replace('"decimal":"400"', '"decimal":"NaN"'),
        GOOD.replace('[["en","Before your visit"]]', '[["en",1]]'),
        GOOD.replace('[["en","Before your visit"]]', "[]"),
        GOOD.replace('"repeats":true', '"repeats":1'),
        GOOD[:-1],
    ],
)
def test_any_other_text_is_refused_without_being_shown(text: str) -> None:
    assert text != GOOD
    with pytest.raises(ValueError, match=r"^this is not the canonical text of a questionnaire$"):
        load_canonical(text)
