"""security.md S13, design D-7: what was sent is opened by the clinic's private key and by nothing else anywhere."""

import base64
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection, create_engine, select, text, update

from app.clinic.sending import PURPOSE
from app.desk.opening import OpenedVersion, UnreadableError
from app.output.qr import draw_qr_svg
from app.questionnaire.answer import Answer, Text
from app.settings import StartError
from app.storage.responses import StoredVersion
from app.storage.tables import EDITIONS, RESPONSE_VERSIONS
from app.vault.keys import PrivateKey
from app.vault.letter import LetterError, find_key_id, open_letter
from tests.security.sending import OpenDesk, name_database, open_files, walk_and_send
from tests.support.server import Server, StartServer

CANARY = "Kanarienvogel 7041 gelb"
NAME = "Wilhelmine Kanarienhahn"
MAIL = "kanarienpost@example.test"
NOT_FOUND = 404


def spell(word: str) -> dict[str, bytes]:
    """Return a word in the spellings in which it could lie about."""
    plain = word.encode()
    return {
        f"{word} utf-8": plain,
        f"{word} utf-16-le": word.encode("utf-16-le"),
        f"{word} utf-16-be": word.encode("utf-16-be"),
        **{
            f"{word} base64, {shift} on": base64.b64encode(b" " * shift + plain)[4 * bool(shift) : 20]
            for shift in range(3)
        },
        f"{word} hex": plain.hex().encode(),
        f"{word} url": word.replace(" ", "+").encode(),
        f"{word} JSON": word.replace(" ", "\\u0020").encode(),
    }


TRACES = {**spell(CANARY), **spell(NAME), **spell(MAIL)}


def encode_shifted(plain: bytes, shift: int) -> bytes:
    """Return the word in base64 as it looks when it begins this many bytes after a whole three."""
    return base64.b64encode(b" " * shift + plain)[4 * bool(shift) : 20]


def find_traces(*places: Path) -> list[str]:
    """Return which spelling stands in which file below the places."""
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert files
    return [f"{name} in {path.name}" for path in files for name, trace in TRACES.items() if trace in path.read_bytes()]


def ask(server: Server, path: str) -> tuple[int, str]:
    """Return the status of an address, and where it led."""
    try:
        with urllib.request.urlopen(f"{server.url}{path}") as answer:  # noqa: S310  our own server
            return answer.status, answer.url.removeprefix(server.url)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url.removeprefix(server.url)


@contextmanager
def change(database_url: str) -> Iterator[Connection]:
    """Change the database behind the program's back: whoever owns it can lift the guards of rows that never change."""
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                names = (
                    connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
                )
                for name in names:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                for table in ("response_versions", "editions"):
                    connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield connection
    finally:
        engine.dispose()


ANSWERS: dict[str, Answer] = {"other-conditions": Text(CANARY), "questions-for-doctor": Text(CANARY * 20)}


def test_the_patients_machine_serves_sends_and_can_open_nothing(start_server: StartServer, database_url: str) -> None:
    # Given two processes on one database, each with a data folder of its own
    clinic = start_server(role="clinic", database_url=database_url)
    patients = start_server(role="patient", database_url=database_url, clinic_url=clinic.url)
    assert not (patients.data / "keys").exists()
    # When somebody sends
    walker = walk_and_send(patients.url, ANSWERS)
    walker.ask("GET", "/summary.svg")
    walker.connection.close()
    # Then each serves its own people only
    for path in ("/clinic/", "/clinic/responses", "/clinic/sign-in"):
        assert ask(patients, path) == (NOT_FOUND, path)
    for path in ("/questions/1", "/share", "/share/send", "/done", "/summary", "/resume"):
        assert ask(clinic, path) == (NOT_FOUND, path)
    assert ask(clinic, "/")[1].startswith("/clinic/")
    assert ask(patients, "/") == (200, "/")
    # And the clinic's folder opens what was sent
    with open_files(clinic.data, database_url) as files:
        (stored,) = files.list_stored()
        assert files.open(stored).sent.response.answers["other-conditions"] == Text(CANARY)
    # And the code on the paper leads to the clinic's own machine, and there to nobody who has not signed in
    page = f"/clinic/responses/{stored.reference}"
    assert walker.body == draw_qr_svg(f"{clinic.url}{page}")
    assert ask(clinic, page)[1].startswith("/clinic/sign-in")
    # But neither the program with the patients' folder nor anything in it does
    with pytest.raises(StartError), open_files(patients.data, database_url):
        pass
    assert not (patients.data / "keys" / "desk.pem").exists()
    bound = (stored.id, stored.reference, stored.edition_hash)
    for file in patients.data.rglob("*"):
        for key in find_keys(file):
            with pytest.raises(LetterError):
                open_letter({find_key_id(stored.sealed): key}, stored.sealed, PURPOSE, *bound)


def find_keys(path: Path) -> Iterator[PrivateKey]:
    """Give every 32 bytes that a file begins or ends with, or that stand at a whole 32 in it, as a private key."""
    content = path.read_bytes() if path.is_file() else b""
    pieces = {content[:32], content[-32:], *(content[start : start + 32] for start in range(0, len(content), 32))}
    yield from (PrivateKey(X25519PrivateKey.from_private_bytes(piece)) for piece in pieces if len(piece) == 32)


