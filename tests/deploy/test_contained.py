"""The program as a unit or a container has it: nothing writable but its folder, no rights, secrets as files."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.deploy.proxies import DEPLOY
from tests.security.sending import walk_and_send
from tests.support.ports import find_free_port
from tests.support.server import COMMAND
from tests.support.source import ROOT
from tests.web.raw import build_request, send_raw

_MEMORY_DENY_WRITE_EXECUTE = 65  # prctl's PR_SET_MDWE
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Contained:
    """A program that is locked up: its port, its own folder, and its process."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the text at an address."""
        reply = send_raw(self.port, build_request(f"127.0.0.1:{self.port}", path))
        return reply.status, reply.text


def deny_writable_code() -> None:
    # As MemoryDenyWriteExecute= has it; a kernel before 6.3 knows no such thing, and the rest is tried all the same.
    ctypes.CDLL(None).prctl(_MEMORY_DENY_WRITE_EXECUTE, 1, 0, 0, 0)


def lock_up(folder: Path, *command: str) -> list[str]:
    """Return a command that runs another where it may write to one folder and to a small /tmp."""
    here = ["--bind", str(folder / "data"), str(folder / "data"), "--ro-bind", str(folder / "secrets"), "/run/secrets"]
    places = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--tmpfs", "/tmp"]  # noqa: S108  its own
    # What is left visible below /tmp is what the test itself needs of it.
    seen = ["--ro-bind", str(ROOT), str(ROOT), "--ro-bind", sys.prefix, sys.prefix]
    apart = ["--unshare-user", "--uid", "10001", "--gid", "10001", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    rest = ["--cap-drop", "ALL", "--new-session", "--die-with-parent", "--chdir", "/"]
    return ["/usr/bin/bwrap", *places, *seen, *here, *apart, *rest, *command]


@pytest.fixture
def contained(tmp_path: Path) -> Iterator[Contained]:
    """Start the program locked up, with its passphrase in a file."""
    for name in ("data", "secrets"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "secrets/FOREWORD_KEY_PASSPHRASE").write_text("a passphrase out of a file\n")
    port = find_free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "FOREWORD_DATA": f"{tmp_path}/data",
        "FOREWORD_DEMO": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = lock_up(tmp_path, str(DEPLOY / "with-secrets"), str(COMMAND), "serve")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=deny_writable_code,  # noqa: PLW1509  one call
        )
    one = Contained(port, tmp_path, process)
    try:
        wait_until_ready(one)
        yield one
    finally:
        process.kill()
        process.wait()


def wait_until_ready(one: Contained) -> None:
    deadline = time.monotonic() + _SECONDS
    while one.process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if one.ask("/readyz") == (200, "ready\n"):
                return
        time.sleep(0.05)
    pytest.fail((one.folder / "log").read_text(), pytrace=False)


def test_somebody_fills_in_sends_and_prints(contained: Contained) -> None:
    walker = walk_and_send(f"http://127.0.0.1:{contained.port}", {})
    walker.ask("GET", "/summary.pdf")
    assert walker.body.startswith(b"%PDF-1.7")
    walker.connection.close()
    log = (contained.folder / "log").read_text()
    assert '"level":"error"' not in log, log
    # The keys are locked with what stood in the file, so the file was read.
    [key] = (contained.folder / "data/keys").glob("response-*.pem")
    assert b"ENCRYPTED PRIVATE KEY" in key.read_bytes()


def test_told_to_stop_it_ends_well(contained: Contained) -> None:
    children = psutil.Process(contained.process.pid).children(recursive=True)
    next(child for child in children if "serve" in child.cmdline() and "bwrap" not in child.name()).terminate()
    assert contained.process.wait(_SECONDS) == 0


def test_nothing_else_can_be_written(tmp_path: Path) -> None:
    for name in ("data", "secrets"):
        (tmp_path / name).mkdir()
    places = f"/ /etc {ROOT} {sys.prefix} /run/secrets {tmp_path}/data"
    script = f"for place in {places}; do touch $place/x 2>/dev/null && echo $place; done; id -u"
    done = subprocess.run(lock_up(tmp_path, "/bin/sh", "-c", script), capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}/data\n10001\n"


def test_a_secret_by_another_name_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "FOREWORD_KEY.old").write_text("x")
    done = subprocess.run(
        [DEPLOY / "with-secrets", "/bin/true"],
        env={"CREDENTIALS_DIRECTORY": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        f"{tmp_path}/FOREWORD_KEY.old: this is not named like a setting; rename it\n",
    )


def test_systemd_s_names_for_the_files_of_a_folder_are_known_too(tmp_path: Path) -> None:
    (tmp_path / "secrets_FOREWORD_KEY_PASSPHRASE").write_text("two words\n")
    done = subprocess.run(
        [DEPLOY / "with-secrets", "/bin/sh", "-c", 'echo "$FOREWORD_KEY_PASSPHRASE"'],
        env={"CREDENTIALS_DIRECTORY": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "two words\n"
