"""`foreword response`: reading one response when no member of staff can sign in (45 CFR 164.312(a)(2)(ii), S36)."""

import sys
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import click

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.desk.opening import OpenedVersion, UnreadableError, open_newest
from app.output.frame import build_frame
from app.output.text import render_text
from app.output.visible import show_hidden
from app.questionnaire.summary import build_summary
from app.settings import StartError
from app.storage.audit import Event, append_event
from app.storage.engine import begin_read, begin_write
from app.storage.responses import find_response
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference

REASONS: Final = ("patient-in-danger", "staff-locked-out", "system-down", "legal-order", "drill")
"""Why somebody opens a response so: words of this program, which may stand in the audit log."""


@click.group()
def response() -> None:
    """Reach responses without the staff pages, in an emergency."""


@response.command()
@click.argument("reference")
@click.option("--reason", type=click.Choice(REASONS), help="Why; it is asked for when it is not given.")
def show(reference: str, reason: str | None) -> None:
    """Print the response with this REFERENCE as text.

    For emergencies: it needs the private key on this machine, and stands in the audit log as emergency.opened. What is
    printed holds health information; see to who can read the screen.
    """
    try:
        wanted = parse_reference(reference)
    except ReferenceCodeError as error:
        raise click.BadParameter(str(error), param_hint="REFERENCE") from None
    reason = reason or click.prompt("Why is it opened", type=click.Choice(REASONS), err=True)
    with open_present_clinic() as clinic:
        opened = _open(clinic, wanted)
        outcome = "done" if opened else "refused"
        event = Event(
            action="emergency.opened", actor=ACTOR, subject=wanted, outcome=outcome, about={"reason": f"{reason}"}
        )
        with begin_write(clinic.engine) as connection:  # before a word of it is shown
            append_event(connection, clinic.desk.chain_key, event, datetime.now(UTC))
        if opened is None:
            raise StartError(
                f"{format_reference(wanted)}: there is no such response, or it does not open with the keys here; "
                "look at the reference, then: foreword doctor"
            )
        click.echo(_draw(clinic, opened), nl=False)
    sys.stdout.flush()


def _open(clinic: OpenClinic, reference: str) -> OpenedVersion | None:
    with begin_read(clinic.engine) as connection:
        found = find_response(connection, reference)
        if found is None:
            return None
        try:
            return open_newest(connection, clinic.desk, clinic.editions.find, found)
        except UnreadableError:
            return None


def _draw(clinic: OpenClinic, opened: OpenedVersion) -> str:
    profile = clinic.keeper.get().clinic
    if profile is None:
        raise StartError("the clinic is not set up; open /clinic/setup")
    patient, language = opened.sent.patient, opened.sent.response.language
    frame = build_frame(
        profile,
        language=language,
        today=opened.sent_at.astimezone(ZoneInfo(profile.time_zone)).date(),
        translate=str,
        reference=format_reference(opened.reference),
        name=patient.name,
    )
    birth = frame.format_date(*patient.birth) if patient.birth else "not given"
    head = f"Date of birth: {birth}\nHow to reach them: {patient.contact or 'not given'}\n\n"
    return show_hidden(head) + render_text(build_summary(opened.edition, opened.sent.response.answers, frame))
