"""The command as people run it, in a folder of its own."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.server import COMMAND


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give a function that runs `foreword` with words: `run("check", "q.yaml")`; settings are given by name."""

    def run_command(*words: str, **settings: str) -> Outcome:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("FOREWORD_")}
        done = subprocess.run(
            [COMMAND, *words],
            cwd=tmp_path,
            env={**plain, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command