def test_what_was_sent_stands_in_no_file_in_any_spelling(start_server: StartServer) -> None:
    # Given a server that does all, whose database, log and temporary folder we can see
    server = start_server()
    who = {"patient-name": [NAME], "patient-email": [MAIL]}
    walker = walk_and_send(server.url, ANSWERS, who)
    places = (server.data, server.log.parent)  # beside the log is its temporary folder
    for path in ("/done", "/summary", "/summary.pdf", "/summary.svg", "/no-such-page"):
        walker.ask("GET", path)
    assert (server.data / "foreword.sqlite3-wal").exists()
    assert find_traces(*places) == []
    # When a check fails with it, a token is wrong, and it is sent once more
    walker.ask("GET", "/share/send")
    form = walker.document.forms[0]
    walker.send(form, {**who, "patient-birth-year": ["19"]})
    assert NAME.encode() in walker.body
    form.fields["csrf_token"] = ["dead"]
    walker.send(form, who)
    assert walker.status == 400
    walker.connection.close()
    assert find_traces(*places) == []
    # And the patient's secret, which names the receipt, is in no file either
    secret = walker.cookies["foreword-draft"].encode()
    assert [
        path for place in places for path in place.rglob("*") if path.is_file() and secret in path.read_bytes()
    ] == []
    # Then the clinic has it whole
    with open_files(server.data, name_database(server)) as files:
        (opened,) = files.open_all()
    assert isinstance(opened, OpenedVersion)
    assert opened.sent.patient.name == NAME
    assert opened.sent.patient.contact == MAIL


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    for trace in TRACES.values():
        (tmp_path / "file").write_bytes(b"before" + trace + b"after")
        assert find_traces(tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def received(request: pytest.FixtureRequest, start_shared_server: StartServer) -> tuple[Path, str]:
    """Have three people send the same to a clinic, on either database, and return its folder and its database."""
    settings = {}
    if request.param == "postgres":
        settings["database_url"] = request.getfixturevalue("postgres_server").create_database()
    server = start_shared_server(**settings)
    for _ in range(3):
        walk_and_send(server.url, ANSWERS).connection.close()
    server.stop()
    return server.data, settings.get("database_url", name_database(server))


@pytest.fixture
def three(request: pytest.FixtureRequest, received: tuple[Path, str], tmp_path: Path) -> Iterator[OpenDesk]:
    """Give that clinic with a copy of its database."""
    folder, url = received
    if url.startswith("sqlite"):
        copy = f"sqlite:///{shutil.copy(url.removeprefix('sqlite:///'), tmp_path)}"
    else:
        copy = request.getfixturevalue("postgres_server").create_database(url)
    with open_files(folder, copy) as files:
        yield files


def test_the_same_answers_are_never_the_same_bytes(three: OpenDesk) -> None:
    sealed = [version.sealed for version in three.list_stored()]
    pieces = [one[start : start + 16] for one in sealed for start in range(9, len(one), 16)]
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize("columns", [("sealed",), ("id",), ("sealed", "id"), ("edition_hash",)])
def test_what_was_moved_or_changed_is_refused_by_name_and_hides_no_other(
    three: OpenDesk, columns: tuple[str, ...]
) -> None:
    # Given three responses that open
    first, second, third = three.list_stored()
    assert not any(isinstance(one, UnreadableError) for one in three.open_all())
    # When somebody swaps parts of two rows, or names another edition for them
    with change(str(three.engine.url)) as connection:
        if columns == ("edition_hash",):
            forge_edition(connection)
        swap(connection, first, second, columns)
    # Then both are refused, each by its name and without a word of it, and the third still opens
    found = three.open_all()
    refused = [one for one in found if isinstance(one, UnreadableError)]
    assert {error.reference for error in refused} == {first.reference, second.reference}
    assert all(str(error) == f"version 1 of response {error.reference} cannot be opened" for error in refused)
    (opened,) = (one for one in found if isinstance(one, OpenedVersion))
    assert opened.reference == third.reference


def forge_edition(connection: Connection) -> None:
    """Store another edition, so that a response can name it."""
    edition = dict(connection.execute(select(EDITIONS)).mappings().one())
    connection.execute(EDITIONS.insert(), {**edition, "hash": "f" * 64})


def swap(connection: Connection, one: StoredVersion, other: StoredVersion, columns: tuple[str, ...]) -> None:
    """Let columns of two versions change places; the edition's becomes another's."""
    rows = RESPONSE_VERSIONS.c
    for version in (one, other):  # ids are unique: aside with them first
        aside = update(RESPONSE_VERSIONS).where(rows.reference == version.reference).values(id=version.reference)
        connection.execute(aside)
    for version, source in ((one, other), (other, one)):
        forged = {"id": source.id, "sealed": source.sealed, "edition_hash": "f" * 64}
        values = {"id": version.id} | {column: forged[column] for column in columns}
        connection.execute(update(RESPONSE_VERSIONS).where(rows.reference == version.reference).values(**values))


def test_any_flipped_byte_is_refused_and_the_others_open(start_server: StartServer) -> None:
    # Given two responses
    server = start_server()
    for _ in range(2):
        walk_and_send(server.url, {"other-conditions": Text("No.")}).connection.close()
    server.stop()
    path = server.data / "foreword.sqlite3"
    with open_files(server.data, name_database(server)) as files:
        first, second = files.list_stored()
        with change(name_database(server)):
            pass
        # When one byte of the first is another, wherever it stands
        for place in range(0, len(first.sealed), 7):
            changed = bytearray(first.sealed)
            changed[place] ^= 1 + place % 255
            with closing(sqlite3.connect(path)) as connection, connection:
                statement = "UPDATE response_versions SET sealed = ? WHERE reference = ?"
                connection.execute(statement, (bytes(changed), first.reference))
            # Then it is refused by its name, and the second opens
            refused, opened = files.open_all()
            assert isinstance(refused, UnreadableError), place
            assert refused.reference == first.reference
            assert isinstance(opened, OpenedVersion)
            assert opened.reference == second.reference
