"""S31: the bill of materials says what a machine gets that runs the program, no more and no less, and its licence."""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements.sbom import build_licences, find_licence, is_allowed, read_packages
from tests.support.source import ROOT

LICENCES = ROOT / "docs" / "licences.md"


def make_both(folder: Path) -> tuple[str, str]:
    """Return the bill and the page of licences as `make sbom` writes them."""
    bill, page = folder / "foreword.cdx.json", folder / "licences.md"
    command = [sys.executable, "-m", "requirements.sbom", str(bill), str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return bill.read_text(), page.read_text()


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the bill."""
    return make_both(tmp_path_factory.mktemp("bill"))[0]


def list_components(bill: str, scope: str) -> dict[str, str]:
    """Return the names in a bill with their versions."""
    components: list[dict[str, Any]] = json.loads(bill)["components"]
    return {one["name"]: one["version"] for one in components if one["scope"] == scope}


def walk(name: str, extras: frozenset[str], found: dict[str, str]) -> None:
    """Find what an installed package asks for here, and what that asks for, with the versions that are installed."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        asked = [{"extra": extra} for extra in extras or {""}]
        if requirement.marker is None or any(requirement.marker.evaluate(one) for one in asked):
            below = canonicalize_name(requirement.name)
            is_new = below not in found
            found[below] = distribution(below).version
            if is_new or requirement.extras:
                walk(below, frozenset(requirement.extras), found)


def test_it_is_a_bill_that_other_programs_read(bill: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill) is None
    about = json.loads(bill)["metadata"]["component"]
    assert (about["name"], about["licenses"]) == ("foreword", [{"expression": "Apache-2.0"}])
    assert validator.validate_str(bill.replace('"library"', '"nonsense"')) is not None


def test_it_names_what_is_installed_for_the_program_with_its_version(bill: str) -> None:
    # What the installed program asks for, and what that asks for: found without the lock files.
    needed: dict[str, str] = {}
    walk("foreword", frozenset(), needed)
    assert list_components(bill, "required") == needed


def test_installing_what_is_locked_would_change_nothing() -> None:
    for lock in ("run.txt", "build.txt"):
        options = ["--dry-run", "--no-index", "--no-deps", "--require-hashes", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "install", *options, "-r", str(ROOT / "requirements" / lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Would install" not in done.stdout


def test_its_packages_are_joined_by_who_asks_for_whom(bill: str) -> None:
    uses = {one["ref"]: set(one.get("dependsOn", ())) for one in json.loads(bill)["dependencies"]}
    reached, waiting = set[str](), ["foreword"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += uses[name]
    assert reached - {"foreword"} == list_components(bill, "required").keys()


def test_the_same_locks_make_the_same_bill_and_the_page_that_is_here(bill: str, tmp_path: Path) -> None:
    again, page = make_both(tmp_path)
    assert again == bill
    assert page == LICENCES.read_text(), "docs/licences.md is not what the lock files say: run make sbom"
    assert not re.search(r"https?://(?!cyclonedx\.org/)", bill)


def test_every_package_has_a_licence_that_was_read_and_is_allowed(bill: str) -> None:
    packages = read_packages()
    assert len(packages) == len(json.loads(bill)["components"])
    assert all(is_allowed(one.licence) for one in packages)
    page = build_licences(packages)
    assert all(f"| `{one.name}` | {one.licence} |" in page for one in packages)
    assert "| `vnu-jar` | MIT |" in page


def pack(folder: Path, *about: str) -> Distribution:
    """Return a package that says this of itself."""
    place = folder / "stranger-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("\n".join(("Metadata-Version: 2.4", "Name: stranger", "Version: 1.0", *about)))
    return PathDistribution(place)


@pytest.mark.parametrize(
    ("about", "licence"),
    [
        (["License-Expression: AGPL-3.0-or-later"], "AGPL-3.0-or-later"),
        (["License-Expression: MIT AND GPL-2.0-only"], "MIT AND GPL-2.0-only"),
        (["License-Expression: (MIT OR GPL-2.0-only) AND Proprietary"], "(MIT OR GPL-2.0-only) AND Proprietary"),
        (["Classifier: License :: Other/Proprietary License"], "License :: Other/Proprietary License"),
        (["License: ask us"], ""),
        ([], ""),
    ],
)
def test_a_package_that_may_not_be_handed_on_is_seen(tmp_path: Path, about: list[str], licence: str) -> None:
    found = find_licence(pack(tmp_path, *about))
    assert found == licence
    assert not is_allowed(found)


@pytest.mark.parametrize(
    ("about", "licence"),
    [
        (["License-Expression: GPL-2.0-only OR MIT"], "GPL-2.0-only OR MIT"),
        (["License: MIT"], "MIT"),
        (["Classifier: License :: OSI Approved :: MIT License"], "MIT"),
    ],
)
def test_a_package_that_may_is_let_in(tmp_path: Path, about: list[str], licence: str) -> None:
    found = find_licence(pack(tmp_path, *about))
    assert found == licence
    assert is_allowed(found)


def test_each_font_of_the_paper_is_one_that_is_named() -> None:
    page = LICENCES.read_text()
    carried = [path.stem for path in (ROOT / "static" / "fonts").glob("*.ttf")]
    assert carried == ["NotoEmoji-Subset"]
    assert "| Noto Emoji, a part of it | `static/fonts` | OFL-1.1 |" in page
    assert "SIL Open Font License" in (ROOT / "static" / "fonts" / "NotoEmoji-OFL.txt").read_text()
