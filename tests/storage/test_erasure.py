"""Print-only leaves nothing (D-8, security.md S13 and S18): what was erased is in no file of SQLite's any more."""

import base64
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.storage.drafts import DRAFT_LIFE, Draft, purge_expired
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write, checkpoint, create_engine_for, migrate
from tests.storage.patient import Patient

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
EDITION = "e" * 64
CANARY = "my sister knows, nobody else does: żółć 🐤"
PIECE = 16

STORY = """
import sys
from datetime import UTC, datetime
from app.storage.engine import checkpoint, create_engine_for
from tests.storage.patient import Patient

engine = create_engine_for(sys.argv[1])
patient = Patient(engine, sys.argv[2], datetime.fromisoformat(sys.argv[3]))
draft = patient.start(sys.argv[4].encode())
for page in range(1, 30):
    draft = patient.save(draft, sys.argv[4].encode() * page * 7)
print(patient.read_sealed().hex(), flush=True)
input()
patient.erase()
print(checkpoint(engine), flush=True)
input()
engine.dispose()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder that holds the database and nothing else."""
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture
def sqlite_engine(folder: Path) -> Iterator[Engine]:
    """Give a migrated SQLite database with one edition."""
    engine = create_engine_for(f"sqlite:///{folder}/foreword.db")
    migrate(engine)
    with begin_write(engine) as connection:
        record_edition(connection, EDITION, "{}", language="en", title="Title", now=NOW)
    yield engine
    engine.dispose()


def spell(text: str) -> set[bytes]:
    """Return a text in every spelling somebody might search for, whatever stands before it."""
    spellings = set()
    for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        spellings |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + raw)[4:-4]
            spellings |= {encoded, encoded.translate(bytes.maketrans(b"+/", b"-_"))}
    return spellings


def cut(sealed: bytes) -> set[bytes]:
    """Return an envelope in pieces, so that a remainder of it on any page is found too."""
    return {sealed[start : start + PIECE] for start in range(0, len(sealed) - PIECE, PIECE)}


def search(folder: Path, needles: set[bytes]) -> set[str]:
    """Return the names of the files below a folder that hold any of these."""
    held = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name for name, content in held.items() if has_any(content, needles)}


def has_any(content: bytes, needles: set[bytes]) -> bool:
    """Tell whether any of these is in a content: pieces are many, and all looked for at once at each of its bytes."""
    pieces = {needle for needle in needles if len(needle) == PIECE}
    is_there = any(content[start : start + PIECE] in pieces for start in range(len(content) - PIECE + 1))
    return is_there or any(needle in content for needle in needles - pieces)


def test_the_search_finds_a_canary_in_every_spelling(folder: Path) -> None:
    for number, encoding in enumerate(["utf-8", "utf-16-le", "utf-16-be", "utf-16"]):
        raw = b"." * number + CANARY.encode(encoding) + b"!"
        for name, content in {"raw": raw, "hex": raw.hex().encode(), "base64": base64.b64encode(raw)}.items():
            (folder / name).write_bytes(content)
        assert search(folder, spell(CANARY)) == {"raw", "hex", "base64"}
    (folder / "raw").write_bytes(b"".join(sorted(cut(bytes(range(200))))[3:4]))
    assert search(folder, cut(bytes(range(200)))) == {"raw"}


