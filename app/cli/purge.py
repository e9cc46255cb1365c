"""`foreword purge`: erases the responses that are past their time."""

import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.cli._progress import show_progress
from app.desk.retention import CHORE, find_due, is_clock_believed, purge_due
from app.settings import StartError
from app.storage.chores import note_time
from app.storage.engine import begin_write


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell how many there are.")
@click.option("--clock-is-right", is_flag=True, help="Erase also where nothing happened here for a month.")
def purge(*, dry_run: bool, clock_is_right: bool) -> None:
    """Erase the responses whose time is over.

    The server does this by itself every night. What is under a legal hold stays. Where nothing happened for a month by
    this machine's clock, it asks first whether the clock is right.
    """
    now = datetime.now(UTC)
    with open_present_clinic() as clinic:
        due = find_due(clinic.engine, now)
        kept = f"; {due.kept} more are under a legal hold and stay" if due.kept else ""
        if dry_run:
            click.echo(f"{due.to_erase} responses are past their time and would be erased{kept}.")
            return
        if not is_clock_believed(clinic.engine, now):
            _ask_about_clock(now, due.to_erase, is_answered=clock_is_right)
            _note_purge(clinic, now)
        steps = purge_due(clinic.engine, clinic.desk.chain_key, now, actor=ACTOR)
        erased = sum(show_progress("Erasing", steps, due.to_erase))
        click.echo(f"{erased} responses were past their time and are erased{kept}.")


def _ask_about_clock(now: datetime, count: int, *, is_answered: bool) -> None:
    told = f"by this machine's clock it is {now:%Y-%m-%d %H:%M} UTC, and nothing happened here for a month"
    if is_answered:
        return
    if not sys.stdin.isatty():
        raise StartError(f"clock: {told}; look at it, and if it is right: foreword purge --clock-is-right")
    click.confirm(f"{told}.\nIs that right, and shall {count} responses be erased?", abort=True, err=True)


def _note_purge(clinic: OpenClinic, now: datetime) -> None:
    """Have the nights to come believe the clock again."""
    settings = clinic.keeper.get().settings
    today = now.astimezone(ZoneInfo(settings.time_zone) if settings else UTC).date()
    with begin_write(clinic.engine) as connection:
        note_time(connection, CHORE, today, now)
