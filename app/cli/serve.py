"""`foreword serve`: the questionnaire, open until told to stop."""

import os
import sys
from typing import Final

import click

from app import server
from app.logs import configure_logs
from app.settings import load_settings

_OWNER_ONLY: Final = 0o077


@click.command()
def serve() -> None:
    """Serve the questionnaire until told to stop; docs/settings.md says what can be set."""
    os.umask(_OWNER_ONLY)  # whatever is made later is no more open than the folder it is in
    settings = load_settings(os.environ)
    configure_logs(sys.stderr, role=settings.role.value)
    server.run(settings, announce=click.echo)
