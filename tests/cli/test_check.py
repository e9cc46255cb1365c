"""`foreword check` as an author runs it: what it says, where it says it, and its exit code."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.questionnaire.check_text import GROUNDS, write_choice, write_form, write_page
from tests.support.ports import find_free_port
from tests.support.source import ROOT

FOLLOW_UP = write_page("two", write_choice("cough"), when="all: smoker = yes")
FAULTY = write_page(
    "two",
    f"{{linkId: a, type: string, maxLength: 9, text: Are you suitable?, {GROUNDS}}}",
    write_choice("b", when="all: smoker = yes; smoker = no"),
)
VERDICT = "say what is asked or recorded, and give no verdict, or overrule W-01 with a reason"
CLASH = '"smoker = yes" and "smoker = no" exclude each other (contradiction)'
TOLD = [
    f'q.yaml:15:22: a: text says "suitable" (W-01); {VERDICT}',
    f"q.yaml:16:22: b: can never be asked: {CLASH}; change these conditions or take them away",
]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "q.yaml"
    path.write_bytes(write_form(FOLLOW_UP))
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "q.yaml"
    path.write_bytes(write_form(FAULTY))
    return path


@pytest.mark.usefixtures("sound")
def test_a_sound_file_is_told_to_be_one(run: Run) -> None:
    done = run("check", "q.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("q.yaml: 2 questions on 2 pages, 0 examples, no faults; edition ")


@pytest.mark.usefixtures("faulty")
def test_every_fault_is_told_at_once(run: Run) -> None:
    done = run("check", "q.yaml")
    assert (done.code, done.out.splitlines(), done.err) == (1, TOLD, "")


def test_a_file_that_cannot_be_read_as_a_questionnaire_is_told_fault_by_fault(run: Run, tmp_path: Path) -> None:
    items = write_form(write_page("two", "{linkId: smoker, type: choise}")).decode()
    (tmp_path / "q.yaml").write_text(items.replace("title: Before", "titel: Before"))
    done = run("check", "q.yaml")
    assert (done.code, done.err) == (1, "")
    told = done.out.splitlines()
    assert len(told) == len([line for line in told if line.startswith("q.yaml:")]) == 5
    assert 'there is no key "titel" here; did you mean "title"?' in done.out
    assert 'the linkId "smoker" is written twice, first on line 10; give the newer one another name' in done.out


def test_without_a_file_the_one_in_the_settings_is_checked(run: Run, faulty: Path) -> None:
    done = run("check", FOREWORD_QUESTIONS=str(faulty))
    assert (done.code, done.out.splitlines()) == (1, TOLD)


def test_the_questionnaire_that_comes_with_the_program_is_checked_by_default(run: Run) -> None:
    done = run("check")
    assert (done.code, done.err) == (0, "")
    assert "questions.yaml: " in done.out
    assert ", no faults; edition " in done.out


@pytest.mark.usefixtures("sound")
def test_the_map_stands_alone_on_standard_output(run: Run) -> None:
    done = run("check", "q.yaml", "--map")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Before your visit\n====")
    assert "Only when 1 (Do you smoke?) is “Yes”." in done.out
    assert "no faults" not in done.out


@pytest.mark.usefixtures("faulty")
def test_the_map_of_a_faulty_file_is_drawn_and_its_faults_are_told_aside(run: Run) -> None:
    done = run("check", "--map", "q.yaml")
    assert (done.code, done.err.splitlines()) == (1, TOLD)
    assert done.out.startswith("Before your visit\n====")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing.yaml", "nothing.yaml: there is no such file; look at its name and folder\n"),
        (".", ".: this is a folder; name a file in it\n"),
    ],
)
def test_what_is_no_file_is_told_in_a_sentence(run: Run, name: str, said: str) -> None:
    done = run("check", name)
    assert (done.code, done.out, done.err) == (2, "", said)


def test_a_word_the_command_does_not_know_is_told(run: Run) -> None:
    done = run("check", "--mapp")
    assert done.code == 2
    assert "No such option" in done.err


def test_a_setting_that_cannot_be_used_is_told(run: Run) -> None:
    done = run("check", FOREWORD_QUESTION="q.yaml")
    assert done.code == 2
    assert done.err == "FOREWORD_QUESTION: there is no such setting; did you mean FOREWORD_QUESTIONS?\n"


LAUGHS = "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (f"a: &a [lol]\n{LAUGHS}".encode(), "the alias *a stands here"),
        (b"a: " + b"[" * 100_000, "lists and maps stand more than 20 deep"),
        (b"a: x\n" * 400_000, "the file has 1,048,577 bytes, more than 1,048,576"),
        (b"", "the file is empty"),
    ],
    ids=["a billion laughs", "brackets", "bytes", "nothing"],
)
def test_a_hostile_file_is_refused_in_a_sentence(run: Run, tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "q.yaml").write_bytes(data)
    done = run("check", "q.yaml")
    assert (done.code, done.err) == (1, "")
    assert said in done.out


def test_a_file_without_an_end_is_read_no_further_than_a_questionnaire_can_be(run: Run) -> None:
    done = run("check", "/dev/zero")
    assert done.code == 1
    assert "more than 1,048,576" in done.out


def test_help_tells_what_a_command_is_for(run: Run) -> None:
    assert "Tell every fault of a questionnaire FILE" in run("check", "-h").out


@pytest.fixture
def slipped(tmp_path: Path) -> Path:
    """Give a copy of the program whose help lines have a slip: a folder."""
    for name in ("app", "templates", "static", "questions.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    path = tmp_path / "crisis.yaml"
    path.write_text((ROOT / "crisis.yaml").read_text().replace('checkedOn: "2026', 'checkedOn "2026', 1))
    return tmp_path


@pytest.mark.parametrize(
    "words", [("serve",), ("demo",), ("preview", "--example", "BASE"), ("check",), ("check", "crisis.yaml")]
)
def test_a_slip_in_the_help_lines_is_told_with_its_place_whatever_was_asked(
    slipped: Path, words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *words],
        cwd=slipped,
        env={
            "PYTHONPATH": str(slipped),
            "PATH": os.environ["PATH"],
            "PORT": str(find_free_port()),
            "FOREWORD_DATA": str(slipped),
            "FOREWORD_DEMO": "1",
        },
        capture_output=True,
        check=False,
        timeout=60,
    )
    is_check = words[0] == "check"
    told = (done.stdout if is_check else done.stderr).decode().splitlines()
    assert done.returncode == (1 if is_check else 2), done.stderr
    assert told
    assert all(re.match(r".*crisis\.yaml:\d+:\d+: .+: .+; .+", line) for line in told), told


def test_sound_help_lines_are_told_to_be_sound(run: Run, tmp_path: Path) -> None:
    (tmp_path / "crisis.yaml").write_bytes((ROOT / "crisis.yaml").read_bytes())
    done = run("check", "crisis.yaml")
    assert (done.code, done.out, done.err) == (0, "crisis.yaml: help lines, no faults\n", "")
