"""Faults of a machine, made from outside: a disk that is full or only read, a lock that somebody holds."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.torture.program import Program

_SMALL_DISK = 24 * 1024 * 1024
_LEFT = 8 * 1024


def is_root() -> bool:
    """Tell whether disks can be mounted here."""
    return os.geteuid() == 0


@contextmanager
def mount_small_disk(folder: Path) -> Iterator[Path]:
    """Put a small disk of its own over a folder, where root may; else the folder stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_root():
        yield folder
        return
    _run("mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK},mode=0700", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def fill_disk(folder: Path, program: Program) -> Iterator[None]:
    """Leave no room on the small disk over a folder; where there is none, let no file of the program grow."""
    filler = folder / "filler"
    if is_root():
        with filler.open("wb", buffering=0) as file:
            room = os.statvfs(folder)
            file.write(b"\0" * max(room.f_bavail * room.f_frsize - _LEFT, 0))
            try:
                while file.write(b"\0" * 512):
                    pass
            except OSError:
                pass  # that is what it is for
        try:
            yield
        finally:
            filler.unlink()
        return
    assert program.process is not None
    number = program.process.pid
    soft, hard = resource.prlimit(number, resource.RLIMIT_FSIZE)
    resource.prlimit(number, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(number, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def make_read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder: it is mounted so, or where only its owner is here, its permissions say so."""
    if is_root():
        _run("mount", "--bind", str(folder), str(folder))
        _run("mount", "-o", "remount,bind,ro", str(folder))
        try:
            yield
        finally:
            _run("umount", str(folder))
        return
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@contextmanager
def hold_lock(database: Path) -> Iterator[None]:
    """Keep a database for oneself, as a program that copies or repairs it would."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=60)
