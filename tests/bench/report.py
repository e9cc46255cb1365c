"""What was measured, as it is printed and as docs/performance.md keeps it."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
import psutil

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"

_WORD = re.compile(r"[^a-z]+")
_HEAD = """# Performance

Made by `make bench ARGS=--write`; nobody edits it. Shares and ratios are taken within one run, with what they are
compared to measured beside them in turn: they hold elsewhere, the milliseconds do not. The load says how much else the
machine did, of 2 cores.

"""


def describe_machine() -> list[tuple[str, str]]:
    """Return what figures depend on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=DOCUMENT.parent,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    libraries = ("Flask", "waitress", "SQLAlchemy", "cryptography", "typst")
    return [
        ("day", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("program", f"commit {commit or 'unknown'}"),
        ("machine", f"{os.cpu_count()} cores, {psutil.virtual_memory().total // 2**30} GiB, {platform.platform()}"),
        ("load before", f"{os.getloadavg()[1]:.1f} over five minutes"),
        (
            "software",
            f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in libraries),
        ),
        ("server", "waitress with 4 threads; 1 process and SQLite where nothing else is said"),
    ]


@dataclass(slots=True)
class Report:
    """Figures in groups, printed as they come."""

    machine: list[tuple[str, str]] = field(default_factory=describe_machine)
    groups: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    tables: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    plots: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the table they go with: what a plot shows, and the plot as SVG."""

    def say(self, group: str, what: str, figure: str) -> None:
        """Print one figure, and keep it."""
        if group not in self.groups:
            self.groups[group] = []
            click.echo(f"\n{group}")
        self.groups[group].append((what, figure))
        click.echo(f"  {what:<44} {figure}")

    def say_table(self, group: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Print a table, and keep it."""
        rows = [(*row, *["–"] * (len(head) - len(row))) for row in rows]
        self.tables[group] = [head, *rows]
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        click.echo(f"\n{group}")
        for row in (head, *rows):
            first, *others = (
                cell.ljust(width) if not place else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            click.echo("  " + "  ".join((first, *others)))

    def write(self) -> None:
        """Write all figures into the documentation; what was not measured in this run stays there as it is."""
        parts = dict(_read_parts(DOCUMENT))
        load, day = self.machine[3][1], self.machine[0][1]
        about = f"\nMeasured on {day}, {self.machine[1][1]}, load before: {load}.\n"
        for group, figures in self.groups.items():
            rows = "".join(f"| {what} | {figure} |\n" for what, figure in figures)
            parts[group] = f"{about}\n| what | measured |\n|---|---|\n{rows}"
        for group, (head, *rest) in self.tables.items():
            rows = "".join(f"| {' | '.join(row)} |\n" for row in rest)
            parts[group] = f"{about}\n| {' | '.join(head)} |\n|{'---|' * len(head)}\n{rows}"
            if group in self.plots:
                shows, drawn = self.plots[group]
                image = f"images/{_WORD.sub('-', group.lower()).strip('-')}.svg"
                (DOCUMENT.parent / image).write_text(drawn, encoding="utf-8")
                parts[group] += f"\n![{shows}]({image})\n"
        machine = "".join(
            f"| {what} | {figure} |\n" for what, figure in self.machine[2:] if not what.startswith("load")
        )
        text = f"{_HEAD}| measured on | |\n|---|---|\n{machine}"
        text += "".join(f"\n## {group}\n{part}" for group, part in parts.items())
        DOCUMENT.write_text(text, encoding="utf-8")
        click.echo(f"\n{DOCUMENT.name}: written")


def _read_parts(document: Path) -> Iterator[tuple[str, str]]:
    """Give the parts of a document by their headings."""
    for part in document.read_text(encoding="utf-8").split("\n## ")[1:]:
        group, _, rest = part.partition("\n")
        yield group, rest if rest.endswith("\n") else f"{rest}\n"
