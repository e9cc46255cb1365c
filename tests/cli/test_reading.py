"""How a clinician's name comes into the questionnaire: by the commands of docs/running-a-clinic.md as they stand."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.cli.conftest import Run
from tests.support.source import ROOT

FILE = "questions-read.yaml"
WHO = "Ann Lee MD, 2026-12-01"
STEPS = re.compile(rf"^ *# ((?:sed|grep) .*{FILE})$", re.MULTILINE)


def test_what_a_clinician_read_says_so_at_every_question_and_has_no_fault(run: Run, tmp_path: Path) -> None:
    shutil.copy(ROOT / "questions.yaml", tmp_path / FILE)
    change, count = STEPS.findall((ROOT / "docs/running-a-clinic.md").read_text())
    before = (tmp_path / FILE).read_text().count("not yet reviewed")
    subprocess.run(["/bin/sh", "-c", change], cwd=tmp_path, check=True)
    left = subprocess.run(["/bin/sh", "-c", count], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert left.stdout == "0\n"
    assert (tmp_path / FILE).read_text().count(f"review: {WHO}") == before > 0
    checked = run("check", FILE)
    assert (checked.code, "no faults" in checked.out) == (0, True)
    told = run("preview", "--example", "BASE", "--for-clinic", "--questions", FILE)
    assert WHO in told.out
    assert "not yet reviewed" not in told.out
