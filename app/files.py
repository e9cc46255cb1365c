"""Files that only their owner may read: the data folder and the keys in it.

It never says what is in one, and never makes one that others can read.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

from app.settings import StartError

_OPEN_TO_OTHERS: Final = 0o077


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
    """Write a file whole unless it is there: of processes that start together one wins, and none reads a half."""
    # Written under another name, then linked.
    handle, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
