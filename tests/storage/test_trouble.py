"""What an operator is told of a database that does not work, each fault as SQLite itself reports it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from app.storage.trouble import (
    DamagedDatabaseError,
    explain_failure,
    is_damage,
    is_large,
    is_lock,
    is_new,
    require_sound,
)

PAGE = 4096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a database's file, with all that is in it written to it."""
    path = tmp_path / "some.sqlite3"
    engine = create_engine_for(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sound(file: Path) -> Iterator[Engine]:
    """Give an engine for it."""
    engine = create_engine_for(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def test_a_sound_database_is_let_through(sound: Engine) -> None:
    require_sound(sound)
    assert not is_large(sound)
    assert not is_new(sound)


def test_an_empty_one_is_new(tmp_path: Path) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert is_new(engine)
    engine.dispose()


def test_a_page_that_was_overwritten_is_found(file: Path, sound: Engine) -> None:
    with file.open("r+b") as pages:
        pages.seek(6 * PAGE)
        pages.write(b"\xa5" * PAGE)
    with pytest.raises(DamagedDatabaseError):
        require_sound(sound)


def test_a_last_page_that_was_cut_off_is_found(file: Path, sound: Engine) -> None:
    with file.open("r+b") as pages:
        pages.truncate(file.stat().st_size - 100)
    with pytest.raises((DamagedDatabaseError, DatabaseError)):
        require_sound(sound)


def test_what_is_no_database_is_damage(file: Path, sound: Engine) -> None:
    file.write_bytes(b"x" * PAGE)
    with pytest.raises(DBAPIError) as failure:
        require_sound(sound)
    assert is_damage(failure.value)
    assert "foreword restore" in explain_failure(failure.value)


def test_a_lock_is_one_and_the_words_say_so(file: Path, sound: Engine) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError) as failure, begin_write(sound):
            pass
    assert is_lock(failure.value)
    assert "keeps the database locked" in explain_failure(failure.value)


def test_a_full_disk_is_one(sound: Engine) -> None:
    with begin_write(sound) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are: no more fit on the disk
        with pytest.raises(OperationalError) as failure:
            connection.exec_driver_sql("CREATE TABLE more AS SELECT hex(randomblob(100000)) AS one")
    assert "the disk of the database is full" in explain_failure(failure.value)


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "is full"), (errno.EROFS, "cannot be written to"), (errno.EIO, "disk of the")]
)
def test_what_the_system_says_is_told_too(code: int, words: str) -> None:
    assert words in explain_failure(OSError(code, "x"))


def test_what_nobody_knows_is_told_by_its_kind(sound: Engine) -> None:
    with pytest.raises(DBAPIError) as failure, begin_read(sound) as connection:
        connection.exec_driver_sql("SELECT secret FROM nowhere")
    assert explain_failure(failure.value).startswith("the database cannot be used (OperationalError); look whether")
    assert "secret" not in explain_failure(failure.value)
