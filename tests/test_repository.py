"""What a clone holds: only what belongs in it, nothing of the machine it was made on, nothing large."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.source import ROOT

TOP_LEVEL = {
    "app",
    "templates",
    "static",
    "questions.yaml",
    "crisis.yaml",
    "tests",
    "deploy",
    "docs",
    "requirements",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
}
LARGEST_FILE = 600_000

# Spelled in halves: this file is searched as well.
FORBIDDEN = {
    "a package registry": r"pypi\.[o]rg|pythonhosted\.[o]rg|registry\.np[m]js|deb\.[d]ebian\.org|index-ur[l]",
    "a package's address": r"https?://\S+(/simpl[e]/|\.wh[l]\b|\.tg[z]\b)",
    "a folder of somebody's machine": r"/wor[k]/|/roo[t]/|/tm[p]/(bash_job|fw)|\.pyen[v]",
}


def list_files() -> list[Path]:
    """Return every file of the repository, also those not committed yet, but none that .gitignore names."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"git has to list the files: run the tests in a clone\n{done.stderr}", pytrace=False)
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_the_top_level_holds_what_a_reader_expects() -> None:
    entries = {path.relative_to(ROOT).parts[0] for path in list_files()}
    strangers = {entry for entry in entries - TOP_LEVEL if not entry.startswith(".")}
    assert not strangers, f"these have no place at the top: {sorted(strangers)}"


def test_no_file_names_a_registry_or_a_machine() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: names {what}: {line.strip()[:100]}"
        for path in list_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, line)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_example_in_a_docstring_is_run() -> None:
    paths = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    modules = [path for path in (ROOT / "app").rglob("*.py") if "    >>> " in path.read_text()]
    assert [path for path in modules if not any(path.is_relative_to(ROOT / one) for one in paths)] == []


def test_no_file_is_large() -> None:
    large = {str(path.relative_to(ROOT)): size for path in list_files() if (size := path.stat().st_size) > LARGEST_FILE}
    assert not large, f"could a dependency or a build step bring these? {large}"
