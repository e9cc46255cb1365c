"""`foreword serve`: make the application ready, open it, and clear away what nobody may keep."""

import os
import sys
import threading
from datetime import UTC, datetime
from typing import Final

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app import create_app, server
from app.logs import configure_logs, record_failure
from app.settings import StartError, load_settings
from app.storage.drafts import purge_expired
from app.storage.engine import SchemaRevisionError, begin_write, checkpoint, migrate

_PURGE_SECONDS: Final = 600
_OWNER_ONLY: Final = 0o077


@click.command()
def serve() -> None:
    """Serve the questionnaire until told to stop; docs/settings.md says what can be set."""
    settings = load_settings(os.environ)
    os.umask(_OWNER_ONLY)  # a journal or a key made later is no more open than its folder
    server.stop_on_signals()
    configure_logs(sys.stderr)
    listener = server.open_listener(settings)
    app = create_app(settings)
