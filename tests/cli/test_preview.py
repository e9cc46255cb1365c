"""`foreword preview` as an author runs it: the summary as text and as a PDF, and what is told when there is none."""

from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.cli.conftest import Run

ANSWERS = """\
age: "62"
heart-disease: "yes"
heart-kind: [heart-attack]
bp-known: "yes"
bp-systolic: "120"
bp-diastolic: "80"
bp-date: T-2d
questions-for-doctor: "Is it safe?\\nI asked before.\\u200f"
other-conditions: "two\\ttabs"
"""


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "ana.yaml"
    path.write_text(ANSWERS)
    return path


@pytest.mark.usefixtures("answers")
def test_answers_become_the_summary_in_text(run: Run) -> None:
    done = run("preview", "ana.yaml")
    assert (done.code, done.err) == (0, "")
    assert "Summary for your visit\n====" in done.out
    assert "  Heart problem\n      kind: Heart attack\n" in done.out
    assert "      120 over 80 mmHg\n" in done.out
    assert "      “Is it safe?\n      I asked before." in done.out
    assert "\x1b" not in done.out
    assert "Why each question is asked" not in done.out


@pytest.mark.usefixtures("answers")
def test_the_clinics_copy_says_why_each_question_is_asked(run: Run) -> None:
    done = run("preview", "ana.yaml", "--for-clinic")
    assert done.code == 0
    assert "Why each question is asked\n====" in done.out
    assert "ESK-US1: " in done.out


@pytest.mark.usefixtures("answers")
def test_answers_become_the_pdf(run: Run, tmp_path: Path) -> None:
    done = run("preview", "ana.yaml", "--pdf", "out.pdf", "--paper", "us-letter", "--large-print")
    assert (done.code, done.out, done.err) == (0, "", "")
    pages = PdfReader(tmp_path / "out.pdf").pages
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (612, 792)
    assert "Heart problem" in " ".join(" ".join(page.extract_text() for page in pages).split())


def test_an_example_of_the_questionnaire_can_be_previewed(run: Run) -> None:
    done = run("preview", "--example", "Test Patient B")
    assert done.code == 0
    assert "182 over 104 mmHg" in done.out


def test_an_example_that_is_not_there_is_told(run: Run) -> None:
    done = run("preview", "--example", "Nobody")
    assert (done.code, done.out) == (2, "")
    assert "has no example called Nobody; it has: " in done.err


@pytest.mark.parametrize("words", [(), ("ana.yaml", "--example", "Test Patient B")])
def test_answers_come_from_one_place(run: Run, words: tuple[str, ...]) -> None:
    done = run("preview", *words)
    assert done.code == 2
    assert "name a file with answers, or --example and a name; one of the two" in done.err


def test_answers_that_cannot_be_read_are_told_with_their_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ana.yaml").write_text("agee: 62\nheart-disease: maybe\n")
    done = run("preview", "ana.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == 'ana.yaml:1:1: ana.yaml: answers names "agee"; did you mean "age"?'
    assert done.err.splitlines()[1].startswith('ana.yaml:2:16: ana.yaml: "maybe" is no answer of "heart-disease"; ')


def test_answers_that_a_patient_could_not_give_are_told_in_the_patients_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ana.yaml").write_text("age: 121\n")
    done = run("preview", "ana.yaml")
    assert (done.code, done.out, done.err) == (1, "", "age: Age: enter a number from 0 to 120\n")


def test_a_file_that_is_not_there_is_told(run: Run) -> None:
    done = run("preview", "nobody.yaml")
    assert (done.code, done.err) == (2, "nobody.yaml: there is no such file; look at its name and folder\n")


@pytest.mark.usefixtures("answers")
def test_a_pdf_that_cannot_be_written_is_told(run: Run) -> None:
    done = run("preview", "ana.yaml", "--pdf", "no-folder/out.pdf")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("no-folder/out.pdf: it cannot be written: ")


def test_a_questionnaire_with_faults_in_it_is_told_instead(run: Run, tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text("resourceType: Questionaire\n")
    done = run("preview", "--example", "Ana", "--questions", "q.yaml")
    assert (done.code, done.out) == (1, "")
    assert 'resourceType is "Questionaire"; did you mean "Questionnaire"?' in done.err


def test_what_a_patient_typed_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    # The loader refuses control characters; direction marks get through and must not reorder the lines around them.
    (tmp_path / "ana.yaml").write_text('other-conditions: "a\\u202eb"\n')
    done = run("preview", "ana.yaml")
    assert done.code == 0
    assert "“a[U+202E]b”" in done.out
