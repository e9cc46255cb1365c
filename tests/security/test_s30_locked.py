"""S30: set-up takes what is locked, by hash, as wheels: the repository's own Makefile, with packages made for it.

Nothing is fetched: the packages of these tests are a few bytes each, and pip is told to look for them in a folder only.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.source import ROOT

LOCKS = ("run.txt", "build.txt", "dev.txt")
PIN = re.compile(r"[a-z0-9-]+==[^\s;]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
BACKEND = """
import zipfile

def build_editable(folder, *_):
    with zipfile.ZipFile(f"{folder}/sample-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("sample-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: sample\\nVersion: 1\\n")
        wheel.writestr("sample-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("sample-1.dist-info/RECORD", "")
    return "sample-1-py3-none-any.whl"
"""


@dataclass(frozen=True, slots=True)
class Clone:
    """A folder with the repository's Makefile, and a wheelhouse beside it."""

    folder: Path

    def lock(self, run: str) -> None:
        """Write the lock of what the program runs with."""
        (self.folder / "requirements" / "run.txt").write_text(run)

    def set_up(self) -> subprocess.CompletedProcess[str]:
        """Do what `make run` does first."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": "/dev/null",
        }
        environ["PIP_FIND_LINKS"] = str(self.folder / "wheelhouse")
        command = ["make", f"PYTHON={sys.executable}", ".venv/.stamps/run"]
        return subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False)

    def has(self, module: str) -> bool:
        """Tell whether a module was installed."""
        return any(self.folder.glob(f".venv/lib/python*/site-packages/{module}"))


def write_wheel(folder: Path, name: str, files: Mapping[str, str]) -> str:
    """Put a wheel into a folder and return the hash of it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for place, text in {**files, **{f"{name}-1.0.dist-info/{part}": text for part, text in info.items()}}.items():
            wheel.writestr(place, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_source(folder: Path, name: str) -> str:
    """Put a source archive into a folder, which would run its own code, and return the hash of it."""
    path = folder / f"{name}-1.0.tar.gz"
    setup = f"open('{folder}/ran', 'w'); from setuptools import setup; setup(name='{name}', version='1.0')".encode()
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(f"{name}-1.0/setup.py")
        entry.size = len(setup)
        archive.addfile(entry, io.BytesIO(setup))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Make a folder that the Makefile takes for a fresh clone."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements").mkdir()
    (folder / "wheelhouse").mkdir()
    (folder / "requirements" / "build.txt").write_text("")
    (folder / "backend.py").write_text(BACKEND)
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f'{build}[project]\nname = "sample"\nversion = "1"\n')
    return Clone(folder)


def change(digest: str) -> str:
    """Return a hash of which one digit is another."""
    return digest[:-1] + ("0" if digest[-1] != "0" else "1")


def test_a_package_whose_hash_is_another_is_not_installed(clone: Clone) -> None:
    digest = write_wheel(clone.folder / "wheelhouse", "alpha", {"alpha.py": "safe = True\n"})
    clone.lock(f"alpha==1.0 \\\n    --hash=sha256:{change(digest)}\n")
    done = clone.set_up()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not clone.has("alpha.py")
    # The very same lock with the right digit: it was the hash and nothing else.
    clone.lock(f"alpha==1.0 \\\n    --hash=sha256:{digest}\n")
    assert clone.set_up().returncode == 0
    assert clone.has("alpha.py")


def test_what_one_of_them_brings_along_and_nobody_locked_is_not_installed(clone: Clone) -> None:
    folder = clone.folder / "wheelhouse"
    write_wheel(folder, "stowaway", {"stowaway.py": ""})
    needing = "Metadata-Version: 2.1\nName: host\nVersion: 1.0\nRequires-Dist: stowaway\n"
    path = folder / "host-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("host-1.0.dist-info/METADATA", needing)
        wheel.writestr("host-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("host-1.0.dist-info/RECORD", "")
    clone.lock(f"host==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    done = clone.set_up()
    assert done.returncode != 0
    assert "stowaway" in done.stderr
    assert not clone.has("stowaway.py")


def test_a_package_without_a_hash_is_not_installed(clone: Clone) -> None:
    write_wheel(clone.folder / "wheelhouse", "beta", {"beta.py": ""})
    clone.lock("beta==1.0\n")
    done = clone.set_up()
    assert done.returncode != 0
    assert "Hashes are required" in done.stderr
    assert not clone.has("beta.py")


def test_what_comes_as_source_is_not_run(clone: Clone) -> None:
    folder = clone.folder / "wheelhouse"
    digest = write_source(folder, "gamma")
    clone.lock(f"gamma==1.0 \\\n    --hash=sha256:{digest}\n")
    done = clone.set_up()
    assert done.returncode != 0
    assert "No matching distribution found for gamma" in done.stderr
    assert not (folder / "ran").exists()


def test_one_package_alone_may_come_as_source_and_has_its_reason() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"--no-binary (\S+)", makefile) == ["flask-principal"]
    assert makefile.count("--only-binary :all:") == 2
    installs = [line for line in makefile.splitlines() if "$(PIP_INSTALL)" in line]
    assert all("--require-hashes" in line or "--no-index --no-deps" in line for line in installs)


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_version_or_its_hash(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    spoken = [line for line in lines if not line.lstrip().startswith("#")]
    assert [line for line in spoken if not (PIN.fullmatch(line) or HASH.fullmatch(line))] == []
    followed = list(zip(spoken, [*spoken[1:], ""], strict=True))
    assert [here for here, after in followed if PIN.fullmatch(here) and not HASH.fullmatch(after)] == []
    assert len([line for line in spoken if PIN.fullmatch(line)]) > 5


def test_each_package_that_is_asked_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = {line.partition("==")[0] for line in (ROOT / "requirements" / "run.txt").read_text().splitlines()}
    asked = {re.split(r"[^\w-]", line)[0] for line in project["project"]["dependencies"]}
    assert asked <= locked
    assert len(asked) < 30  # few, each with a reason in docs/design.md or beside its name
