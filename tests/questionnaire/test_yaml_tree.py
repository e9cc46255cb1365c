"""The strict reader: every scalar as written, with its place; every trap of YAML refused with its line (S28)."""

import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.definition import Place
from app.questionnaire.errors import DefinitionError, Fault
from app.questionnaire.fault_list import FaultList
from app.questionnaire.yaml_tree import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    PARSER,
    Mapping,
    Node,
    Scalar,
    Sequence,
    parse_tree,
    read_tree,
)
from tests.questionnaire.definition_text import read_worked_example

ALIASES = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


def refuse(data: bytes) -> list[str]:
    """Return what is said of a text that cannot be read."""
    with pytest.raises(DefinitionError) as refused:
        read_tree(data, "q.yaml")
    return [str(fault) for fault in refused.value.faults]


def find_tree_faults(data: bytes) -> tuple[Fault, ...]:
    """Return the faults of a text, none when it can be read."""
    try:
        read_tree(data, "q.yaml")
    except DefinitionError as error:
        return error.faults
    return ()


def parse_or_raise(data: bytes, faults: FaultList, parser: type) -> None:
    """Read with one of the two parsers, of which one stops at a fault and the other goes on and notes it."""
    parse_tree(data, faults, parser)
    faults.raise_all()


def find_value(node: Node, key: str) -> str:
    """Return the text behind a key of a map."""
    assert isinstance(node, Mapping)
    value = node.get(key)
    assert isinstance(value, Scalar)
    return value.value


def list_scalars(node: Node) -> list[Scalar]:
    """Return every scalar of a tree, keys included, in the order of the file."""
    match node:
        case Mapping(entries=entries):
            return [scalar for key, value in entries for scalar in (key, *list_scalars(value))]
        case Sequence(items=items):
            return [scalar for item in items for scalar in list_scalars(item)]
        case Scalar():
            return [node]
        case _:
            return []


@pytest.mark.parametrize(
    "written",
    ["yes", "no", "on", "true", "null", "~", "007", "12:30", "1e3", "0x1F", "2026-05-03", ".inf", "=", "1_000", "0b1"],
)
def test_a_scalar_is_the_text_that_was_written(written: str) -> None:
    assert find_value(read_tree(f"key: {written}".encode(), "q.yaml"), "key") == written


@pytest.mark.parametrize("text", ["{{7*7}}", "{%raw%}", "%(x)s", "{0.__class__}", "</title><script>alert(1)</script>"])
def test_a_text_that_looks_like_code_stays_text(text: str) -> None:
    assert find_value(read_tree(f"key: '{text}'".encode(), "q.yaml"), "key") == text


def test_every_scalar_knows_its_line_and_column() -> None:
    tree = read_tree("a: 1\nb:\n  - é x\n  - {ü: 'z'}\n".encode(), "q.yaml")
    places = [(scalar.value, scalar.line, scalar.column) for scalar in list_scalars(tree)]
    assert places == [("a", 1, 1), ("1", 1, 4), ("b", 2, 1), ("é x", 3, 5), ("ü", 4, 6), ("z", 4, 9)]


def test_a_scalar_knows_whether_it_stood_in_quotes() -> None:
    scalars = list_scalars(read_tree(b"[a, 'b', \"c\"]", "q.yaml"))
    assert [scalar.is_plain for scalar in scalars] == [True, False, False]


def test_folded_text_becomes_one_line() -> None:
    assert find_value(read_tree(b"a: >-\n  one\n  two\n", "q.yaml"), "a") == "one two"


def test_a_file_from_windows_is_read_like_any_other() -> None:
    tree = read_tree(b"\xef\xbb\xbfa: one\r\nb: two\r\n", "q.yaml")
    assert (find_value(tree, "a"), find_value(tree, "b")) == ("one", "two")


def test_anchors_and_aliases_are_refused_each_with_its_place() -> None:
    assert refuse(b"a: &x [1]\nb: *x\n") == [
        "q.yaml:1:4: file: the anchor &x stands here; take it away, and write the value out wherever it is used",
        "q.yaml:2:4: file: the alias *x stands here; write out what it stands for",
    ]


def test_nested_aliases_are_refused_one_by_one_and_never_expanded() -> None:
    assert len(refuse(ALIASES)) == 7


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['true']", "!!str x", "! x", "!x {a: b}", "!!set {a}"]
)
def test_tags_are_refused(tag: str) -> None:
    [fault] = refuse(f"ok: 1\nbad: {tag}\n".encode())
    assert fault.startswith("q.yaml:2:6: file: the tag ")
    assert fault.endswith("; take it away; all values are text")


def test_a_key_written_twice_is_refused_and_both_lines_are_named() -> None:
    assert refuse(b"a: 1\nb: 2\na: 3\n") == [
        'q.yaml:3:1: file: the key "a" is written twice, first on line 1; keep one of the two'
    ]


def test_everything_that_can_be_found_at_once_is_found_at_once() -> None:
    faults = refuse(b'a: &x 1\na: 2\nb: !!int 3\nc: *x\nd: "\\0"\ne: \x07\n? [f]\n: g\n')
    assert [fault.split(":")[1] for fault in faults] == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_second_document_is_refused() -> None:
    assert refuse(b"a: 1\n---\nb: 2\n") == ["q.yaml:2:1: file: a second document begins here; take away the line `---`"]


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? "])
def test_six_hundred_openings_are_one_fault_with_its_line(opening: str) -> None:
    [fault] = refuse(("a: 1\nb:\n  " + opening * 600).encode())
    assert fault.startswith("q.yaml:3:")
    assert f"more than {MAX_DEPTH} deep" in fault


