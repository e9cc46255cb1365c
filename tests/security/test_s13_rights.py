"""security.md S13 on PostgreSQL: patients' pages work with a database user who sees and changes next to nothing."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url

from app.desk.opening import OpenedVersion
from app.storage import staff_tables  # noqa: F401  importing it is what fills METADATA
from app.storage.metadata import METADATA
from app.storage.rights import PATIENT_COLUMNS, PATIENT_RIGHTS
from tests.security.sending import open_files, walk_and_send
from tests.support.server import COMMAND, StartServer
from tests.web.clinic.conftest import make_app
from tests.web.patient.conftest import Clock, clock
from tests.web.patient.sender import find_services

__all__ = ["clock"]

CLOSED = {
    "audit_entries",
    "invitations",
    "notes",
    "passkeys",
    "people",
    "recovery_codes",
    "response_tokens",
    "staff_sessions",
}
ALL_RIGHTS = {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}
REFUSED = [
    *(f"TABLE {table}" for table in sorted(CLOSED)),
    "SELECT sealed FROM response_versions",
    "INSERT INTO invitations (secret_hash) VALUES ('x')",
    "INSERT INTO clinic_keys (id, public, made_at) VALUES ('x', '', now())",
    "UPDATE clinic_keys SET public = ''",
    "INSERT INTO clinic_settings (revision, content, changed_at, changed_by) VALUES (99, '{}', now(), 'x')",
    "INSERT INTO people (id) VALUES ('x')",
    "UPDATE responses SET owner = 'x'",
    "UPDATE responses SET is_restricted = false, is_kept = false",
    "UPDATE responses SET reference = 'x'",
    "DELETE FROM responses",
    "DELETE FROM throttles",
    "UPDATE editions SET canonical = ''",
    "UPDATE clinic_kind SET is_demonstration = true",
    "UPDATE audit_head SET number = 0",
    "INSERT INTO chores (name, done_on, done_at) VALUES ('purge', '9999-12-31', now())",
    "UPDATE alembic_version SET version_num = '9999'",
    "DROP TABLE drafts",
    "CREATE TABLE mine (number INTEGER)",
]


@pytest.fixture
def place(tmp_path: Path, clock: Clock, postgres_url: str) -> Iterator[Path]:
    """Make a demonstration's database on PostgreSQL, with its keys in a folder, and a user for patients' pages."""
    find_services(make_app(tmp_path, clock, DATABASE_URL=postgres_url, DEMO="1")).engine.dispose()
    with connect(postgres_url) as owner:
        owner.execute("CREATE ROLE patients LOGIN")
        granted = subprocess.run([COMMAND, "grants", "--user", "patients"], capture_output=True, check=True, text=True)
        owner.execute(sql.SQL(granted.stdout))
    yield tmp_path
    with connect(postgres_url) as owner:
        owner.execute("DROP OWNED BY patients")
        owner.execute("DROP ROLE patients")


def connect(url: str, user: str = "postgres") -> psycopg.Connection:
    parsed = make_url(url)
    return psycopg.connect(host=str(parsed.query["host"]), user=user, dbname=str(parsed.database), autocommit=True)


def test_patients_walk_and_send_and_the_clinic_reads_it(
    place: Path, postgres_url: str, start_server: StartServer
) -> None:
    server = start_server(role="patient", database_url=postgres_url.replace("postgres@", "patients@"))
    with closing(walk_and_send(server.url, {}).connection):
        server.stop()  # which fails if the log has an error, as of a purge that may not
    assert not (server.data / "keys").exists()
    with open_files(place, postgres_url) as desk:
        [opened] = desk.open_all()
    assert isinstance(opened, OpenedVersion)
    assert opened.sent.patient.name == "Zoë O’Test"


@pytest.mark.usefixtures("place")
def test_the_doctor_looks_with_that_user_s_eyes(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "patients").mkdir(mode=0o700)
    settings = {"ROLE": "patient", "DEMO": "1", "DATA": f"{tmp_path}/patients"}
    settings["DATABASE_URL"] = postgres_url.replace("postgres@", "patients@")
    environment = {f"FOREWORD_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [COMMAND, "doctor", "--offline"], capture_output=True, check=False, text=True, env=environment
    )
    assert "this is a demonstration" in done.stdout
    assert "could not be looked at" not in done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.usefixtures("place")
def test_that_user_reads_no_staff_and_adds_no_way_in(postgres_url: str) -> None:
    with connect(postgres_url, "patients") as user:
        done = [statement for statement in REFUSED if is_allowed(user, statement)]
    assert done == []


def is_allowed(user: psycopg.Connection, statement: str) -> bool:
    try:
        user.execute(sql.SQL(statement))
    except InsufficientPrivilege:
        return False
    return True


@pytest.mark.usefixtures("place")
def test_each_table_is_open_as_far_as_it_is_named_and_no_further(postgres_url: str) -> None:
    assert {table.name for table in PATIENT_RIGHTS} | CLOSED == set(METADATA.tables)
    named = {table.name: set(rights) for table, rights in PATIENT_RIGHTS.items()}
    with connect(postgres_url) as owner:
        for table in METADATA.tables.values():
            asked = "SELECT has_table_privilege('patients', %s, %s)"
            has = {right for right in ALL_RIGHTS if owner.execute(asked, (table.name, right)).fetchone() == (True,)}
            assert has == named.get(table.name, set()), table.name
            asked = "SELECT has_column_privilege('patients', %s, %s, 'UPDATE')"
            changed = {
                column.name
                for column in table.columns
                if owner.execute(asked, (table.name, column.name)).fetchone() == (True,)
            }
            some = {column.name for column in PATIENT_COLUMNS.get(table, ())}
            assert changed == ({column.name for column in table.columns} if "UPDATE" in has else some), table.name
