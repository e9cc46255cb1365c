"""`foreword doctor`: everything that is not as it should be with a running clinic, told at once."""

import os
import sys
from datetime import UTC, datetime
from typing import Final

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli._clinic import require_database
from app.desk.doctor import examine
from app.desk.doctor_backup import describe_last
from app.desk.doctor_record import list_used_keys
from app.settings import StartError, load_settings
from app.storage.engine import DatabaseUrlError, create_engine_for, find_revision
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
    try:
        engine = create_engine_for(settings.database_url)
        find_revision(engine)
    except DatabaseUrlError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    except SQLAlchemyError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {explain_failure(error)}") from None
    try:
        parts = examine(settings, engine, datetime.now(UTC), is_online=not offline)
        used = list_used_keys(engine)
        last = describe_last(engine, datetime.now(UTC))
    finally:
        engine.dispose()
    click.echo(f"Keys in use, with how many responses and notes: {', '.join(used) or 'none'}", err=True)
    click.echo(f"Last good backup: {last}", err=True)
    findings = [finding for part in parts for finding in part.findings]
    for finding in findings:
        click.echo(str(finding))
    if findings:
        sys.exit(FOUND)
    click.echo(f"{len(parts)} parts were looked at; all is in order.")
