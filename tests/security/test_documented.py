"""docs/security.md is true of this repository: it names every control once, every test there is, and nothing else."""

import re
from pathlib import Path

import pytest

from tests.support.source import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
HERE = Path(__file__).parent
CONTROLS = [f"S{number}" for number in range(1, 39)]
HIPAA = {
    "(a)(1) R",
    "(a)(2)(i) R",
    "(a)(2)(ii) R",
    "(a)(2)(iii) A",
    "(a)(2)(iv) A",
    "(b) R",
    "(c)(1) R",
    "(c)(2) A",
    "(d) R",
    "(e)(1) R",
    "(e)(2)(i) A",
    "(e)(2)(ii) A",
}
CODE = re.compile(r"`([^`\n]+)`")


def read_table(heading: str) -> list[list[str]]:
    """Return the cells of the rows of the table under a heading, without its head."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def find_test(name: str) -> Path:
    """Return where a test is that is named in a table; without a folder it is one of these."""
    return ROOT / name if "/" in name else HERE / name


def test_every_control_stands_there_once_and_in_order() -> None:
    rows = read_table("The table")
    assert [row[0] for row in rows] == CONTROLS
    assert {len(row) for row in rows} == {5}
    assert {row[4] for row in rows} <= {"1", "2", "3", "–"}


@pytest.mark.parametrize("row", read_table("The table"), ids=lambda row: str(row[0]))
def test_what_a_control_names_is_there(row: list[str]) -> None:
    places, tests = CODE.findall(row[2]), CODE.findall(row[3])
    assert places
    assert tests
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert [name for name in tests if not find_test(name).is_file()] == []


def test_every_control_has_a_test_named_after_it() -> None:
    for name, _, _, tests, _ in read_table("The table"):
        number = f"s{int(name[1:]):02}"
        assert [one for one in CODE.findall(tests) if number in one], name


def test_every_security_test_is_named_there() -> None:
    named = {name for row in read_table("The table") for name in CODE.findall(row[3])}
    there = {path.name for path in HERE.glob("test_s[0-9]*.py")}
    assert there - named == set()
    numbers = {name: re.findall(r"_s(\d\d)", name) for name in there}
    rows = {int(row[0][1:]): row[3] for row in read_table("The table")}
    assert [name for name, found in numbers.items() if name not in rows[int(found[0])]] == []


def test_every_path_on_the_page_is_there() -> None:
    paths = [code for code in CODE.findall(TEXT) if re.match(r"(app|tests|requirements|deploy|docs|templates)/", code)]
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_citation_of_hipaa_is_mapped_to_controls_and_tests() -> None:
    rows = read_table("HIPAA, 45 CFR 164.312")
    assert {row[0] for row in rows} == HIPAA
    assert len(rows) == len(HIPAA)
    for row in rows:
        assert set(row[2].split(", ")) <= set(CONTROLS), row[0]
        assert [name for name in CODE.findall(row[3]) if not find_test(name).is_file()] == [], row[0]
        assert row[4], row[0]


def test_every_section_of_asvs_is_mapped_or_said_not_to_apply() -> None:
    rows = read_table("OWASP ASVS 5.0.0")
    chapters = {int(number) for row in rows for number in re.findall(r"\b(\d+)(?:\.\d+)?\b", row[0])}
    assert chapters == set(range(1, 18))
    for row in rows:
        assert set(re.findall(r"S\d+", row[1])) <= set(CONTROLS), row[0]
        assert row[2], row[0]
    assert TEXT.count("**Not met**") > 5  # it is honest: what is not met is said


def test_the_exception_of_set_up_is_the_one_that_is_told() -> None:
    [exception] = re.findall(r"--no-binary (\S+)", (ROOT / "Makefile").read_text())
    assert exception in TEXT.lower()
