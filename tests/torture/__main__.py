"""`make torture`: kill the server under load again and again, print what was acknowledged and what of it is wrong."""

import sys
import tempfile
from pathlib import Path

import click

from tests.torture.run import Outcome, Plan, Torture

_KILLS = 200


@click.command()
@click.option("--kills", default=_KILLS, show_default=True, help="How often the server is killed.")
@click.option("--minutes", default=30.0, show_default=True, help="After so long it ends, however often that was.")
@click.option("--seed", default="4", show_default=True, help="Decides who does what, and when the server dies.")
@click.option("--keep", type=click.Path(path_type=Path), help="An empty folder to keep everything in.")
def main(*, kills: int, minutes: float, seed: str, keep: Path | None) -> None:
    """Torture one clinic on SQLite until the server was killed so often; end with 1 when not all is well."""
    with tempfile.TemporaryDirectory(prefix="foreword-torture-") as folder:
        plan = Plan(seed=seed, kills=kills, most_seconds=minutes * 60)
        outcome = Torture(keep or Path(folder), plan).run()
    click.echo(draw(outcome))
    sys.exit(1 if outcome.faults else 0)


def draw(outcome: Outcome) -> str:
    """Return an outcome as a table."""
    verdict = outcome.verdict
    rows = {
        "seed": outcome.plan.seed,
        "kill -9 of the server": outcome.kills,
        "starts of the server": outcome.starts,
        "seconds": round(outcome.seconds),
        "requests answered": outcome.statuses.total(),
        **{f"  with status {status}": count for status, count in sorted(outcome.statuses.items())},
        "requests lost with their server": outcome.lost,
        **{f"foreword {name}": count for name, count in sorted(outcome.commands.items())},
        **{f"acknowledged {name}": count for name, count in sorted(verdict.acknowledged.items())},
        "acknowledged and missing": len(verdict.missing),
        "doubled": len(verdict.doubled),
        "mixed up": len(verdict.mixed_up),
        "readable by the wrong key": len(verdict.readable),
        "other faults": len(outcome.faults) - len(verdict.faults),
    }
    width = max(map(len, rows))
    lines = [f"{name:<{width}}  {value:>8}" for name, value in rows.items()]
    return "\n".join([*lines, *outcome.faults[:20]])


if __name__ == "__main__":
    main()
