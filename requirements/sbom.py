"""What Foreword is made of, from the lock files: a CycloneDX bill of materials, and docs/licences.md.

`make sbom` runs it. The same locks make the same two files, byte for byte; a licence that nobody has looked at, or one
that does not go with Apache-2.0, stops it and is named.
"""

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
# Licences of libraries that an Apache-2.0 program may use and be handed on with. LGPL: psycopg is imported as it comes,
# and whoever has the program can put another in its place. MPL: only for its own files. No GPL, no AGPL.
ALLOWED: Final = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "OFL-1.1",
        "PSF-2.0",
        "Unlicense",
        "ZPL-2.1",
    }
)
# How packages without an SPDX expression (PEP 639) say the same.
_SAID: Final = {
    "Apache License, Version 2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "SIL OFL V1.1": "OFL-1.1",
    "ZPL 2.1": "ZPL-2.1",
}
_BSD: Final = {"BSD", "License :: OSI Approved :: BSD License"}
_FONTS: Final = (
    ("FiraGO, Noto Sans, Noto Sans Symbols, Noto Sans Symbols 2, Noto Sans Math", "`pymupdf-fonts`", "OFL-1.1"),
    ("Noto Sans CJK JP", "`noto-cjk-sans-jp-regular`", "OFL-1.1"),
    ("Noto Emoji, a part of it", "`static/fonts`", "OFL-1.1"),
)


class LicenceError(Exception):
    """Packages whose licence is unknown or not allowed; `faults` names each with the remedy."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One locked package; `is_run` tells that the program needs it when it runs, and not only to be installed."""

    name: str
    version: str
    licence: str
    is_run: bool
    uses: tuple[str, ...]


def read_lock(name: str) -> dict[str, str]:
    """Return the packages of a lock file that this Python and this system install, with their versions."""
    found: dict[str, str] = {}
    for line in (HERE / name).read_text().splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def read_packages() -> list[Package]:
    """Return all that a machine gets on which Foreword is installed; raises LicenceError."""
    run, build = read_lock("run.txt"), read_lock("build.txt")
    packages, faults = [], []
    for name, version in sorted({**build, **run}.items()):
        installed = distribution(name)
        if installed.version != version:
            faults.append(f"{name}: {installed.version} is installed and {version} is locked; run make test once")
        licence = find_licence(installed)
        if not is_allowed(licence):
            faults.append(f"{name}: the licence {licence or 'is not told'}; read it, and allow it or do without {name}")
        uses = tuple(sorted(set(list_uses(installed)) & run.keys()))
        packages.append(Package(name, version, licence, name in run, uses))
    if faults:
        raise LicenceError(*faults)
    return packages


def find_licence(installed: Distribution) -> str:
    """Return what a package says its licence is, as an SPDX expression where that can be told."""
    told = _read(installed, "License-Expression")
    if told:
        return told[0]
    told = [*_read(installed, "License"), *_read(installed, "Classifier")]
    for text in told:
        if text in ALLOWED or text in _SAID:
            return _SAID.get(text, text)
    if _BSD & set(told):
        return _name_bsd(installed)
    return next((text.partition("\n")[0] for text in told if "icense" in text), "")


def is_allowed(expression: str) -> bool:
    """Tell whether one of the licences to choose from is allowed in all its parts; brackets are left to a person."""
    choices = expression.split(" OR ")
    return any(all(part in ALLOWED for part in choice.split(" AND ")) for choice in choices)


def list_uses(installed: Distribution) -> Iterator[str]:
    """Give the names of the packages that one asks for here, whatever extra of it is meant."""
    for line in installed.requires or ():
        requirement = Requirement(line)
        extras = ["", *_read(installed, "Provides-Extra")]
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield canonicalize_name(requirement.name)


def build_bill(packages: Iterable[Package]) -> str:
    """Return the bill of materials as CycloneDX 1.6 in JSON."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = hashlib.sha256((HERE / "run.txt").read_bytes() + (HERE / "build.txt").read_bytes()).hexdigest()
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, lock))
    root = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
        licenses=[LicenseExpression(project["license"])],
    )
    bom.metadata.component = root
    made = {one.name: _build_component(one) for one in packages}
    for component in made.values():
        bom.components.add(component)
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    bom.register_dependency(root, [made[name] for name in sorted(direct)])
    for one in packages:
        bom.register_dependency(made[one.name], [made[name] for name in one.uses])
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    del content["metadata"]["timestamp"]  # the locks decide what stands here, and nothing else
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def build_licences(packages: Iterable[Package]) -> str:
    """Return docs/licences.md."""
    packages = list(packages)
    tools = json.loads((HERE / "package-lock.json").read_text())["packages"]
    npm = [(name.removeprefix("node_modules/"), about.get("license", "")) for name, about in tools.items() if name]
    run = [(one.name, one.licence) for one in packages if one.is_run]
    build = [(one.name, one.licence) for one in packages if not one.is_run]
    return "\n".join(
        (
            "# Licences",
            "",
            "Foreword is under the [Apache License 2.0](../LICENSE). `make sbom` writes this page from the lock files",
            "and from what each package says of itself; it stops at a licence that is unknown or not allowed. Versions",
            "stand in the lock files and in the bill of materials.",
            "",
            "## What the program runs with",
            "",
            *_draw_table(run),
            "",
            "`psycopg` is under the LGPL: it is used as it comes, and anybody can put another version in its place.",
            "",
            "## Fonts of the paper",
            "",
            "| font | where it is | licence |",
            "|---|---|---|",
            *(f"| {font} | {place} | {licence} |" for font, place, licence in _FONTS),
            "",
            "Pages use the fonts of the reader's device and load none.",
            "",
            "## What it is installed with",
            "",
            *_draw_table(build),
            "",
            "## What tests alone fetch from npm",
            "",
            *_draw_table(npm),
            "",
        )
    )


def _draw_table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return ["| package | licence |", "|---|---|", *(f"| `{name}` | {licence} |" for name, licence in rows)]


def _build_component(one: Package) -> Component:
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=one.name,
        scope=ComponentScope.REQUIRED if one.is_run else ComponentScope.EXCLUDED,
        purl=PackageURL("pypi", name=one.name, version=one.version),
        licenses=[LicenseExpression(one.licence)],
    )


def _read(installed: Distribution, field: str) -> list[str]:
    return [str(value) for value in installed.metadata.get_all(field) or []]


def _name_bsd(installed: Distribution) -> str:
    texts = [str(path.read_text()) for path in installed.files or () if "LICEN" in path.name.upper()]
    return "BSD-3-Clause" if any("either the name" in " ".join(text.split()) for text in texts) else "BSD-2-Clause"


def main() -> None:
    """Write the bill and the page of licences to the two paths that were given."""
    bill, page = map(Path, sys.argv[1:])
    try:
        packages = read_packages()
    except LicenceError as error:
        sys.exit("\n".join(error.faults))
    bill.parent.mkdir(exist_ok=True)
    bill.write_text(build_bill(packages))
    page.write_text(build_licences(packages))
    sys.stdout.write(f"{bill}: {len(packages)} packages\n")


if __name__ == "__main__":
    main()
