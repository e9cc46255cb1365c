"""Somebody who sends over a real connection, and the clinic's desk that opens a real server's files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from app.clinic.editions import EditionShelf
from app.desk.keyring import Desk, open_desk
from app.desk.opening import OpenedVersion, UnreadableError, open_version
from app.questionnaire.answer import Answer
from app.settings import load_settings
from app.storage.engine import begin_read, create_engine_for
from app.storage.responses import StoredVersion, list_versions
from app.storage.tables import RESPONSES
from tests.bench.walker import Walker
from tests.support.server import Server

WHO = {
    "patient-name": ["Zoë O’Test"],
    "patient-birth-day": ["3"],
    "patient-birth-month": ["May"],
    "patient-birth-year": ["1990"],
    "consent-to-share": ["agree"],
}


def walk_and_send(url: str, answers: Mapping[str, Answer], who: Mapping[str, list[str]] | None = None) -> Walker:
    """Walk somebody through the form of a server and let them send it."""
    walker = Walker(url)
    walker.start()
    walker.walk(answers)
    walker.ask("GET", "/share/send")
    walker.send(walker.document.forms[0], {**WHO, **(who or {})})
    assert (walker.status, walker.path) == (200, "/done"), walker.body.decode()
    return walker


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A database with a folder of keys beside it."""

    engine: Engine
    desk: Desk
    shelf: EditionShelf

    def list_stored(self) -> list[StoredVersion]:
        """Return every version of every response, the oldest response first."""
        with begin_read(self.engine) as connection:
            references = connection.execute(select(RESPONSES.c.reference).order_by(RESPONSES.c.received_at)).scalars()
            return [version for reference in list(references) for version in list_versions(connection, reference)]

    def open(self, version: StoredVersion) -> OpenedVersion:
        """Return a version, opened; raises UnreadableError."""
        return open_version(self.desk, self.shelf.find, version)

    def open_all(self) -> list[OpenedVersion | UnreadableError]:
        """Return what comes of opening each of them."""
        found: list[OpenedVersion | UnreadableError] = []
        for version in self.list_stored():
            try:
                found.append(self.open(version))
            except UnreadableError as error:
                found.append(error)
        return found


@contextmanager
def open_files(folder: Path, database_url: str) -> Iterator[OpenDesk]:
    """Open a database with the keys in a data folder, as the program does; raises StartError where they do not fit."""
    settings = load_settings({"FOREWORD_DATA": str(folder), "FOREWORD_DATABASE_URL": database_url})
    engine = create_engine_for(database_url)
    try:
        yield OpenDesk(engine, open_desk(engine, settings, datetime.now(UTC)), EditionShelf(engine))
    finally:
        engine.dispose()


def name_database(server: Server) -> str:
    """Return the URL of the SQLite database in a server's own folder."""
    return f"sqlite:///{server.data / 'foreword.sqlite3'}"
