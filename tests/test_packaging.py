"""The wheel that is handed on: installed where nothing of the repository can be seen, it serves its first page."""

import http.client
import re
import site
import subprocess
import sys
import tomllib
import venv
from http import HTTPStatus
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from requirements.bundle import RESOURCES
from tests.support.server import launch_server
from tests.support.source import ROOT, read_modules

_STYLE_SHEET = re.compile(rb'<link[^>]+href="(/[^"]+\.css[^"]*)"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT], check=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in an environment of its own, which borrows the libraries and not the repository."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-index", "--no-deps", "--no-warn-script-location"]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", *options, wheel], check=True)
    # A path added this way brings no path of its own along: the repository, an editable install here, stays unseen.
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin" / "foreword"


def _normalize(name: str) -> str:
    return name.lower().replace("_", "-")


def fetch(url: str, path: str) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_every_library_the_program_imports_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {_normalize(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in project["dependencies"]}
    imported = {name.partition(".")[0] for module in read_modules("app") for _, name in module.list_imports()}
    owners = packages_distributions()
    owned = {name: {_normalize(owner) for owner in owners[name]} for name in imported & owners.keys() - {"app"}}
    undeclared = {name: names for name, names in owned.items() if not names & declared}
    assert not undeclared, f"pyproject.toml does not name what these come from: {undeclared}"


def test_the_wheel_carries_what_stands_beside_the_program(wheel: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True)
    carried = {line.split()[0] for line in done.stdout.splitlines()}
    beside = [path for name in RESOURCES for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    assert {f"app/_bundle/{path.relative_to(ROOT)}" for path in beside} <= carried


def test_the_installed_wheel_serves_a_page_and_its_style_sheet(command: Path, tmp_path: Path) -> None:
    server = launch_server(tmp_path, {}, command)
    try:
        status, page = fetch(server.url, "/")
        assert (status, b"<h1" in page) == (HTTPStatus.OK, True)
        [style_sheet] = _STYLE_SHEET.findall(page)
        status, sheet = fetch(server.url, style_sheet.decode())
        assert (status, b"@layer" in sheet) == (HTTPStatus.OK, True)
    finally:
        server.stop()
