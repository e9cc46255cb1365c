"""`foreword audit`: the log of who did what, listed, proved, and its end to write down."""

import re
import sys
from datetime import UTC, datetime
from typing import Final

import click

from app.cli._clinic import ACTOR, open_present_clinic
from app.storage.audit import AuditFilter, Entry, Event, Head, append_event, find_head, list_entries, verify_log
from app.storage.engine import begin_read, begin_snapshot, begin_write
from app.storage.people import Person, list_people
from app.vault.reference import ReferenceCodeError, parse_reference

FOUND: Final = 1

_HEAD: Final = re.compile(r"([0-9]{1,12}):([0-9a-f]{64})")
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.group()
def audit() -> None:
    """Look into the log of who did what."""


@audit.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many, newest first.")
@click.option("--person", default="", help="Only what this person did: the name they sign in with, or an id.")
@click.option("--action", default="", help="Only this, such as response.opened.")
@click.option("--reference", default="", help="Only what was done to this response.")
@click.option("--outcome", default="", help="Only what ended so, such as refused.")
@click.option("--since", type=_DAY, help="Only from this day on, in UTC.")
@click.option("--until", type=_DAY, help="Only before this day, in UTC.")
def list_(
    *,
    limit: int,
    person: str,
    action: str,
    reference: str,
    outcome: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Tell what was done, newest first: number, time in UTC, who, what, to what, how it ended, from where."""
    subject = _read_reference(reference)
    with open_present_clinic(has_to_fit=False) as clinic:
        with begin_read(clinic.engine) as connection:
            people = list_people(connection)
            wanted = AuditFilter(
                actor=next((one.id for one in people if one.login == person.casefold()), person),
                action=action,
                subject=subject,
                outcome=outcome,
                since=since.replace(tzinfo=UTC) if since else None,
                until=until.replace(tzinfo=UTC) if until else None,
            )
            entries = list_entries(connection, wanted, limit)
        with begin_write(clinic.engine) as connection:
            event = Event(action="audit.viewed", actor=ACTOR, about={"entries": len(entries)})
            append_event(connection, clinic.desk.chain_key, event, datetime.now(UTC))
    names = {one.id: one for one in people}
    for entry in entries:
        click.echo(_write_entry(entry, names))


@audit.command()
@click.option("--head", help="An end that was written down earlier, as NUMBER:LINK; finds what was cut off since.")
def verify(head: str | None) -> None:
    """Prove that nothing in the log was changed, cut, added or reordered.

    The exit code is 1 when something was; the first such place is named.
    """
    seen = _read_head(head) if head else None
    with open_present_clinic(has_to_fit=False) as clinic, begin_snapshot(clinic.engine) as connection:
        breach = verify_log(connection, clinic.desk.chain_key, seen)
        end = find_head(connection)
    if breach is not None:
        click.echo(f"entry {breach.number}: {breach.fault}; keep a copy of the database, and find out who has access")
        sys.exit(FOUND)
    click.echo(f"{end.number} entries, none changed, missing or out of place; the log ends with {write_head(end)}")


@audit.command("head")
def head_() -> None:
    """Print where the log ends. Written down elsewhere, it later shows whether entries were cut off."""
    with open_present_clinic(has_to_fit=False) as clinic, begin_read(clinic.engine) as connection:
        click.echo(write_head(find_head(connection)))


def write_head(head: Head) -> str:
    """Return an end of the log as it is written down."""
    return f"{head.number}:{head.link}"


def _read_head(typed: str) -> Head:
    found = _HEAD.fullmatch(typed.strip())
    if found is None:
        raise click.BadParameter("write it as it was printed: NUMBER:LINK", param_hint="--head")
    return Head(int(found[1]), found[2])


def _read_reference(typed: str) -> str:
    try:
        return parse_reference(typed) if typed else ""
    except ReferenceCodeError as error:
        raise click.BadParameter(str(error), param_hint="--reference") from None


def _write_entry(entry: Entry, names: dict[str, Person]) -> str:
    event = entry.event
    about = " ".join(f"{name}={value}" for name, value in event.about.items())
    who, subject = _name(names, event.actor), _name(names, event.subject)
    parts = (f"{entry.number}", f"{entry.at:%Y-%m-%d %H:%M:%S}", who, event.action, subject, event.outcome)
    return "  ".join(filter(None, (*parts, event.origin, about)))


def _name(people: dict[str, Person], one: str) -> str:
    return people[one].login if one in people else one
