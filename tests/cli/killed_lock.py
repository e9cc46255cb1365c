"""Changes the passphrase of a clinic's keys again and again, and is killed each time one step later than before.

For `test_keys.py`, in a process of its own: `python -m tests.cli.killed_lock`, with the settings of the clinic. Tells
in one line of JSON for each time how it ended, what the files opened with afterwards, and their modes.
"""

import json
import os
import signal
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import FrameType

from app.desk.keyring import FOLDER, open_desk
from app.desk.locking import lock_keys
from app.files import clear_partials
from app.settings import Settings, load_settings
from app.storage.engine import create_engine_for
from app.vault.keys import KeyFileError, load_private_key

STEPS = {"open", "write", "flush", "flock", "fsync", "close", "rename", "replace", "unlink", "link"}
"""What is done to files, by the names of Python's own functions."""


def lock_until(settings: Settings, step: int) -> None:
    """Lock the keys, and be killed right before so many steps with files were done."""
    engine, now = create_engine_for(settings.database_url), datetime.now(UTC)
    desk, done = open_desk(engine, settings, now), [0]

    def look(_: FrameType, event: str, called: object) -> None:
        if event == "c_call" and getattr(called, "__name__", "") in STEPS:
            done[0] += 1
            if done[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
    lock_keys(engine, settings, desk, now, actor="command line")
    sys.setprofile(None)


def find_opening(path: Path, settings: Settings) -> str:
    """Return which of the passphrases a key opens with: old, new or none."""
    for name, passphrase in (("new", settings.key_passphrase), ("old", settings.key_passphrase_before)):
        try:
            load_private_key(path.read_bytes(), passphrase)
        except KeyFileError:
            continue
        return name
    return "none"


def main() -> None:
    """Go on until a run came to its end."""
    settings = load_settings(os.environ)
    folder = settings.data / FOLDER
    before = {path: path.read_bytes() for path in sorted(folder.glob("*.pem"))}
    for step in count(1):
        for path, content in before.items():
            path.write_bytes(content)
        clear_partials(folder, "")  # what the kill before left, so that each comes one step later
        child = os.fork()
        if not child:
            lock_until(settings, step)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        opened = [find_opening(path, settings) for path in before]
        modes = sorted({oct(path.stat().st_mode & 0o777) for path in before})
        sys.stdout.write(json.dumps({"code": code, "opened": opened, "modes": modes}) + "\n")
        sys.stdout.flush()
        if code != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main()
