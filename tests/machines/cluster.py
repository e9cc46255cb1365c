"""PostgreSQL on two machines: a primary, and a synchronous standby that takes its place.

What an operator's cluster manager does is done here step by step: promote, rewind, follow again.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machines.places import Places
from tests.machines.programs import Program, run_to_end, wait_for
from tests.support.postgres import place_programs

DATABASE = "foreword"
_PORT = 5432
_SECONDS = 30
# A kill loses nothing that the kernel was given; only a power cut would need fsync, and none is tried here.
_SETTINGS = """
unix_socket_directories = ''
fsync = off
max_connections = 60
max_wal_senders = 6
wal_keep_size = '256MB'
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = '200ms'
log_statement = none
log_parameter_max_length = 0
"""


@dataclass(slots=True)
class Node:
    """One server: its machine, where it keeps what, and its program."""

    machine: str
    folder: Path
    program: Program

    @property
    def data(self) -> Path:
        """Return the folder of its data."""
        return self.folder / "data"


class Cluster:
    """A primary and its standby."""

    def __init__(self, places: Places, folder: Path, machines: tuple[str, str]) -> None:
        """Make the primary's data, and start both."""
        self._places = places
        self._user, self._programs = place_programs(folder)
        self.primary, self.standby = (self._make_node(folder, machine) for machine in machines)
        self._run(
            self.primary,
            "initdb",
            "-D",
            f"{self.primary.data}",
            "--auth=trust",
            "-U",
            "postgres",
            "-N",
            "--locale=C.UTF-8",
        )
        self._start_primary()
        self._run(self.primary, "createdb", "-h", self._locate(self.primary), "-U", "postgres", DATABASE)
        self._run(self.standby, "pg_basebackup", "-D", f"{self.standby.data}", "-c", "fast", "-N", *self._name_source())
        self._follow()

    @property
    def url(self) -> str:
        """Return the address that finds whichever is the primary."""
        hosts = "&".join(
            f"host={self._locate(node)}:{_PORT}" for node in sorted((self.primary, self.standby), key=_name)
        )
        return f"postgresql+psycopg://postgres@/{DATABASE}?{hosts}&target_session_attrs=read-write"

    def kill_primary(self) -> str:
        """Kill the primary and return its machine."""
        self.primary.program.kill()
        return self.primary.machine

    def promote(self) -> None:
        """Make the standby the primary; it waits for nobody until it has a standby of its own."""
        self.primary, self.standby = self.standby, self.primary
        self._write_settings(self.primary, following=None)
        self._run(self.primary, "pg_ctl", "-D", f"{self.primary.data}", "--wait", "promote")

    def rejoin(self) -> None:
        """Let the one that was killed follow the new primary, and be waited for again."""
        source = f"host={self._locate(self.primary)} port={_PORT} user=postgres dbname=postgres"
        settings = f"--config-file={self.standby.folder}/postgresql.conf"
        self._run(self.standby, "pg_rewind", "-D", f"{self.standby.data}", "-N", settings, f"--source-server={source}")
        self._follow()

    def restart_standby(self) -> None:
        """Start the standby again where it was."""
        self._follow()

    def ask(self, statement: str) -> str:
        """Return what a statement gives on the primary."""
        where = ("-h", self._locate(self.primary), "-U", "postgres", "-d", DATABASE)
        return self._run(self.primary, "psql", "-X", "-A", "-t", *where, "-c", statement).strip()

    def stop(self) -> None:
        """End both."""
        for node in (self.standby, self.primary):
            node.program.kill()

    def _make_node(self, folder: Path, machine: str) -> Node:
        place = folder / machine
        place.mkdir()
        if self._user:
            shutil.chown(place, self._user)
        command = [str(self._programs / "postgres"), f"--config-file={place}/postgresql.conf"]
        log = folder / f"{machine}.log"
        return Node(machine, place, Program(self._places, machine, command, log, user=self._user, folder=folder))

    def _start_primary(self) -> None:
        self._write_settings(self.primary, following=None)
        self.primary.program.start()
        self._wait_until_ready(self.primary)

    def _follow(self) -> None:
        self._write_settings(self.standby, following=self.primary)
        (self.standby.data / "standby.signal").touch()
        if self._user:
            shutil.chown(self.standby.data / "standby.signal", self._user)
        self.standby.program.start()
        self._wait_until_ready(self.standby)
        self._write_settings(self.primary, following=None, is_waiting=True)
        self._run(self.primary, "pg_ctl", "-D", f"{self.primary.data}", "reload")
        state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
        wait_for("the standby is waited for", lambda: self.ask(state) == "1", _SECONDS, self.standby.program)

    def _wait_until_ready(self, node: Node) -> None:
        command = [f"{self._programs}/pg_isready", "-q", "-h", self._locate(node)]

        def is_ready() -> bool:
            return subprocess.run(self._places.wrap(node.machine, command), check=False).returncode == 0

        wait_for(f"{node.machine} takes connections", is_ready, _SECONDS, node.program)

    def _write_settings(self, node: Node, *, following: Node | None, is_waiting: bool = False) -> None:
        lines = [_SETTINGS, f"listen_addresses = '{self._locate(node)}'", f"port = {_PORT}"]
        lines += [f"data_directory = '{node.data}'", f"hba_file = '{node.folder}/pg_hba.conf'"]
        lines.append(f"ident_file = '{node.folder}/pg_ident.conf'")
        lines += ["synchronous_standby_names = '*'"] if is_waiting else []
        if following:
            lines.append(f"primary_conninfo = 'host={self._locate(following)} port={_PORT} user=postgres'")
        (node.folder / "postgresql.conf").write_text("\n".join(lines))
        (node.folder / "pg_hba.conf").write_text(f"host all,replication all {self._places.network} trust\n")
        (node.folder / "pg_ident.conf").touch()

    def _name_source(self) -> tuple[str, ...]:
        return ("-h", self._locate(self.primary), "-p", str(_PORT), "-U", "postgres")

    def _locate(self, node: Node) -> str:
        return self._places.locate(node.machine)

    def _run(self, node: Node, program: str, *arguments: str) -> str:
        return run_to_end(self._places, node.machine, [f"{self._programs}/{program}", *arguments], self._user)


def _name(node: Node) -> str:
    return node.machine
