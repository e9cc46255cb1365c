"""A questionnaire file that was spoiled while the program runs: the old edition stays, and the operator is told."""

import json
import shutil
from pathlib import Path

from tests.browser.patient import QUESTIONS
from tests.torture.conftest import MakeProgram
from tests.torture.person import begin, visit
from tests.torture.program import Program

LAST = "/questions/60"
STORY = "typed into the old edition"


def list_told(program: Program) -> list[str]:
    """Return what the log says of the questionnaire file, each fault once."""
    lines = [json.loads(line) for line in program.read_log().splitlines() if line.startswith("{")]
    faults = [fault for line in lines if line["event"] == "questionnaire not accepted" for fault in line["faults"]]
    return [*dict.fromkeys(faults)]


def test_a_spoiled_file_changes_nothing_for_patients_and_is_told_with_its_place(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    questions = Path(shutil.copy(QUESTIONS, tmp_path / "mine.yaml"))
    good = questions.read_text()
    program = make_program(FOREWORD_DEMO="1", FOREWORD_QUESTIONS=str(questions))
    program.start_well()
    old = begin(program)
    spoiled = good.replace("linkId: heart-disease", "linkId: heart disease", 1)
    questions.write_text(spoiled)
    assert begin(program).page.status == 200
    old.open(LAST)
    assert old.type(other_conditions=STORY).status == 303
    line = spoiled[: spoiled.index("linkId: heart disease")].count("\n") + 1
    assert any(fault.startswith(f"mine.yaml:{line}:") for fault in list_told(program)), list_told(program)
    assert visit(program).open("/readyz").status == 200
    program.kill()
    program.start_well()  # and a start falls back on it as well
    assert begin(program).page.status == 200
    assert old.read(LAST)["other-conditions"] == [STORY]
    questions.write_text(good.replace("text: How old are you?", "text: How old are you today?", 1))
    assert "How old are you" in begin(program).page.body.decode()
    questions.unlink()
    assert begin(program).page.status == 200
    assert any("cannot be read" in fault for fault in list_told(program))
