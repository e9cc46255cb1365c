"""Locks that end with whoever holds them: of all processes on all machines one has it, and its death lets it go.

On PostgreSQL it is an advisory lock of a session of its own. A SQLite database is on one machine, whose kernel knows
who holds a file beside it.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.exc import DBAPIError

_LET_GO: Final = select(func.pg_advisory_unlock(bindparam("number")))
_TRY: Final = select(func.pg_try_advisory_lock(bindparam("number")))


@contextmanager
def hold_lock(engine: Engine, name: str) -> Iterator[bool]:
    """Give whether this process has the lock of this name until the end of the block; it waits for nobody."""
    hold = _hold_in_postgres if engine.dialect.name == "postgresql" else _hold_file
    with hold(engine, name) as is_held:
        yield is_held


@contextmanager
def _hold_in_postgres(engine: Engine, name: str) -> Iterator[bool]:
    number = int.from_bytes(hashlib.sha256(f"foreword lock {name}".encode()).digest()[:8], signed=True)
    # Outside of a transaction: one that is idle for so long would be ended, and would keep rows from being cleared.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed afterwards, and the lock with it, whatever happened in between
        is_held = bool(connection.execute(_TRY, {"number": number}).scalar())
        try:
            yield is_held
        finally:
            with suppress(DBAPIError):  # the server is gone, and the lock with it
                if is_held:
                    connection.execute(_LET_GO, {"number": number})


@contextmanager
def _hold_file(engine: Engine, name: str) -> Iterator[bool]:
    # The file stays: whoever opened it while another one deleted it would hold a lock that nobody else sees.
    path = Path(f"{engine.url.database}-{name.replace(' ', '-')}.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _try_file(file)
    finally:
        os.close(file)


def _try_file(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
