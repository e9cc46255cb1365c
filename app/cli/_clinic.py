"""What commands that work on a clinic's responses open first: its database, its keys and what it has set."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.clinic.editions import EditionShelf
from app.clinic.keeper import ClinicKeeper
from app.desk.keyring import Desk, open_desk
from app.files import make_data_folder
from app.settings import ProgramRole, Settings, StartError, load_settings
from app.storage.engine import SchemaRevisionError, create_engine_for, migrate

ACTOR = "command line"
"""Who acts in the audit log when a command does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClinic:
    """A clinic that is open for one command."""

    settings: Settings
    engine: Engine
    desk: Desk
    keeper: ClinicKeeper
    editions: EditionShelf


@contextmanager
def open_clinic(settings: Settings | None = None) -> Iterator[OpenClinic]:
    """Open the clinic of the settings; raises `StartError` where that cannot be done."""
    settings = settings or load_settings(os.environ)
    if not settings.has_staff:
        raise StartError(
            f"FOREWORD_ROLE: {ProgramRole.PATIENT.value} has no private keys, which this needs; "
            "run it where the clinic's side runs"
        )
    os.umask(0o077)  # whatever is made is no more open than the data folder
    make_data_folder(settings.data)
    engine = create_engine_for(settings.database_url)
    try:
        migrate(engine)
        desk = open_desk(engine, settings, datetime.now(UTC))
        keeper = ClinicKeeper(engine, is_demonstration=settings.is_demo)
        yield OpenClinic(settings=settings, engine=engine, desk=desk, keeper=keeper, editions=EditionShelf(engine))
    except SchemaRevisionError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    except SQLAlchemyError as error:
        raise StartError(
            f"FOREWORD_DATABASE_URL: the database cannot be used ({type(error).__name__}); "
            "look whether it runs, and whether this program may write to it"
        ) from None
    finally:
        engine.dispose()