def test_the_deepest_that_is_allowed_is_read_and_one_more_is_not() -> None:
    deepest = "[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH
    assert [scalar.value for scalar in list_scalars(read_tree(deepest.encode(), "q.yaml"))] == ["x"]
    assert refuse(f"[{deepest}]".encode())


def test_ten_megabytes_are_refused_without_being_read() -> None:
    data = b"- a\n" * 2_621_440
    tracemalloc.start()
    faults = refuse(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    expected = f"the file has 10,485,760 bytes, more than {MAX_BYTES:,}; make it smaller: shorter texts, fewer examples"
    assert faults == [f"q.yaml:1:1: file: {expected}"]
    assert most < 1_000_000


def test_a_megabyte_of_tiny_values_is_refused_where_there_are_too_many() -> None:
    [fault] = refuse(b"- a\n" * 200_000)
    assert fault == f"q.yaml:{MAX_VALUES + 1}:3: file: the file has more than {MAX_VALUES:,} values; make it smaller"


def test_a_thousand_faults_are_told_and_that_there_are_more() -> None:
    faults = refuse(b"- &a b\n" * 1500)
    assert len(faults) == 1001
    assert "q.yaml:1000:3: file: there are more than 1,000 faults; mend those above first" in faults


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"a: 1\nb: \xff\n", "q.yaml:2:4: file: the byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a: é".encode("latin-1"), "q.yaml:1:4: file: the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("a: b".encode("utf-16"), "q.yaml:1:1: file: the byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: x\x00y", "q.yaml:2:5: file: the control character U+0000 stands in the text; take it away"),
        (b"a: x\x1by", "q.yaml:1:5: file: the control character U+001B stands in the text; take it away"),
        ("a: x\u2028y".encode(), "q.yaml:1:5: file: the control character U+2028 stands in the text; take it away"),
        (b'a: "\\e[31m"', "q.yaml:1:4: file: an escape makes the control character U+001B; take it away"),
        (b"", "q.yaml:1:1: file: the file is empty; begin it with `resourceType: Questionnaire`"),
        (b"# only a comment\n", "q.yaml:1:1: file: the file is empty; begin it with `resourceType: Questionnaire`"),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(data: bytes, fault: str) -> None:
    assert refuse(data) == [fault]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: one: two\n", "1:7", "a colon followed by a space stands inside plain text"),
        ("a: {b: c, d}: e: f}\n", "1:13", "a colon followed by a space stands inside plain text"),
        ('a: "one\nb: two\n', "3:1", "a quotation mark is opened and never closed"),
        ("a: @b\n", "1:4", "a value begins with a tab or with one of @ ` %"),
        ("a:\n\t- b\n", "2:1", "a value begins with a tab or with one of @ ` %"),
        ("a: 1\nb\nc: 2\n", "3:1", "this line has no colon after its key"),
        ('a: "C:\\dir"\n', "1:7", "a backslash in double quotes begins something that YAML does not know"),
        ("a: [b\nc: d\n", "2:2", "brackets or braces are not closed"),
        ('a: "b" c\n', "1:8", "this line does not go on with what stands above it"),
        ("a:\n  - b\n  c: d\n", "3:3", "this line stands in a list and does not begin with a hyphen"),
        ("%YAML 7.0\n---\na: b\n", "1:1", "this is not YAML: found incompatible YAML document"),
    ],
)
def test_a_slip_in_the_writing_is_told_in_one_sentence_at_its_place(text: str, place: str, words: str) -> None:
    [fault] = refuse(text.encode())
    assert fault.startswith(f"q.yaml:{place}: file: {words}")
    assert "\n" not in fault


@pytest.mark.parametrize("escape", ["\\ud800", "\\UFFFFFFFF", "\\U00110000"])
@pytest.mark.parametrize("parser", [PARSER, yaml.SafeLoader], ids=["installed", "python"])
def test_an_escape_for_no_character_is_refused_by_either_parser(escape: str, parser: type) -> None:
    faults = FaultList("q.yaml")
    with pytest.raises(DefinitionError):
        parse_or_raise(f'a: "{escape}"'.encode(), faults, parser)
    assert faults.count == 1


def test_both_parsers_read_the_same_tree() -> None:
    data = read_worked_example()
    assert parse_tree(data, FaultList(""), yaml.SafeLoader) == parse_tree(data, FaultList(""))


@given(st.binary(max_size=200) | st.text("ab:-{}[]&*!|>'\"#%@\\ \n\t0?,", max_size=60).map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused_with_a_place(data: bytes) -> None:
    assert all(fault.line >= 1 and fault.column >= 1 for fault in find_tree_faults(data))


@given(
    st.dictionaries(
        st.text("abc-", min_size=1),
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff")
        ),
    )
)
def test_what_yaml_writes_is_read_back_as_text(values: dict[str, str]) -> None:
    tree = read_tree(yaml.safe_dump(values, allow_unicode=False).encode(), "q.yaml")
    assert isinstance(tree, Mapping)
    assert {key.value: find_value(tree, key.value) for key, _ in tree.entries} == values


def test_a_place_is_counted_from_one() -> None:
    tree = read_tree(b"a: b", "q.yaml")
    assert (tree.line, tree.column) == (1, 1)
    assert isinstance(tree, Place)
