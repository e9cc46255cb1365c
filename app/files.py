"""Files that only their owner may read: the data folder and the keys in it.

It never says what is in one, and never makes one that others can read.
"""

import fcntl
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from app.settings import StartError

_OPEN_TO_OTHERS: Final = 0o077
_PARTIAL: Final = ".partial"


def make_data_folder(folder: Path) -> None:
    """Make the data folder, open to its owner only, or raise `StartError` when it cannot be or others can look in."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            folder.chmod(0o700)
        mode = folder.stat().st_mode
    except OSError as error:
        raise StartError(f"FOREWORD_DATA: {folder} cannot be used: {error.strerror}; name another folder") from None
    if mode & _OPEN_TO_OTHERS:
        raise StartError(f"FOREWORD_DATA: others on this machine can look into {folder}; run: chmod 700 '{folder}'")


def read_private(path: Path, remedy: str) -> bytes:
    """Return what is in a key's file, or raise `StartError` with the remedy when others can read it too."""
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise StartError(f"{path}: the key cannot be used: {error.strerror}; let this program read it") from None
    if mode & _OPEN_TO_OTHERS:
        raise StartError(f"{path}: others on this machine can read this key; {remedy}")
    return content


def write_once(path: Path, content: bytes) -> None:
    """Write a file whole unless it is there: of processes that start together one wins, and none reads a half.

    What a kill leaves is hidden, ends in `.partial`, and is removed as what `replace_whole` leaves.
    """
    with _open_partial(path) as (file, partial):  # written under another name, then linked
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        try:
            path.hardlink_to(partial)
        except FileExistsError:
            return
        finally:
            partial.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def replace_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write and read, which has its name only once the block ended and all of it is on the disk.

    Whatever fails, what had the name before has it still, and nothing is left. What a kill leaves is hidden, ends in
    `.partial`, and is removed by the next one of this name, or by `clear_partials`.
    """
    with _open_partial(path) as (file, partial):
        yield file
        file.flush()
        os.fsync(file.fileno())
        partial.replace(path)
    sync_folder(path.parent)


@contextmanager
def _open_partial(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a new file beside one of a name, and its own name; none is left where the block fails."""
    clear_partials(path.parent, f"{glob.escape(path.name)}.")
    file, partial = _make_partial(path)
    with file:
        try:
            yield file, partial
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _make_partial(path: Path) -> tuple[BinaryIO, Path]:
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PARTIAL)  # with mode 0600
        file = os.fdopen(handle, "w+b")
        fcntl.flock(file, fcntl.LOCK_SH)  # so that nobody takes it for what somebody left
        if os.fstat(handle).st_nlink:
            return file, Path(name)
        file.close()  # somebody did, in the moment before


def is_partial(path: Path) -> bool:
    """Tell whether a file is called as what is being written, or what a kill left of it."""
    return path.name.startswith(".") and path.name.endswith(_PARTIAL)


def clear_partials(folder: Path, beginning: str) -> int:
    """Remove what was killed while it wrote a file of such a name, and return how many that were; none in use."""
    count = 0
    for path in folder.glob(f".{beginning}*{_PARTIAL}"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            count += 1
    return count


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
