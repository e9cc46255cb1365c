"""D-6 and D-8, S13 and S18: what a patient typed is nowhere in the open while they write, and then nowhere at all.

One story with a real server: the database file, its journal, the log and the temporary folder are searched.
"""

import base64
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from app.questionnaire.answer import Answer, Text
from tests.bench.walker import Walker
from tests.support.server import Server, StartServer

SECONDS = 90
CANARY = "Kanarienvogel 7041 gelb"
ENCODINGS = {
    "utf-8": CANARY.encode(),
    "utf-16-le": CANARY.encode("utf-16-le"),
    "utf-16-be": CANARY.encode("utf-16-be"),
    "base64": base64.b64encode(CANARY.encode())[:24],
    "base64, one byte on": base64.b64encode(b" " + CANARY.encode())[4:24],
    "base64, two bytes on": base64.b64encode(b"  " + CANARY.encode())[4:24],
    "hex": CANARY.encode().hex().encode(),
    "url": CANARY.replace(" ", "+").encode(),
}


def read_files(*places: Path) -> dict[Path, bytes]:
    """Return every file below the places, as a thief would copy them."""
    return {path: path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()}


def find_traces(files: dict[Path, bytes], traces: dict[str, bytes]) -> list[str]:
    """Return which trace stands in which file."""
    return [
        f"{name} in {path.name}"
        for path, content in files.items()
        for name, trace in traces.items()
        if trace in content
    ]


def read_sealed(server: Server) -> bytes:
    """Return the sealed content of the only draft."""
    with closing(sqlite3.connect(f"file:{server.data / 'foreword.sqlite3'}?mode=ro", uri=True)) as connection:
        (sealed,) = connection.execute("SELECT sealed FROM drafts").fetchone()
        return bytes(sealed)


def cut(sealed: bytes) -> dict[str, bytes]:
    """Return pieces of sealed bytes, small enough to stand whole on one page of the database."""
    return {f"sealed bytes from {start}": sealed[start : start + 16] for start in range(0, len(sealed) - 16, 64)}


def erase(patient: Walker) -> None:
    """Erase a draft as its patient does."""
    patient.ask("GET", "/erase")
    patient.send(next(form for form in patient.document.forms if form.action == "/erase"))


def erase_while_somebody_reads(patient: Walker, server: Server, sealed: dict[str, bytes]) -> None:
    """Erase a draft while somebody reads the database, as a backup does: its traces go soon after, as the page says."""
    with closing(sqlite3.connect(server.data / "foreword.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM drafts").fetchone()
        erase(patient)
        assert "Its last sealed traces on this server are overwritten soon." in patient.document.text
        assert find_traces(read_files(server.data), sealed)
    deadline = time.monotonic() + SECONDS
    while find_traces(read_files(server.data), sealed) and time.monotonic() < deadline:
        time.sleep(0.2)


def test_answers_are_sealed_while_written_and_gone_when_erased(
    start_server: StartServer,
) -> None:
    # Given a server whose temporary folder we can see, and a patient who writes something unmistakable
    server = start_server()
    answers: dict[str, Answer] = {"other-conditions": Text(CANARY), "questions-for-doctor": Text(CANARY * 20)}
    patient = Walker(server.url)
    patient.start()
    patient.walk(answers)
    patient.ask("GET", "/summary")
    assert CANARY.encode() in patient.body
    patient.ask("GET", "/summary.pdf")
    assert patient.status == 200
    patient.ask("GET", "/no-such-page")
    # Then nobody who copies the machine's files can read it, though the sealed bytes are there to be found
    places = (server.data, server.log.parent)  # beside the log is its temporary folder
    assert find_traces(read_files(*places), ENCODINGS) == []
    sealed = cut(read_sealed(server))
    assert len(sealed) > 5
    assert find_traces(read_files(server.data), sealed)
    # And the patient's secret is in no file either
    assert find_traces(read_files(*places), {"secret": patient.cookies["foreword-draft"].encode()}) == []
    # When they erase it
    erase(patient)
    # Then not one byte of it is left
    assert find_traces(read_files(*places), ENCODINGS | sealed) == []
    patient.ask("GET", "/check")
    assert patient.status == 410
    # And so it is of another one where somebody was reading meanwhile
    patient.start()
    patient.walk(answers)
    sealed = cut(read_sealed(server))
    erase_while_somebody_reads(patient, server, sealed)
    assert find_traces(read_files(*places), ENCODINGS | sealed) == []
    patient.connection.close()


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    for name, trace in ENCODINGS.items():
        (tmp_path / "file").write_bytes(b"before" + trace + b"after")
        assert f"{name} in file" in find_traces(read_files(tmp_path), ENCODINGS)
