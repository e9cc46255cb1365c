"""The place in the data folder where a backup is proved: gone when that is done, and cleared where it was broken off.

For a moment it holds a second copy of the database. A place is never cleared while somebody works in one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "proof-"


@contextmanager
def open_place(folder: Path) -> Iterator[Path]:
    """Give a new folder in the data folder, open to its owner only, and remove it afterwards."""
    with _hold(folder, fcntl.LOCK_SH), tempfile.TemporaryDirectory(dir=folder, prefix=_PREFIX) as place:
        yield Path(place)


def clear_leftovers(folder: Path) -> int:
    """Remove what a proof left that was killed, and return how many that were; none while somebody proves a backup."""
    # Only if the lock can be had at once: the system gives it back when a process dies, however that was.
    with suppress(OSError), _hold(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        places = list(folder.glob(f"{_PREFIX}*"))
        for place in places:
            shutil.rmtree(place)
        return len(places)
    return 0


def list_leftovers(folder: Path) -> list[Path]:
    """Return what a proof left that was killed; nothing while somebody proves a backup."""
    with suppress(OSError), _hold(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        return sorted(folder.glob(f"{_PREFIX}*"))
    return []


@contextmanager
def _hold(folder: Path, how: int) -> Iterator[None]:
    # The folder itself is what is locked: a file made for that would be one more thing that is left.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
