"""`foreword staff`: the clinic's people from the server's side, also when none of them can sign in any more."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NoReturn

import click
from sqlalchemy import Connection

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.desk.person_words import LONGEST_NAME, is_login, is_name
from app.desk.staff import JOIN_PATH, invite, reset
from app.output.visible import show_hidden
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write
from app.storage.invitations import Purpose, revoke_invitations
from app.storage.people import (
    LoginTakenError,
    Person,
    Role,
    change_activity,
    create_person,
    find_person_by_login,
    list_people,
)
from app.storage.sessions import end_sessions_of

CANNOT: Final = 2


@click.group()
def staff() -> None:
    """Look after the people of the clinic: invite, disable, enable, and let in again who is locked out."""


@staff.command("list")
def list_() -> None:
    """Tell everybody there is: sign-in name, roles, whether the account is open, last sign-in, and name."""
    now = datetime.now(UTC)
    with open_present_clinic(has_to_fit=False) as clinic, begin_write(clinic.engine) as connection:
        people = list_people(connection)
        event = Event(action="people.listed", actor=ACTOR, about={"people": len(people)})
        append_event(connection, clinic.desk.chain_key, event, now)
    for person in people:
        roles = ",".join(sorted(person.roles)) or "none"
        seen = f"{person.signed_in_at:%Y-%m-%d %H:%M} UTC" if person.signed_in_at else "never"
        click.echo(f"{_show(person.login)}  {roles}  {_name_state(person)}  {seen}  {_show(person.name)}")


@staff.command("invite")
@click.argument("login")
@click.option("--name", required=True, help="What colleagues call the person.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What the person may do; can be given more than once.",
)
def invite_(login: str, name: str, roles: tuple[str, ...]) -> None:
    """Print a link by which somebody new joins; LOGIN is the name they will sign in with, such as ann@clinic.example.

    The link works once, for a day.
    """
    if not is_login(login):
        _refuse(
            "LOGIN: this is no sign-in name; write one that looks like an e-mail address, such as ann@clinic.example"
        )
    if not is_name(name):
        _refuse(f"--name: this is no name; write one of at most {LONGEST_NAME} characters, and no control characters")
    now = datetime.now(UTC)
    with open_present_clinic(has_to_fit=False) as clinic:
        try:
            with begin_write(clinic.engine) as connection:
                person = create_person(connection, login=login, name=name.strip(), roles=map(Role, roles), now=now)
                secret = invite(connection, person, Purpose.PERSON, now)
                about = {"roles": " ".join(sorted(person.roles))}
                _record(clinic, connection, "person.invited", person, now, about)
        except LoginTakenError:
            _refuse(f"{login}: somebody signs in with this name already; choose another, or: foreword staff reset")
        _say_link(clinic, secret)


@staff.command()
@click.argument("login")
def disable(login: str) -> None:
    """Keep the person out who signs in as LOGIN, at once and everywhere; what they did stays in the log."""
    now = datetime.now(UTC)
    with open_present_clinic(has_to_fit=False) as clinic, begin_write(clinic.engine) as connection:
        person = _find(connection, login)
        change_activity(connection, person.id, is_active=False)
        end_sessions_of(connection, person.id, now)
        revoke_invitations(connection, person.id)
        _record(clinic, connection, "person.disabled", person, now)
    click.echo(f"{person.login} cannot sign in any more")


@staff.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let the person in again who signs in as LOGIN."""
    now = datetime.now(UTC)
    with open_present_clinic(has_to_fit=False) as clinic, begin_write(clinic.engine) as connection:
        person = _find(connection, login)
        change_activity(connection, person.id, is_active=True)
        _record(clinic, connection, "person.enabled", person, now)
    click.echo(f"{person.login} can sign in again")


@staff.command("reset")
@click.argument("login")
def reset_(login: str) -> None:
    """Print a link by which the person who signs in as LOGIN chooses a new password and second factor.

    The old ones stop working at once. This is also the way back when every administrator is locked out.
    """
    now = datetime.now(UTC)
    with open_present_clinic(has_to_fit=False) as clinic:
        with begin_write(clinic.engine) as connection:
            person = _find(connection, login)
            if person.is_demonstration:
                _refuse(f"{login}: this account belongs to the demonstration, and has nothing to reset")
            if not person.is_active:
                _refuse(f"{login}: this account is closed; open it first: foreword staff enable {person.login}")
            secret = reset(connection, person, now)
            _record(clinic, connection, "person.changed", person, now, {"change": "reset"})
        _say_link(clinic, secret)


def _find(connection: Connection, login: str) -> Person:
    person = find_person_by_login(connection, login)
    if person is None:
        _refuse(f"{login}: nobody signs in with this name; foreword staff list tells who there is")
    return person


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(CANNOT)


def _record(
    clinic: OpenClinic,
    connection: Connection,
    action: str,
    person: Person,
    now: datetime,
    about: Mapping[str, str | int] | None = None,
) -> None:
    event = Event(action=action, actor=ACTOR, subject=person.id, about=about or {})
    append_event(connection, clinic.desk.chain_key, event, now)


def _say_link(clinic: OpenClinic, secret: str) -> None:
    click.echo(f"{clinic.settings.clinic_url}{JOIN_PATH}{secret}")


def _show(text: str) -> str:
    """Return a text as one line that no terminal takes for an order."""
    return " ".join(show_hidden(text).split())


def _name_state(person: Person) -> str:
    if not person.is_active:
        return "closed"
    return "open" if person.joined_at else "invited"
