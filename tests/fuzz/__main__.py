"""`make fuzz`: a hundred thousand requests that no page of ours makes, and what came of them.

The same seed makes the same requests. One that was answered wrongly is kept in a file:
python -m tests.fuzz --replay FILE
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import nlargest
from pathlib import Path
from typing import Final

import click

from app.logs import configure_logs
from tests.bench.databases import DATABASES, open_database
from tests.fuzz.campaign import CLASSES, MOST_FAULTS, SLOWEST, Campaign, Fault, Tally, mutate
from tests.fuzz.judge import SLOW_SECONDS, find_faults
from tests.fuzz.recipe import load_recipe
from tests.fuzz.searching import search
from tests.fuzz.stage import Stage, set_stage

_TENTHS: Final = 10
_SHARES: Final = {"SQLite": 0.85, "PostgreSQL": 0.15}
"""How much of a campaign each database gets."""
_SEARCHED: Final = 0.1
"""How much of that Hypothesis makes."""


@click.command()
@click.option("--requests", default=102_000, show_default=True, help="How many requests, on both databases together.")
@click.option("--seed", type=int, help="The seed of an earlier campaign.  [default: a new one]")
@click.option("--only", type=click.Choice(DATABASES), help="One database.")
@click.option("--minutes", type=float, help="End after so many minutes on each database, whatever was sent by then.")
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Send one kept request.")
def main(requests: int, seed: int | None, only: str | None, minutes: float | None, replay: Path | None) -> None:
    """Send malformed requests to every address in every role, and judge each answer."""
    with Path(os.devnull).open("w") as nowhere:
        configure_logs(nowhere)  # of the program beside the server
        sys.excepthook = sys.__excepthook__
        if replay is not None:
            sys.exit(repeat(replay, only or DATABASES[0]))
        chosen = secrets.randbelow(2**31) if seed is None else seed
        click.echo(f"  seed {chosen}")
        databases = (only,) if only else DATABASES
        total = sum(_SHARES[name] for name in databases)
        wrong = [run(name, chosen, int(requests * _SHARES[name] / total), minutes) for name in databases]
    sys.exit(1 if any(wrong) else 0)


@contextmanager
def open_stage(database: str) -> Iterator[Stage]:
    """Set a stage in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="foreword-fuzz-") as folder,
        open_database(database) as settings,
        set_stage(Path(folder), settings.get("database_url", ""), is_timed=True) as stage,
    ):
        yield stage


def run(database: str, seed: int, requests: int, minutes: float | None) -> bool:
    """Run a campaign on one database, print what was counted, and tell whether anything was wrong."""
    with open_stage(database) as stage:
        campaign = Campaign(stage)
        searched = int(requests * _SEARCHED)
        mutated = requests - searched
        with click.progressbar(length=requests, label=f"requests, {database}", file=sys.stderr) as bar:
            for tenth in range(_TENTHS):
                first, last = mutated * tenth // _TENTHS, mutated * (tenth + 1) // _TENTHS
                campaign.run(mutate(stage, seed, range(first, last)), bar.update)
                search(campaign, seed + tenth, max(1, searched // _TENTHS), bar.update)
                campaign.look()
                is_over = minutes is not None and campaign.tally.seconds > 60 * minutes
                if len(campaign.tally.faults) >= MOST_FAULTS or is_over:
                    break
    tell(database, campaign.tally)
    for number, fault in enumerate(campaign.tally.faults):
        click.echo(f"  WRONG {fault}\n        python -m tests.fuzz --replay {keep(fault, seed, number)}")
    for sentence in campaign.tally.findings:
        click.echo(f"  WRONG {sentence}")
    return bool(campaign.tally.faults or campaign.tally.findings)


def keep(fault: Fault, seed: int, number: int) -> Path:
    """Write the request of a fault into a file, and return where."""
    folder = Path(tempfile.gettempdir()) / "foreword-fuzz-faults"
    folder.mkdir(exist_ok=True)
    path = folder / f"{seed}-{number}.json"
    path.write_text(fault.recipe.dump(), encoding="utf-8")
    return path


def repeat(path: Path, database: str) -> int:
    """Send the request of a file to a new clinic, say how it was answered, and return 1 where that is wrong."""
    recipe = load_recipe(path.read_text(encoding="utf-8"))
    with open_stage(database) as stage:
        stage.warm_up()
        exchange = stage.send(recipe)
        faults = [*find_faults(recipe, exchange), *stage.read_errors()]
    statuses = ", ".join(str(reply.status) for reply in exchange.replies) or "nothing"
    click.echo(f"  {exchange.ending}: {statuses} in {exchange.seconds * 1000:.0f} ms")
    for sentence in faults:
        click.echo(f"  WRONG {sentence}")
    return 1 if faults else 0


def tell(database: str, tally: Tally) -> None:
    """Print the tables."""
    click.echo(
        f"\n{database}: {tally.sent:,} requests, {tally.answers:,} answers, {tally.sent / tally.seconds:,.0f} a second"
    )
    for part, name in enumerate(("role", "endpoint")):
        click.echo(f"\n  {name:<48}{'requests':>9}" + "".join(f"{one:>8}" for one in CLASSES))
        groups = tally.sum_by(part)
        for group, counts in sorted(groups.items()):
            click.echo(f"  {group:<48}{_write_counts(counts)}")
        click.echo(f"  {'together':<48}{_write_counts(sum(groups.values(), Counter()))}")
    click.echo(f"\n  silent for over {SLOW_SECONDS:.0f} s once, and not when sent again: {tally.slow_once}")
    click.echo("\n  slowest, to the last byte")
    for seconds, role, what in nlargest(SLOWEST, tally.slowest):
        click.echo(f"  {seconds * 1000:>6.0f} ms  {role}: {what}")
    steps = ", ".join(f"{megabytes:.0f}" for _, megabytes in tally.memory)
    click.echo(f"\n  memory of the server and its helpers at the beginning and after each tenth: {steps} MB")


def _write_counts(counts: Counter[str]) -> str:
    return f"{counts.total():>9,}" + "".join(f"{counts[one]:>8,}" for one in CLASSES)


if __name__ == "__main__":
    main()
