"""Backup and restore: one sealed file with all that is kept, proved by restoring it before it is called good (S17).

The private keys are never in it: they are copied once, elsewhere. It is sealed with a key of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.desk.keyring import Desk
from app.desk.proving import open_place
from app.files import read_private, write_once
from app.settings import StartError
from app.storage.audit import Breach, Head, find_head, is_foreign, verify_log
from app.storage.dump import count_rows, dump_rows, list_tables, load_rows
from app.storage.engine import begin_read, begin_snapshot, begin_write, create_engine_for, is_current, migrate
from app.storage.letters import count_letters
from app.storage.metadata import SCHEMA_REVISION
from app.storage.trouble import explain_failure
from app.vault.box import KEY_LENGTH, PREFIX_LENGTH, BoxError, open_stream, seal_stream

KEY_FILE: Final = "backup.key"
"""The key that backups are sealed with, in the data folder."""

_FORMAT: Final = 1
_CHUNK: Final = 1 << 16
_LONGEST: Final = 1 << 20
"""Of what is sealed at once, however long a line is: a longer chunk than four MiB would not be read."""
_ROWS: Final = 200

Report = Callable[[int], object]
Pace = Callable[[], object]
"""Called after each step of long work, and may take its time: whoever is served by the same process comes first."""


def hurry() -> None:
    """Go on at once: nobody is served by this process."""


class BackupError(Exception):
    """A backup is not good; the text says why, for an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaws:
    """What is wrong with a clinic's own record: the first breach of its audit log, and keys that letters need."""

    breach: Breach | None = None
    missing: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """Return each as a sentence; nothing where there is none."""
        log = [f"its audit log is not whole: {self.breach.fault}"] if self.breach else []
        return log + [
            f"what is sealed to the key {key} does not open: its file is not in keys/" for key in self.missing
        ]


NO_FLAWS: Final = Flaws()

Accept = Callable[["Manifest", Flaws], object]
"""Is asked about the flaws of a backup that is whole otherwise, and raises `BackupError` where they make it no good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself: when it was made, for which schema, how the audit log ended, how much is in it.

    `flaws` are those that were found in it and accepted.
    """

    made_at: datetime
    schema: str
    head: Head
    counts: Mapping[str, int]
    flaws: Flaws = NO_FLAWS

    @property
    def rows(self) -> int:
        """Return how many rows it holds."""
        return sum(self.counts.values())