def test_an_erased_draft_is_in_no_file_of_a_server_that_goes_on(
    sqlite_engine: Engine, folder: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = [str(sqlite_engine.url), EDITION, NOW.isoformat(), CANARY]
    with subprocess.Popen(
        [sys.executable, "-c", STORY, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary), "PYTHONPATH": "."},
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        sealed = cut(bytes.fromhex(server.stdout.readline()))
        assert len(sealed) > 300
        assert search(folder, sealed) == {"foreword.db-wal"}
        assert search(folder, spell(CANARY)) == set()

        server.stdin.write("\n")
        server.stdin.flush()
        assert server.stdout.readline() == "True\n"
        assert {path.name for path in folder.iterdir()} == {"foreword.db", "foreword.db-wal", "foreword.db-shm"}
        assert search(tmp_path, sealed | spell(CANARY)) == set()
        assert list(temporary.iterdir()) == []

        server.stdin.write("\n")
        server.stdin.flush()
    assert server.returncode == 0
    assert search(tmp_path, sealed | spell(CANARY)) == set()


def test_an_erased_draft_stays_in_the_log_until_the_checkpoint(sqlite_engine: Engine, folder: Path) -> None:
    patient = Patient(sqlite_engine, EDITION, NOW)
    patient.start(CANARY.encode() * 200)
    sealed = cut(patient.read_sealed())
    assert patient.erase()
    assert search(folder, sealed) == {"foreword.db-wal"}
    assert checkpoint(sqlite_engine)
    assert search(folder, sealed) == set()


def test_without_secure_delete_the_search_finds_what_was_erased(folder: Path, sqlite_engine: Engine) -> None:
    patient = Patient(sqlite_engine, EDITION, NOW)
    patient.start(CANARY.encode() * 200)
    sealed = cut(patient.read_sealed())
    with sqlite_engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA secure_delete = OFF")
        connection.detach()
        connection.exec_driver_sql("DELETE FROM drafts")
        connection.commit()
    assert checkpoint(sqlite_engine)
    assert search(folder, sealed) == {"foreword.db"}


@pytest.mark.parametrize("seed", range(6))
def test_no_piece_of_any_save_is_left_among_the_drafts_of_others(
    sqlite_engine: Engine, folder: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  it chooses sizes, not secrets
    staying: list[tuple[Patient, Draft]] = []
    leaving: list[tuple[Patient, Draft]] = []
    saves: set[bytes] = set()
    for number in range(60):
        patient = Patient(sqlite_engine, EDITION, NOW)
        draft = patient.start(chance.randbytes(chance.choice([10, 300, 900, 2000, 9000])))
        group = leaving if number % 2 else staying
        group.append((patient, draft))
        if group is leaving:
            saves |= cut(patient.read_sealed())
    for patient, draft in chance.sample(leaving + staying, 60):
        before = patient.read_sealed()
        patient.save(draft, chance.randbytes(chance.choice([10, 300, 900, 2000, 9000])))
        saves |= cut(before)
        if (patient, draft) in leaving:
            saves |= cut(patient.read_sealed())
    assert search(folder, saves)
    for patient, _ in chance.sample(leaving, 30):
        assert patient.erase()
    assert checkpoint(sqlite_engine)
    assert search(folder, saves) == set()
    assert all(patient.find() for patient, _ in staying)


def test_what_was_purged_is_gone_too_and_what_is_alive_stays(sqlite_engine: Engine, folder: Path) -> None:
    gone, kept = Patient(sqlite_engine, EDITION, NOW), Patient(sqlite_engine, EDITION, NOW + timedelta(hours=1))
    for patient in (gone, kept):
        patient.start(CANARY.encode() * 50)
    sealed = cut(gone.read_sealed())
    with begin_write(sqlite_engine) as connection:
        assert purge_expired(connection, NOW + DRAFT_LIFE) == 1
    assert checkpoint(sqlite_engine)
    assert search(folder, sealed) == set()
    assert search(folder, cut(kept.read_sealed())) == {"foreword.db"}


def test_a_stolen_folder_holds_no_answer_in_any_spelling(sqlite_engine: Engine, folder: Path) -> None:
    patient = Patient(sqlite_engine, EDITION, NOW)
    draft = patient.start(CANARY.encode() * 30)
    patient.save(draft, CANARY.encode("utf-16") * 30)
    secret = {patient.secret, patient.secret.hex().encode(), base64.b32encode(patient.secret)}
    for _ in range(2):
        assert search(folder, cut(patient.read_sealed()))
        assert search(folder, spell(CANARY) | secret) == set()
        assert checkpoint(sqlite_engine)
    with begin_read(sqlite_engine) as connection:
        connection.exec_driver_sql("SELECT sealed FROM drafts ORDER BY sealed").all()
    assert search(folder, spell(CANARY) | secret) == set()
