"""Where the machines stand: network namespaces of their own where root may make them, else loopback addresses.

Both give each machine an address, start programs on it, and cut it off. What an earlier run left behind, because it was
killed, is taken away at the start of the next.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

PREFIX = "foreword-machines-"
FOLDERS = (Path("/dev/shm"), Path(tempfile.gettempdir()))  # noqa: S108  only folders that nobody else can guess
"""Where a run's folder can be: in memory, where there is room and programs may run, for a dozen servers write there."""

_NAMESPACES = Path("/run/netns")
_ROOM = 1 << 30
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of <sched.h>
_SWITCH = "switch"
_BLOCKED, _FORWARDING = "0", "3"  # states of a bridge's port


class Places(Protocol):
    """Machines by name: how to start something on one, and how to cut one off."""

    kind: str
    network: str

    def locate(self, machine: str) -> str:
        """Return a machine's address."""
        ...

    def wrap(self, machine: str, command: Sequence[str], user: str | None = None) -> list[str]:
        """Return the command that runs another on a machine, and that dies with this process."""
        ...

    def enter(self, machine: str) -> None:
        """Let this thread's connections begin at a machine."""
        ...

    def cut(self, machine: str, processes: Sequence[psutil.Process], *, is_silent: bool) -> str:
        """Cut a machine off from all others, and return how; silently means that its own link looks well to it."""
        ...

    def join(self, machine: str) -> None:
        """Let a machine that was cut off back in."""
        ...


