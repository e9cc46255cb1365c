"""S28: files made to fill memory or run code, each given to `foreword check` and to a server that runs.

Each is refused with a line, by a process that could have taken no more memory than a small one; the server goes on with
the questionnaire that it had.
"""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.walker import Walker
from tests.support.server import COMMAND, StartServer
from tests.support.source import ROOT

MOST_MEMORY = 100_000  # KiB of it that were ever in use at once
PLACE = re.compile(r"^q\.yaml:(\d+):(\d+): ", re.MULTILINE)
# A process between the tests and the command: what a child has used counts what its parent used when it was started.
METER = """
import json, resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
done = subprocess.run(sys.argv[1:], capture_output=True)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([done.returncode, done.stdout.decode(), done.stderr.decode(), most]))
"""
LEAVES = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
)
SHELL = "!!python/object/apply:subprocess.check_output [[touch, BOOM]]"
HEAD = "resourceType: Questionnaire\n"

BOMBS: dict[str, str | bytes] = {
    "nine lines that mean 387 million leaves": LEAVES,
    "merge keys upon merge keys": "a: &a {x: y}\nb: &b {<<: [*a, *a, *a]}\nc: {<<: [*b, *b, *b]}\n",
    "a list that holds itself": "a: &a [*a]\n",
    "600 brackets": HEAD + "item: " + "[" * 600,
    "600 braces": HEAD + "item: " + "{a: " * 600,
    "100,000 brackets": HEAD + "item: " + "[" * 100_000,
    "300 levels of indentation": "".join(f"{' ' * n}k{n}:\n" for n in range(300)),
    "300 hyphens": HEAD + "item:\n  " + "- " * 300 + "x",
    "300 question marks": HEAD + "item:\n  " + "? " * 300 + "x",
    "a program to be run": HEAD + f"title: {SHELL}\n",
    "a program as a key": HEAD + f"? {SHELL}\n: x\n",
    "a class by its name": HEAD + "title: !!python/name:os.system ''\n",
    "a tag of its own": HEAD + "title: !shell 'touch BOOM'\n",
    "ten megabytes": HEAD + "- a\n" * 2_621_440,
    "a megabyte of tiny values": "- a\n" * 250_000,
    "a megabyte of one text": HEAD + "title: " + "x" * 1_048_600,
    "keys written twice": HEAD + "title: one\ntitle: two\n",
    "a thousand documents": HEAD + "---\n" * 1000,
    "a pattern that takes for ever": HEAD + "item:\n  - linkId: a\n    pattern: '(a+)+$'\n",
    "control characters": HEAD + "title: a\x1b[2Jb\n",
    "NUL": HEAD + "title: a\0b\n",
    "UTF-16": (HEAD * 100).encode("utf-16"),
    "bytes that are no text": b"title: \xff\xfe\xfd\n",
    "nothing but anchors": "- &a b\n" * 20_000,
    "a number with a million digits": HEAD + "item: [" + "9" * 1_000_000 + "]\n",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """How `foreword check` ended: its code, what it said, and the most memory it had in use, in KiB."""

    code: int
    out: str
    err: str
    memory: int


def check(folder: Path, data: str | bytes) -> Checked:
    """Give a file to `foreword check` in a process of its own."""
    (folder / "q.yaml").write_bytes(data if isinstance(data, bytes) else data.encode())
    command = [sys.executable, "-S", "-c", METER, str(COMMAND), "check", "q.yaml"]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True)
    return Checked(*json.loads(done.stdout))


@pytest.mark.parametrize("name", BOMBS)
def test_each_is_refused_with_its_line_and_without_memory(tmp_path: Path, name: str) -> None:
    checked = check(tmp_path, BOMBS[name])
    assert checked.code == 1
    assert PLACE.search(checked.out), checked
    assert "Traceback" not in checked.out + checked.err
    assert "\x1b" not in checked.out + checked.err
    assert checked.memory < MOST_MEMORY
    assert [path.name for path in tmp_path.iterdir()] == ["q.yaml"]


def test_the_line_is_the_one_at_which_it_stands(tmp_path: Path) -> None:
    text = (ROOT / "questions.yaml").read_text()
    line = text[: text.index("text: How old are you?")].count("\n") + 1
    checked = check(tmp_path, text.replace("text: How old are you?", f"text: {SHELL}"))
    assert {found.group(1) for found in PLACE.finditer(checked.out)} == {str(line)}
    assert not (tmp_path / "BOOM").exists()


def test_the_meter_sees_memory_and_a_good_file_passes(tmp_path: Path) -> None:
    hog = [sys.executable, "-S", "-c", METER, sys.executable, "-S", "-c", "x = b'x' * 150_000_000"]
    done = subprocess.run(hog, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[3] > MOST_MEMORY
    good = check(tmp_path, (ROOT / "questions.yaml").read_bytes())
    assert good.code == 0
    assert "no faults" in good.out


def test_a_server_that_runs_goes_on_with_what_it_had(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    shutil.copy(ROOT / "questions.yaml", path)
    server = start_server(questions=path)
    good = path.read_text()
    for name in ("nine lines that mean 387 million leaves", "a program to be run", "600 brackets", "ten megabytes"):
        data = BOMBS[name]
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        patient = Walker(server.url)
        patient.start()
        assert patient.status == 200, name
        assert "How old are you?" in patient.body.decode()
        patient.connection.close()
    said = [json.loads(line) for line in server.read_log().splitlines() if '"questionnaire not accepted"' in line]
    assert len(said) == 4
    assert all(f"{path.name}:" in entry["faults"][0] for entry in said)
    assert not list(tmp_path.rglob("BOOM"))
    # And takes the next good one without a restart.
    path.write_text(good.replace("text: How old are you?", "text: What is your age?"))
    patient = Walker(server.url)
    patient.start()
    assert "What is your age?" in patient.body.decode()
    patient.connection.close()
