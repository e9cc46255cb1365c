"""What commands that work on a clinic's responses open first: its database, its keys and what it has set."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from app.clinic.editions import EditionShelf
from app.clinic.keeper import ClinicKeeper
from app.desk.keyring import Desk, open_desk, require_own_database
from app.files import make_data_folder
from app.settings import ProgramRole, Settings, StartError, load_settings
from app.storage.engine import DatabaseUrlError, SchemaRevisionError, begin_read, create_engine_for, migrate
from app.storage.kind import find_kind
from app.storage.trouble import explain_failure, is_new

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
def open_present_clinic(*, has_to_fit: bool = True) -> Iterator[OpenClinic]:
    """Open the clinic of the settings, and make none where there is none; raises `StartError`."""
    settings = load_settings(os.environ)
    require_database(settings)
    with open_clinic(settings, has_to_fit=has_to_fit) as clinic:
        yield clinic


def require_database(settings: Settings) -> None:
    """Raise `StartError` where there is no database, or nothing in it: a wrong one looks like an empty clinic."""
    url = make_url(settings.database_url)
    if url.drivername.startswith("sqlite") and not Path(url.database or "").exists():
        raise StartError(
            f"{url.database}: there is no database; name its folder in FOREWORD_DATA, or begin one: foreword serve"
        )
    try:
        engine = create_engine_for(settings.database_url)
    except DatabaseUrlError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    try:
        require_own_database(engine, settings)
        if is_new(engine):
            raise StartError(
                "FOREWORD_DATABASE_URL: nothing is in this database; name the clinic's, or begin one: foreword serve"
            )
    except SQLAlchemyError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {explain_failure(error)}") from None
    finally:
        engine.dispose()


@contextmanager
def open_clinic(settings: Settings | None = None, *, has_to_fit: bool = True) -> Iterator[OpenClinic]:
    """Open the clinic of the settings; raises `StartError` where that cannot be done, as `open_desk` does."""
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
        require_own_database(engine, settings)
        migrate(engine)
        desk = open_desk(engine, settings, datetime.now(UTC), has_to_fit=has_to_fit)
        with begin_read(engine) as connection:
            kind = find_kind(connection)
        # A command reads either kind whatever is set: only the server, where people sign in, has to be told.
        keeper = ClinicKeeper(engine, is_demonstration=settings.is_demo if kind is None else kind)
        yield OpenClinic(settings=settings, engine=engine, desk=desk, keeper=keeper, editions=EditionShelf(engine))
    except SchemaRevisionError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    except SQLAlchemyError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {explain_failure(error)}") from None
    finally:
        engine.dispose()
