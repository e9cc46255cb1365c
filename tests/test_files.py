"""Files that are written whole: whatever kills who writes one, no half has its name, and what is left is removed."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.files import clear_partials, replace_whole, write_once
from tests.support.source import ROOT

NAME = "response-0123456789abcdef.pem"
WRITE = """
import os, signal, sys
from pathlib import Path
from app.files import write_once

def look(_, event, called):
    if event == "c_call" and called.__name__ == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(look)
write_once(Path(sys.argv[1]), b"a key")
"""


@pytest.mark.parametrize("step", ["fsync", "link", "unlink"])
def test_what_a_kill_leaves_of_a_key_is_hidden_named_and_removed(tmp_path: Path, step: str) -> None:
    path = tmp_path / NAME
    killed = subprocess.run([sys.executable, "-c", WRITE, str(path), step], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert path.exists() == (step == "unlink")
    [left] = [each for each in tmp_path.iterdir() if each != path]
    assert left.name.startswith(f".{NAME}.")
    assert left.suffix == ".partial"
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    write_once(path, b"another")
    assert [each.name for each in tmp_path.iterdir()] == [NAME]
    assert path.read_bytes() == (b"a key" if step == "unlink" else b"another")


def test_what_is_being_written_is_not_taken_for_what_was_left(tmp_path: Path) -> None:
    (tmp_path / ".other.pem.x.partial").touch()
    with replace_whole(tmp_path / NAME) as file:
        assert clear_partials(tmp_path, "") == 1
        file.write(b"a key")
    assert [each.name for each in tmp_path.iterdir()] == [NAME]
