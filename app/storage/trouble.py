"""What is wrong with a database that does not work, for whoever can mend it: what it is, and what to do.

It must never name a URL (it can hold a password), a parameter or a row, and never change what is there.
"""

import errno
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.storage import postgres_trouble
from app.storage.audit import find_head, lock_log
from app.storage.clinic_keys import list_keys
from app.storage.engine import MigratingError, begin_read, begin_write
from app.storage.tables import AUDIT_HEAD, CLINIC_KEYS

CHECKED_AT_START: Final = 64 * 1024 * 1024
"""Up to so many bytes a database is looked through before anybody is served: it takes a tenth of a second."""

PASSING: Final = (SQLAlchemyError, MemoryError, OSError)
"""What the database or the machine fails with, whatever was being read: it is tried again, and never remembered."""

_DAMAGED: Final = (
    "the database is damaged; copy its files away as they are, and restore the newest backup into a folder without "
    "them: foreword restore"
)
_FULL: Final = "the disk of the database is full; make room there"
_CLOSED: Final = "the database cannot be written to; look whose it is, and whether its disk can only be read"
_LOCKED: Final = "another program keeps the database locked; end that one, or wait for it, and start again"
_FAILED: Final = "the disk of the database fails; look at it with the system's own tools before anything else"
_UNKNOWN: Final = "the database cannot be used (…); look whether it runs, and whether this program may write to it"
SENTENCES: Final = (
    *(_DAMAGED, _FULL, _CLOSED, _LOCKED, _FAILED, _UNKNOWN, MigratingError.SENTENCE),
    *postgres_trouble.SENTENCES.values(),
)
"""Everything that is said of a database; `…` stands for the kind of a failure that nobody foresaw."""

_BY_SQLITE: Final = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_IOERR: _FAILED,
}
_BY_POSTGRES: Final = {
    **postgres_trouble.SENTENCES,
    postgres_trouble.DISK_FULL: _FULL,
    postgres_trouble.DISK_FAILED: _FAILED,
    postgres_trouble.LOCK_NOT_AVAILABLE: _LOCKED,
}
_BY_SYSTEM: Final = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _CLOSED, errno.EIO: _FAILED}
_PRIMARY: Final = 0xFF  # SQLite's longer codes say more in the bytes above


class DamagedDatabaseError(Exception):
    """A database's file is not as SQLite wrote it."""

    def __init__(self) -> None:
        super().__init__(_DAMAGED)


def explain_failure(error: Exception) -> str:
    """Return what is wrong with the database and what to do, in one sentence."""
    unknown = _UNKNOWN.replace("…", type(error).__name__)
    if isinstance(error, OSError):
        return _BY_SYSTEM.get(error.errno or 0, unknown)
    if isinstance(error, MigratingError):
        return MigratingError.SENTENCE
    return _BY_SQLITE.get(_find_code(error)) or _BY_POSTGRES.get(postgres_trouble.find_state(error), unknown)


def is_damage(error: Exception) -> bool:
    """Tell whether a failure means that the file itself is not as SQLite wrote it."""
    return _find_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_lock(error: Exception) -> bool:
    """Tell whether a failure means that somebody else holds what was wanted of the database, so that waiting helps."""
    return (
        _find_code(error) == sqlite3.SQLITE_BUSY
        or postgres_trouble.find_state(error) == postgres_trouble.LOCK_NOT_AVAILABLE
    )


def is_new(engine: Engine) -> bool:
    """Tell whether nothing was ever made in a database."""
    with begin_read(engine) as connection:
        return not inspect(connection).get_table_names()


def is_unbegun(engine: Engine) -> bool:
    """Tell whether a database has its tables, and no clinic ever began in it: it has neither a key nor an entry."""
    with begin_read(engine) as connection:
        names = inspect(connection).get_table_names()
        if not {CLINIC_KEYS.name, AUDIT_HEAD.name} <= set(names) or list_keys(connection):
            return False
    with begin_write(engine) as connection:
        lock_log(connection)  # whoever begins one at this moment has ended when this goes on
        return not list_keys(connection) and not find_head(connection).number


def is_large(engine: Engine) -> bool:
    """Tell whether looking through a SQLite database would keep people waiting at a start."""
    return _find_size(engine) > CHECKED_AT_START


def require_sound(engine: Engine) -> None:
    """Look through SQLite's whole file, or raise `DamagedDatabaseError`; other databases look after themselves."""
    if not _find_size(engine):
        return
    with begin_read(engine) as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    # SQLite reads a page that was cut off as zeros. Where a journal stands, it may only not have been written yet.
    is_cut = _find_size(engine) % page and not _find_size(engine, "-wal")
    if found != "ok" or is_cut:
        raise DamagedDatabaseError


def _find_size(engine: Engine, suffix: str = "") -> int:
    if engine.dialect.name != "sqlite":
        return 0
    path = Path(f"{engine.url.database}{suffix}")
    return path.stat().st_size if path.exists() else 0


def _find_code(error: Exception) -> int:
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlite_errorcode", 0) & _PRIMARY
