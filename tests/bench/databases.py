"""The two databases, each as a clinic would have it: PostgreSQL waits for the disk, as SQLite does."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import PostgresServer, place_programs

DATABASES = ("SQLite", "PostgreSQL")


@contextmanager
def open_database(name: str) -> Iterator[Mapping[str, str]]:
    """Give the settings with which a server uses a new and empty database; it is gone afterwards."""
    if name == "SQLite":
        yield {}
        return
    with serve_postgres() as server:
        yield {"database_url": server.create_database()}


@contextmanager
def serve_postgres() -> Iterator[PostgresServer]:
    """Give a PostgreSQL server with its own defaults, so that what it said is stored is on the disk."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user, _ = place_programs(folder)
    server = PostgresServer(folder, user)
    if user:
        folder.chmod(0o711)
        shutil.chown(folder, user)
    try:
        server.run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres")
        server.run("pg_ctl", "--wait", f"--log={folder}/log", f"--options=-h '' -k {folder}", "start")
        try:
            yield server
        finally:
            server.run("pg_ctl", "--wait", "--mode=fast", "stop")
    finally:
        shutil.rmtree(folder)
