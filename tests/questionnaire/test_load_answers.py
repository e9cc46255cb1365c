"""A file with one patient's answers holds an example, or its answers alone, under the rules for examples."""

import pytest

from app.questionnaire.definition import Definition, Example, OwnWords
from app.questionnaire.errors import DefinitionError
from app.questionnaire.load_answers import load_answers
from tests.questionnaire.check_text import GROUNDS
from tests.questionnaire.definition_text import load, write_page

KINDS = (
    "{linkId: kinds, type: open-choice, repeats: true, text: Which?, answerOption: "
    f"[{{valueCoding: {{code: else, display: Else}}, open: true}}], {GROUNDS}}}"
)
ROWS = (
    "{linkId: pills, type: group, repeats: true, maxOccurs: 3, text: Pills?, item: "
    "[{linkId: name, type: string, maxLength: 9, text: Name}]}"
)
AGE = "{linkId: age, type: integer, text: How old are you?}"


@pytest.fixture
def definition() -> Definition:
    return load(write_page(AGE, KINDS, ROWS))


def read(data: str, definition: Definition) -> Example:
    return load_answers(data.encode(), "ana.yaml", definition)


def find_faults(data: str, definition: Definition) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read(data, definition)
    return [str(fault) for fault in caught.value.faults]


def test_answers_alone_are_enough(definition: Definition) -> None:
    example = read("age: 62\nkinds: {codes: [else], words: mine}\npills: [{name: a}]", definition)
    expected = {"age": "62", "kinds": OwnWords(codes=("else",), words="mine"), "pills": ({"name": "a"},)}
    assert (example.name, example.answers) == ("ana.yaml", expected)


def test_a_whole_example_is_read_too(definition: Definition) -> None:
    example = read("name: Ana\nnote: For a look.\nanswers: {age: 62}\nfaceSheet: [A]", definition)
    assert (example.name, example.answers, example.face_sheet) == ("Ana", {"age": "62"}, ("A",))


def test_an_example_may_leave_out_its_name(definition: Definition) -> None:
    assert read("answers: {age: 62}", definition).answers == {"age": "62"}


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (
            "agge: 62\nkinds: [if]\npills: no",
            [
                'ana.yaml:1:1: ana.yaml: answers names "agge"; did you mean "age"?',
                'ana.yaml:2:9: ana.yaml: "if" is no answer of "kinds"; write one of else',
                'ana.yaml:3:8: ana.yaml: "no" is no answer of "pills"; take it away',
            ],
        ),
        ("age: *a", ["ana.yaml:1:6: file: the alias *a stands here; write out what it stands for"]),
        (
            "- age",
            ["ana.yaml:1:1: ana.yaml: a list stands where keys should; write keys such as name, note, basedOn, "],
        ),
        ("", ["ana.yaml:1:1: file: the file is empty; begin it with `resourceType: Questionnaire`"]),
    ],
)
def test_every_fault_is_told_with_its_place(data: str, faults: list[str], definition: Definition) -> None:
    found = find_faults(data, definition)
    assert len(found) == len(faults)
    for told, fault in zip(found, faults, strict=True):
        assert told.startswith(fault)
