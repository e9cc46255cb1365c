"""S18: what staff erase through the page is in no file, in no later backup and in nothing restored from one.

A real server on SQLite: database, journal, log and temporary folder are searched for the pieces of its sealed bytes.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from app.questionnaire.answer import Text
from app.storage.responses import StoredVersion
from app.vault.reference import format_reference
from tests.bench.load import encode
from tests.cli.conftest import Run, run
from tests.security.sending import name_database, open_files, walk_and_send
from tests.security.test_s13_everywhere import sign_in
from tests.storage.test_erasure import cut, search
from tests.support.server import Server, StartServer

__all__ = ["run"]


def list_stored(server: Server) -> list[StoredVersion]:
    """Return what a clinic has."""
    with open_files(server.data, name_database(server)) as files:
        return files.list_stored()


def erase(server: Server, reference: str) -> None:
    """Erase a response as staff do."""
    staff = sign_in(server)
    with closing(staff.connection):
        path = f"/clinic/responses/{reference}/erase"
        staff.ask("GET", path)
        form = next(form for form in staff.document.forms if form.action == path)
        staff.ask("POST", path, encode({**form.fields, "reason": ["patient-asked"]}))
        form = next(form for form in staff.document.forms if form.action == path)
        button = next(value for name, value in list_buttons(staff.body.decode()) if name == "action")
        staff.ask("POST", path, encode({**form.fields, "action": [button]}))
        staff.ask("GET", f"/clinic/responses/{reference}")
        assert staff.status in {404, 410}, staff.document.text


def list_buttons(html: str) -> list[tuple[str, str]]:
    """Return name and value of each button that has them."""
    parts = html.split("<button ")[1:]
    return [
        (part.partition('name="')[2].partition('"')[0], part.partition('value="')[2].partition('"')[0])
        for part in parts
        if 'name="' in part.partition(">")[0]
    ]


def test_what_is_erased_stays_erased(start_server: StartServer, run: Run, tmp_path: Path) -> None:
    # Given three responses, and a backup that has them
    server = start_server()
    for number in range(3):
        walk_and_send(server.url, {"other-conditions": Text(f"Number {number} " * 50)}).connection.close()
    environ = {"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1"}
    gone, *staying = list_stored(server)
    pieces = cut(gone.sealed)
    assert search(server.data, pieces)
    # When one of them is erased through the page, and a backup is made afterwards
    erase(server, format_reference(gone.reference))
    # Then not one piece of it is in any file, while the server goes on, nor afterwards
    places = server.log.parent
    assert search(server.data, pieces) | search(places, pieces) == set()
    later = tmp_path / "later"
    made = run("backup", str(later), **environ)
    assert made.code == 0, made.err
    assert search(server.data, pieces) | search(places, pieces) | search(tmp_path, pieces) == set()
    # And whoever restores the later backup has the others, and an entry that says who erased it
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    shutil.copytree(server.data / "keys", other / "keys")
    shutil.copy(server.data / "backup.key", other)
    environ = {"FOREWORD_DATA": str(other), "FOREWORD_DEMO": "1"}
    restored = run("restore", str(later), **environ)
    assert restored.code == 0, restored.err
    with open_files(other, f"sqlite:///{other}/foreword.sqlite3") as files:
        assert [version.reference for version in files.list_stored()] == [one.reference for one in staying]
        assert len(files.open_all()) == len(staying)
    assert search(other, pieces) == set()
    told = run(
        "audit", "list", "--reference", format_reference(gone.reference), FOREWORD_DATA=str(other), FOREWORD_DEMO="1"
    )
    assert "response.erased" in told.out


def test_a_second_purge_does_nothing(start_server: StartServer, run: Run) -> None:
    server = start_server()
    for _ in range(2):
        walk_and_send(server.url, {}).connection.close()
    stored = list_stored(server)
    server.stop()
    with closing(sqlite3.connect(server.data / "foreword.sqlite3")) as connection, connection:
        connection.execute("UPDATE responses SET delete_at = '2020-01-01 00:00:00.000000'")
    pieces = set().union(*(cut(one.sealed) for one in stored))
    environ = {"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1"}
    first = run("purge", **environ)
    assert (first.code, first.out) == (0, "2 responses were past their time and are erased.\n")
    assert search(server.data, pieces) == set()
    before = run("audit", "head", **environ).out
    second = run("purge", **environ)
    assert (second.code, second.out) == (0, "0 responses were past their time and are erased.\n")
    assert run("audit", "head", **environ).out == before
