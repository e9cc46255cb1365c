"""`foreword purge`: erases the responses that are past their time."""

from datetime import UTC, datetime

import click

from app.cli._clinic import ACTOR, open_present_clinic
from app.cli._progress import show_progress
from app.desk.retention import find_due, purge_due


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell how many there are.")
def purge(*, dry_run: bool) -> None:
    """Erase the responses whose time is over.

    The server does this by itself every night. What is under a legal hold stays.
    """
    now = datetime.now(UTC)
    with open_present_clinic() as clinic:
        due = find_due(clinic.engine, now)
        kept = f"; {due.kept} more are under a legal hold and stay" if due.kept else ""
        if dry_run:
            click.echo(f"{due.to_erase} responses are past their time and would be erased{kept}.")
            return
        steps = purge_due(clinic.engine, clinic.desk.chain_key, now, actor=ACTOR)
        erased = sum(show_progress("Erasing", steps, due.to_erase))
        click.echo(f"{erased} responses were past their time and are erased{kept}.")
