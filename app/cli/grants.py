"""`foreword grants`: prints what a database user may do who is there for patients' pages alone."""

import click

from app.storage.rights import list_patient_grants


@click.command()
@click.option("--user", default="foreword_patient", help="The database user; foreword_patient unless named.")
def grants(user: str) -> None:
    """Print SQL that gives a PostgreSQL user what FOREWORD_ROLE=patient needs.

    Such a user can read no staff, no log and nothing that was sent, and can add neither an invitation nor a key.
    """
    for statement in list_patient_grants(user):
        click.echo(statement)