def find_backup_key(path: Path, *, may_make: bool) -> tuple[bytes, bool]:
    """Return the key in a file, and whether it was made just now; raises `StartError`."""
    is_new = not path.exists()
    if is_new and not may_make:
        raise StartError(f"{path}: there is no such file; name your copy of the backup key with --key")
    if is_new:
        write_once(path, base64.b64encode(secrets.token_bytes(KEY_LENGTH)) + b"\n")
    try:
        key = base64.b64decode(read_private(path, f"run: chmod 600 '{path}'").strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_LENGTH:
        raise StartError(f"{path}: this is no backup key; put back your copy of it")
    return key, is_new


def write_backup(engine: Engine, key: bytes, file: BinaryIO, now: datetime) -> Iterator[int]:
    """Write a backup of one moment to a file while everybody goes on, and give the number of rows of each step.

    Raises `BackupError` where a newer program has added what this one would leave out.
    """
    with begin_snapshot(engine) as connection:
        if not is_current(connection):
            raise BackupError("a newer program brought the database up to date; make the backup with that one")
        counts = count_rows(connection)
        head = find_head(connection)
        steps: list[int] = []
        for part in seal_stream(
            key, _gather(_write_lines(connection, counts, head, now, steps.append)), _draw_prefix()
        ):
            file.write(part)
            yield from steps
            steps.clear()


def read_backup_key(path: Path) -> bytes:
    """Return the key in a file that is there already, for whoever cannot tell anybody to copy a new one."""
    return find_backup_key(path, may_make=False)[0]


def count_backup(engine: Engine) -> int:
    """Return how many rows a backup would have now."""
    with begin_read(engine) as connection:
        return sum(count_rows(connection).values())


def read_manifest(file: BinaryIO, key: bytes) -> Manifest:
    """Return what a backup says of itself, without a proof that the rest is whole; raises `BackupError`."""
    file.seek(0)
    with _told():
        return _read_manifest(next(_read_lines(open_stream(key, file.read))))


def refuse_flaws(_: Manifest, flaws: Flaws) -> None:
    """Accept none."""
    raise BackupError(flaws.describe()[0])


def accept_all(_: Manifest, __: Flaws) -> None:
    """Accept whatever is there: somebody said so."""


def accept_those_of(engine: Engine, desk: Desk, pace: Pace = hurry) -> Accept:
    """Return what accepts the flaws that the database itself has: its backup is as good as it is, and the only one."""

    def accept(manifest: Manifest, flaws: Flaws) -> None:
        with begin_snapshot(engine) as connection:
            own = find_flaws(connection, desk, manifest.head, pace)
        ends = manifest.head.number  # behind it the database has gone on since
        places = [min(one.breach.number, ends + 1) if one.breach else 0 for one in (flaws, own)]
        if (flaws.breach and places[0] != places[1]) or not set(flaws.missing) <= set(own.missing):
            refuse_flaws(manifest, flaws)

    return accept


def find_flaws(connection: Connection, desk: Desk, seen: Head, pace: Pace = hurry) -> Flaws:
    """Look through the audit log, and for the key of each letter."""
    breach = verify_log(connection, desk.chain_key, seen, pace=pace)
    return Flaws(breach=breach, missing=tuple(sorted(key for key in count_letters(connection) if key not in desk.keys)))


def prove_backup(
    file: BinaryIO, key: bytes, desk: Desk, folder: Path, pace: Pace = hurry, accept: Accept = refuse_flaws
) -> Manifest:
    """Restore a backup into a temporary database, and return what it says of itself; raises `BackupError`.

    Everything is read to its end, the audit log verified, and whatever is sealed has its key here; `accept` is asked
    where that is not so.
    """
    with open_place(folder) as place:
        engine = create_engine_for(f"sqlite:///{place}/proof.sqlite3")
        try:
            migrate(engine)
            with begin_write(engine) as connection:
                return load_backup(connection, file, key, desk, pace, accept)
        except SQLAlchemyError as error:
            raise BackupError(f"it could not be restored in {folder} to prove it: {explain_failure(error)}") from None
        finally:
            engine.dispose()


def load_backup(
    connection: Connection,
    file: BinaryIO,
    key: bytes,
    desk: Desk,
    pace: Pace = hurry,
    accept: Accept = refuse_flaws,
) -> Manifest:
    """Load a backup into an empty database in the caller's transaction, and return what it says of itself.

    Raises `BackupError` before the transaction ends, so that a backup that is not good changes nothing.
    """
    file.seek(0)
    with _told():
        lines = _read_lines(open_stream(key, file.read))
        manifest = _read_manifest(next(lines))
        _load_tables(connection, _walk(lines, pace))
    if count_rows(connection) != dict(manifest.counts):
        raise BackupError("it does not hold as many rows as it says")
    flaws = find_flaws(connection, desk, manifest.head, pace)
    if flaws.breach and is_foreign(connection, desk.chain_key):
        raise BackupError(f"its audit log is not whole, or the key desk.pem here is not its own: {flaws.breach.fault}")
    if flaws != NO_FLAWS:
        accept(manifest, flaws)
    return replace(manifest, flaws=flaws)


def is_empty(engine: Engine) -> bool:
    """Tell whether a database that is up to date holds nothing of a clinic yet."""
    with begin_read(engine) as connection:
        counts = count_rows(connection)
    return not any(count for name, count in counts.items() if name != "audit_head")


@contextmanager
def _told() -> Iterator[None]:
    """Have whatever is wrong with a backup's content said as `BackupError`."""
    try:
        yield
    except BoxError as error:
        raise BackupError(error.fault) from None
    except (ValueError, KeyError, TypeError, StopIteration):
        raise BackupError("its content is not what this program writes") from None


def _walk(lines: Iterator[dict[str, Any]], pace: Pace) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        yield line
        if number % _ROWS == 0:
            pace()


def _write_lines(
    connection: Connection, counts: Mapping[str, int], head: Head, now: datetime, report: Report
) -> Iterator[bytes]:
    yield _line(
        {
            "foreword": _FORMAT,
            "schema": SCHEMA_REVISION,
            "made_at": now.isoformat(),
            "head": [head.number, head.link],
            "counts": counts,
        }
    )
    for table in list_tables():
        yield _line({"table": table.name, "columns": [column.name for column in table.columns]})
        waiting = 0
        for row in dump_rows(connection, table):
            yield _line({"row": row})
            waiting += 1
            if waiting == _ROWS:
                report(waiting)
                waiting = 0
        if waiting:
            report(waiting)


def _load_tables(connection: Connection, lines: Iterator[dict[str, Any]]) -> None:
    tables = {table.name: table for table in list_tables()}
    heading = next(lines, None)
    while heading is not None:
        following: list[dict[str, Any]] = []
        load_rows(connection, tables[heading["table"]], heading["columns"], _take_rows(lines, following))
        heading = following[0] if following else None


def _take_rows(lines: Iterator[dict[str, Any]], following: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Give the rows up to the next table's heading, which goes to `following`."""
    for line in lines:
        if "row" not in line:
            following.append(line)
            return
        yield line["row"]


def _read_manifest(line: dict[str, Any]) -> Manifest:
    if line["foreword"] != _FORMAT or line["schema"] > SCHEMA_REVISION:
        raise BackupError("a newer program made it; restore it with that one")
    if line["schema"] != SCHEMA_REVISION:
        raise BackupError(f"an older program made it (schema {line['schema']}); restore it with that one, then update")
    number, link = line["head"]
    made_at = datetime.fromisoformat(line["made_at"])
    return Manifest(made_at=made_at, schema=line["schema"], head=Head(number, link), counts=line["counts"])


def _gather(lines: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK:
            yield from (bytes(chunk[start : start + _LONGEST]) for start in range(0, len(chunk), _LONGEST))
            chunk.clear()
    yield bytes(chunk)


def _read_lines(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        yield from map(json.loads, whole)
    if held:
        raise ValueError


def _line(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _draw_prefix() -> bytes:
    return secrets.token_bytes(PREFIX_LENGTH)
