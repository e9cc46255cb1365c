"""security.md S13: what was sent is in no backup and in no file of either database; a flipped byte is told on the page.

And the patients' machine opens nothing with any command, though it has the whole database.
"""

from contextlib import closing
from pathlib import Path

import pytest

from app.questionnaire.answer import Answer, Text
from app.storage.responses import StoredVersion
from app.storage.tables import RESPONSE_VERSIONS
from app.vault.reference import format_reference
from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.cli.conftest import Run, run
from tests.security.sending import open_files, walk_and_send
from tests.security.test_s13_sealed import CANARY, MAIL, NAME, TRACES, change, find_traces
from tests.support.postgres import PostgresServer
from tests.support.server import Server, StartServer

__all__ = ["run"]

WHO = {"patient-name": [NAME], "patient-email": [MAIL]}
ANSWERS: dict[str, Answer] = {"other-conditions": Text(CANARY), "questions-for-doctor": Text(CANARY * 20)}
COMMANDS = (
    ("export", "-", "--format", "json-lines", "--include", "identity"),
    ("response", "show", "REFERENCE", "--reason", "drill"),
    ("audit", "list"),
    ("keys", "rotate"),
    ("backup", "stolen"),
)


def list_stored(server: Server, database_url: str) -> list[StoredVersion]:
    """Return what a clinic received."""
    with open_files(server.data, database_url) as files:
        return files.list_stored()


def sign_in(server: Server) -> Walker:
    """Sign in as somebody who may do everything."""
    staff = Walker(server.url)
    staff.ask("GET", "/clinic/sign-in")
    form = next(form for form in staff.document.forms if form.action == "/clinic/demonstration")
    staff.ask("POST", form.action, encode({**form.fields, "as": ["lead"]}))
    return staff


def test_it_is_in_no_backup_and_in_no_file_of_the_database(
    start_server: StartServer, run: Run, tmp_path: Path, database_url: str, request: pytest.FixtureRequest
) -> None:
    # Given somebody who sent, and a member of staff who opened it and found it by its name
    server = start_server(database_url=database_url)
    walk_and_send(server.url, ANSWERS, WHO).connection.close()
    [stored] = list_stored(server, database_url)
    staff = sign_in(server)
    with closing(staff.connection):
        staff.ask("GET", f"/clinic/responses/{format_reference(stored.reference)}")
        assert CANARY in staff.body.decode()
    # When it is backed up
    environ = {"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1", "FOREWORD_DATABASE_URL": database_url}
    made = run("backup", str(tmp_path / "kept"), **environ)
    assert made.code == 0, made.err
    # Then it is readable in no file: of the program, of its log, of its temporary folder, or of the backup
    places = [server.data, server.log.parent]
    (tmp_path / "copies").mkdir()
    (tmp_path / "kept").rename(tmp_path / "copies" / "kept")
    assert find_traces(*places, tmp_path / "copies") == []
    # Nor in any file of the database's server, its journal among them, where the sealed bytes are
    if database_url.startswith("postgresql"):
        cluster: PostgresServer = request.getfixturevalue("postgres_server")
        files = [path for path in (cluster.folder / "data").rglob("*") if path.is_file()]
        contents = [path.read_bytes() for path in files]
        assert any(stored.reference.encode() in content for content in contents)
        assert [name for name, trace in TRACES.items() if any(trace in content for content in contents)] == []


def test_a_flipped_byte_is_told_on_the_page_and_hides_no_other(start_server: StartServer, run: Run) -> None:
    server = start_server()
    database_url = f"sqlite:///{server.data / 'foreword.sqlite3'}"
    for _ in range(2):
        walk_and_send(server.url, ANSWERS, WHO).connection.close()
    first, second = list_stored(server, database_url)
    changed = bytearray(first.sealed)
    changed[len(changed) // 2] ^= 1
    with change(database_url) as connection:
        rows = RESPONSE_VERSIONS.c
        connection.execute(
            RESPONSE_VERSIONS.update().where(rows.reference == first.reference).values(sealed=bytes(changed))
        )
    staff = sign_in(server)
    with closing(staff.connection):
        broken, whole = (f"/clinic/responses/{format_reference(one.reference)}" for one in (first, second))
        staff.ask("GET", broken)
        assert staff.status == 200
        assert "cannot be opened: what was stored was changed, or its key is missing" in staff.document.text
        assert CANARY not in staff.document.text
        staff.ask("GET", f"{broken}.pdf")
        assert staff.status == 404
        staff.ask("GET", whole)
        assert CANARY in staff.document.text
        staff.ask("GET", "/clinic/responses")
        assert "Cannot be opened." in staff.document.text
        assert staff.document.text.count(NAME) >= 1
    server.stop(may_have_failed=True)  # it says in its log which one does not open
    made = run("export", "-", FOREWORD_DATA=str(server.data), FOREWORD_DEMO="1")
    assert made.code == 1
    assert "1 response cannot be opened" in made.err or format_reference(first.reference) in made.out


def test_the_patients_machine_opens_nothing_with_any_command(
    start_server: StartServer, run: Run, tmp_path: Path
) -> None:
    database_url = f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    clinic = start_server(role="clinic", database_url=database_url)
    patients = start_server(role="patient", database_url=database_url, clinic_url=clinic.url)
    walk_and_send(patients.url, ANSWERS, WHO).connection.close()
    [stored] = list_stored(clinic, database_url)
    environ = {"FOREWORD_DATA": str(patients.data), "FOREWORD_DEMO": "1", "FOREWORD_DATABASE_URL": database_url}
    # As it is set there; and as somebody would try who took the machine over
    for role, commands in (("patient", COMMANDS[:2]), ("all", COMMANDS)):
        for words in commands:
            named = [stored.reference if word == "REFERENCE" else word for word in words]
            done = run(*named, FOREWORD_ROLE=role, **environ)
            assert done.code == 2, (role, words, done)
            assert [word for word in (CANARY, NAME, MAIL) if word in done.out + done.err] == [], words
    assert find_traces(patients.data, tmp_path) == []
