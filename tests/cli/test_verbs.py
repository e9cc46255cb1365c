"""The command `foreword`: its verbs are found by themselves, and starting one does not load the others."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from app.cli import main

ROOT = Path(__file__).parents[2]


def test_every_verb_says_what_it_does() -> None:
    listed = CliRunner().invoke(main, ["--help"])
    assert listed.exit_code == 0
    for verb in (ROOT / "app" / "cli").glob("[a-z]*.py"):
        line = next(line for line in listed.output.splitlines() if line.split()[:1] == [verb.stem])
        assert len(line.split()) > 3
        assert CliRunner().invoke(main, [verb.stem, "--help"]).exit_code == 0


def test_an_unknown_verb_is_refused() -> None:
    refused = CliRunner().invoke(main, ["sreve"])
    assert refused.exit_code == 2
    assert "No such command 'sreve'" in refused.output


def test_the_core_is_imported_without_the_web() -> None:
    script = (
        "import sys, app.questionnaire, app.vault, app.cli; print('flask' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
