"""`foreword doctor`: everything that is not as it should be with a running clinic, told at once."""

import os
import sys
from datetime import UTC, datetime
from typing import Final

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.cli._clinic import require_database
from app.desk.doctor import examine
from app.desk.doctor_backup import describe_last
from app.desk.doctor_record import list_used_keys
from app.settings import StartError, load_settings
from app.storage.engine import create_engine_for
from app.storage.trouble import explain_failure

FOUND: Final = 1


@click.command()
@click.option("--offline", is_flag=True, help="Ask no other machine: neither the website nor e-mail nor Redis.")
def doctor(*, offline: bool) -> None:
    """Tell everything that is wrong with this clinic's server, each with its remedy.

    It changes nothing. The exit code is 0 when all is in order, 1 when there is something, 2 when it cannot look.
    """
    settings = load_settings(os.environ)
    require_database(settings)
    engine = create_engine_for(settings.database_url)
    try:
        parts = examine(settings, engine, datetime.now(UTC), is_online=not offline)
        # A patients' machine may have a database user who reads nothing that was sent (foreword grants).
        known = _describe_record(engine) if settings.has_staff else ()
    except SQLAlchemyError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {explain_failure(error)}") from None
    finally:
        engine.dispose()
    for line in known:
        click.echo(line, err=True)
    findings = [finding for part in parts for finding in part.findings]
    for finding in findings:
        click.echo(str(finding))
    if findings:
        sys.exit(FOUND)
    click.echo(f"{len(parts)} parts were looked at; all is in order.")


def _describe_record(engine: Engine) -> tuple[str, ...]:
    used = ", ".join(list_used_keys(engine)) or "none"
    return (
        f"Keys in use, with how many responses and notes: {used}",
        f"Last good backup: {describe_last(engine, datetime.now(UTC))}",
    )
