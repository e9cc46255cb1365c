"""`foreword demo`: a clinic that looks lived in, for whoever tries the program or measures it."""

import os
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import click

from app.cli._clinic import OpenClinic, open_clinic
from app.cli._files import make_edition, read_definition
from app.cli._progress import show_progress
from app.clinic.kind import require_kind
from app.clinic.profile import DEMONSTRATION
from app.desk.demo import Made, fill_demonstration
from app.desk.demo_plan import Span
from app.questionnaire.canonical import dump_canonical
from app.questionnaire.edition import Edition
from app.questionnaire.errors import DefinitionError
from app.settings import StartError, load_settings
from app.storage.clinic_keys import find_newest_key
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write
from app.storage.worklist import ResponseFilter, count_responses

_MOST_DAYS: Final = 175
"""Over how long made-up responses came in: as far as the overview looks back."""


@click.command()
@click.option("--responses", default=24, show_default=True, type=click.IntRange(1), help="How many there shall be.")
@click.option("--seed", default="1", show_default=True, help="The same seed makes the same patients.")
@click.option("--if-empty", is_flag=True, help="Do nothing where responses are already.")
def demo(responses: int, seed: str, *, if_empty: bool) -> None:
    """Fill a demonstration with made-up responses, reviewed by made-up staff.

    It needs FOREWORD_DEMO=1: nobody fills a real clinic by mistake. Those of the same seed that are there already are
    left as they are.
    """
    settings = load_settings(os.environ)
    if if_empty and not settings.has_staff:
        return
    if not settings.is_demo:
        raise StartError("FOREWORD_DEMO: made-up responses belong in no real clinic; set it to 1 for a demonstration")
    with open_clinic(settings) as clinic:
        require_kind(clinic.engine, settings)
        if if_empty and _has_responses(clinic):
            return
        made = _fill(clinic, responses, seed, is_quiet=if_empty)
    if not if_empty:
        click.echo(f"{made} made-up responses came in; {responses - made} were there already")


def _fill(clinic: OpenClinic, responses: int, seed: str, *, is_quiet: bool) -> int:
    now = datetime.now(UTC)
    with begin_read(clinic.engine) as connection:
        key = find_newest_key(connection)
    if key is None:
        raise StartError("FOREWORD_DATA: there is no key to seal responses to")
    profile = clinic.keeper.get().settings or DEMONSTRATION
    days = min(_MOST_DAYS, max(1, profile.retention_days - 1))
    span = Span(now=now, days=days, zone=ZoneInfo(profile.time_zone))
    made = Made(count=responses, seed=seed, span=span, retention_days=profile.retention_days)
    edition = _record_edition(clinic, now - timedelta(days=days), now)
    filling = fill_demonstration(clinic.engine, clinic.desk, key, edition, made)
    return sum(filling if is_quiet else show_progress("Made-up responses", filling, responses))


def _record_edition(clinic: OpenClinic, first: datetime, now: datetime) -> Edition:
    """Return the edition that is served, stored as the server stores it."""
    try:
        definition = read_definition(clinic.settings.questions)
    except DefinitionError as error:
        raise StartError(*(str(fault) for fault in error.faults)) from None
    edition, questionnaire = make_edition(definition), definition.questionnaire
    with begin_write(clinic.engine) as connection:
        for moment in (first, now):  # used as long as its responses are old, and accepted now
            record_edition(
                connection,
                edition.hash,
                dump_canonical(questionnaire),
                language=questionnaire.language,
                title=questionnaire.title.to(questionnaire.language),
                now=moment,
            )
    return edition


def _has_responses(clinic: OpenClinic) -> bool:
    with begin_read(clinic.engine) as connection:
        return count_responses(connection, ResponseFilter(has_restricted=True), 1) > 0