class Namespaces:
    """A network namespace for each machine, and one with a bridge between them; nothing leads out of it."""

    kind = "network namespaces"
    network = "10.213.77.0/24"

    def __init__(self, machines: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(machines, 10)}
        self._stem = f"{PREFIX}{os.getpid()}-"
        _run("ip", "netns", "add", self._stem + _SWITCH)
        self._on_switch("link", "add", "name", "bridge0", "type", "bridge")
        self._on_switch("link", "set", "dev", "bridge0", "up")
        for name in machines:
            self._build(name)

    def locate(self, machine: str) -> str:
        """Return a machine's address: the same in every run, for no other run sees it."""
        return f"10.213.77.{self._numbers[machine]}"

    def wrap(self, machine: str, command: Sequence[str], user: str | None = None) -> list[str]:
        """Return the command that runs another on a machine, and that dies with this process."""
        return ["ip", "netns", "exec", self._stem + machine, *_bind_to_us(user), *command]

    def enter(self, machine: str) -> None:
        """Let this thread's connections begin at a machine."""
        with (_NAMESPACES / (self._stem + machine)).open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEW_NETWORK):
                raise OSError(ctypes.get_errno(), f"cannot enter {machine}")

    def cut(self, machine: str, processes: Sequence[psutil.Process], *, is_silent: bool) -> str:  # noqa: ARG002  the other kind needs them
        """Take a machine's link down, or let the bridge drop every packet from and to it."""
        if is_silent:
            self._set_port(machine, _BLOCKED)
            return "packets dropped"
        self._on_switch("link", "set", "dev", f"to-{machine}", "down")
        return "link down"

    def join(self, machine: str) -> None:
        """Let a machine that was cut off back in."""
        self._on_switch("link", "set", "dev", f"to-{machine}", "up")
        self._set_port(machine, _FORWARDING)

    def _build(self, name: str) -> None:
        space, port = self._stem + name, f"to-{name}"
        _run("ip", "netns", "add", space)
        self._on_switch("link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        self._on_switch("link", "set", "dev", port, "master", "bridge0", "up")
        _run("ip", "-n", space, "addr", "add", f"{self.locate(name)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run("ip", "-n", space, "link", "set", "dev", device, "up")

    def _set_port(self, machine: str, state: str) -> None:
        port = ("link", "set", "dev", f"to-{machine}", "state", state)
        _run("ip", "netns", "exec", self._stem + _SWITCH, "bridge", *port)

    def _on_switch(self, *words: str) -> None:
        _run("ip", "-n", self._stem + _SWITCH, *words)


class Loopback:
    """A loopback address for each machine; one that is cut off is stopped, so that it neither hears nor speaks."""

    kind = "loopback addresses"
    network = "127.0.0.0/8"

    def __init__(self, machines: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(machines, 10)}
        self._stopped: dict[str, list[psutil.Process]] = {}

    def locate(self, machine: str) -> str:
        """Return a machine's address: another in every run that goes on at the same time."""
        high, low = divmod(os.getpid() % 16384, 250)
        return f"127.{64 + high}.{low + 1}.{self._numbers[machine]}"

    def wrap(self, machine: str, command: Sequence[str], user: str | None = None) -> list[str]:  # noqa: ARG002  all are here
        """Return the command that runs another, and that dies with this process."""
        return [*_bind_to_us(user), *command]

    def enter(self, machine: str) -> None:
        """Do nothing: every machine is here."""

    def cut(self, machine: str, processes: Sequence[psutil.Process], *, is_silent: bool) -> str:  # noqa: ARG002  there is one way
        """Stop a machine's programs."""
        self._stopped[machine] = [one for root in processes for one in (root, *root.children(recursive=True))]
        for process in self._stopped[machine]:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        return "programs stopped"

    def join(self, machine: str) -> None:
        """Let them go on."""
        for process in self._stopped.pop(machine, []):
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def make_places(machines: Sequence[str], *, is_loopback: bool = False) -> Iterator[Places]:
    """Give a place to each machine; namespaces where they are allowed, unless loopback is asked for."""
    clear_stale()
    try:
        yield Loopback(machines) if is_loopback or not _may_make_namespaces() else Namespaces(machines)
    finally:
        _clear(os.getpid())


@contextmanager
def make_folder() -> Iterator[Path]:
    """Give a folder for everything that the machines keep; whoever runs a database in it may pass through it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_find_room()))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        _clear_folder(folder)


def clear_stale() -> None:
    """Remove what runs left behind that are no more: programs, namespaces, mounts and folders."""
    names = [path.name for top in (_NAMESPACES, *FOLDERS) for path in top.glob(f"{PREFIX}*")]
    owners = {int(found.group(1)) for name in names if (found := re.match(rf"{PREFIX}(\d+)-", name))}
    for owner in owners:
        if not psutil.pid_exists(owner):
            _clear(owner)
            for folder in (path for top in FOLDERS for path in top.glob(f"{PREFIX}{owner}-*")):
                _clear_folder(folder)


def fill_by_mount(folder: Path, size: str) -> bool:
    """Put a small disk of its own under a folder and tell whether that is allowed here."""
    options = ["-t", "tmpfs", "-o", f"size={size},mode=0700", "foreword"]
    return os.geteuid() == 0 and _attempt("mount", *options, str(folder)).returncode == 0


def _find_room() -> Path:
    memory, temporary = FOLDERS
    if not os.access(memory, os.W_OK):
        return temporary
    about = os.statvfs(memory)
    has_room = about.f_bavail * about.f_frsize > _ROOM and not about.f_flag & os.ST_NOEXEC
    return memory if has_room else temporary


def _bind_to_us(user: str | None) -> list[str]:
    if shutil.which("setpriv") is None:
        return []
    rights = ["--reuid", user, "--regid", "nogroup", "--clear-groups"] if user else []
    return ["setpriv", "--pdeathsig", "KILL", *rights, "--"]


def _may_make_namespaces() -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("bridge") is None:
        return False
    trial = f"{PREFIX}{os.getpid()}-trial"
    is_made = _attempt("ip", "netns", "add", trial).returncode == 0
    return is_made and _attempt("ip", "netns", "del", trial).returncode == 0


def _clear(owner: int) -> None:
    spaces = sorted(_NAMESPACES.glob(f"{PREFIX}{owner}-*"))
    for space in spaces:
        listed = _attempt("ip", "netns", "pids", space.name)
        for number in {int(text) for text in listed.stdout.split()} - {os.getpid()}:  # our own thread may be in one
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    for space in spaces:
        _attempt("ip", "netns", "del", space.name)


def _clear_folder(folder: Path) -> None:
    for line in Path("/proc/mounts").read_text().splitlines():
        mounted = line.split()[1]
        if mounted.startswith(f"{folder}/"):
            _attempt("umount", "--lazy", mounted)
    shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _attempt(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)
