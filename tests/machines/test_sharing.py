"""Nothing is kept in a process: two serve one patient in turn, and what is done once a day is done once by three."""

import http.client
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from app.clinic.profile import DEMONSTRATION, dump_settings
from app.questionnaire.answer import Text
from app.storage.clinic_settings import save_settings
from app.storage.engine import begin_read, begin_write, create_engine_for
from app.storage.tables import CHORES, RESPONSES
from tests.bench.walker import Walker
from tests.browser.patient import list_examples, read_answers
from tests.cli.conftest import Run, run
from tests.security.sending import WHO, open_files
from tests.support.mail import MailBox, mail_box
from tests.support.server import Server, StartServer, launch_server
from tests.web.patient.visitor import Form

__all__ = ["mail_box", "run"]  # fixtures of other folders

PUBLIC = "http://127.0.0.1:8999"  # where a balancer would be; nobody listens there


@dataclass
class Wanderer(Walker):
    """Somebody each of whose requests goes to the next machine."""

    machines: tuple[Server, ...] = ()
    turns: Iterator[http.client.HTTPConnection] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        """Connect to each."""
        connections = [http.client.HTTPConnection(urlsplit(self.url).netloc) for _ in self.machines]
        for connection, machine in zip(connections, self.machines, strict=True):
            connection.sock = socket.create_connection(("127.0.0.1", urlsplit(machine.url).port or 0))
        self.turns = cycle(connections)

    def ask(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send one request, and follow where it leads on the next machine."""
        self.connection = next(self.turns)
        super().ask(method, path, body)

    def send(self, form: Form, typed: Mapping[str, list[str]] | None = None) -> None:
        """Load the page once more and send the form: three requests, so that each machine is sent every other form."""
        self.ask("GET", self.path)
        super().send(form, typed)

    def close(self) -> None:
        """Hang up."""
        for _ in self.machines:
            next(self.turns).close()


def test_two_machines_share_a_draft_when_each_request_goes_to_the_other_one(
    start_server: StartServer, postgres_url: str, tmp_path: Path
) -> None:
    # Given a clinic's machine and two of patients, which have the same cookie.key as the documentation says
    settings = {"database_url": postgres_url, "public_url": PUBLIC}
    clinic = start_server(role="clinic", **settings)
    first = start_server(role="patient", **settings)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy2(first.data / "cookie.key", data)
    second = start_server(role="patient", data=data, **settings)
    answers = {**read_answers(list_examples()[0]), "other-conditions": Text("one word")}
    # When somebody fills in everything and sends it, and no two requests in a row go to one machine
    wanderer = Wanderer(PUBLIC, machines=(first, second))
    wanderer.start()
    wanderer.walk(answers)
    assert b"one word" in wanderer.body
    wanderer.ask("GET", "/share/send")
    form = next(form for form in wanderer.document.forms if form.action == "/share/send")
    wanderer.send(form, WHO)
    wanderer.close()
    # Then it was never noticed, on either, and the clinic has it once
    assert (wanderer.status, wanderer.path) == (200, "/done")
    for machine in (first, second):
        log = machine.read_log()
        assert log.count('"method":"POST"') > 5
        assert not [line for line in log.splitlines() if '"status":4' in line]
    with open_files(clinic.data, postgres_url) as files:
        assert len(files.open_all()) == 1


@pytest.fixture
def due_clinic(run: Run, postgres_url: str, mail_box: MailBox, tmp_path: Path) -> dict[str, str]:
    """Make a clinic at noon, with new responses, one of which is past its time; return the settings of its machines."""
    environ = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": f"{tmp_path}/data", "FOREWORD_DATABASE_URL": postgres_url}
    assert run("demo", "--responses", "3", **environ).code == 0
    now = datetime.now(UTC)
    noon = f"Etc/GMT{now.hour - 12:+d}"  # there the sign is the other way round
    engine = create_engine_for(postgres_url)
    with begin_write(engine) as connection:
        content = dump_settings(replace(DEMONSTRATION, time_zone=noon, notice_to=("someone@example.test",)))
        save_settings(connection, content, seen=0, changed_by="test", now=now)
        first = connection.execute(select(RESPONSES.c.reference).limit(1)).scalar_one()
        over = update(RESPONSES).where(RESPONSES.c.reference == first).values(delete_at=now - timedelta(days=1))
        connection.execute(over)
        others = update(RESPONSES).where(RESPONSES.c.reference != first)
        connection.execute(others.values(review_status="requested", delete_at=now + timedelta(days=9)))
    engine.dispose()
    return {"database_url": postgres_url, "smtp_url": f"smtp://127.0.0.1:{mail_box.port}?from=forms@clinic.test"}


def test_what_is_done_once_a_day_is_done_once_by_three_machines(
    run: Run,
    due_clinic: dict[str, str],
    mail_box: MailBox,
    tmp_path: Path,
) -> None:
    # Given three machines of the clinic with its keys
    folders = [tmp_path / f"machine-{number}" for number in range(3)]
    for folder in folders:
        shutil.copytree(tmp_path / "data", folder / "data")
    # When they start at the same moment, late enough in the clinic's day
    with ThreadPoolExecutor(3) as pool:
        servers = list(pool.map(lambda folder: launch_server(folder, {**due_clinic, "role": "clinic"}), folders))
    try:
        wait_for_chores(due_clinic["database_url"])
        # And one of them dies and comes back
        servers[0].process.kill()
        servers[0].process.wait()
        servers[0] = launch_server(folders[0], {**due_clinic, "role": "clinic"})
    finally:
        for server in servers:
            server.stop()
    # Then one e-mail has gone out, and what was past its time was erased and accounted for once
    assert len(mail_box.messages) == 1
    environ = {"FOREWORD_DATA": f"{tmp_path}/data", "FOREWORD_DATABASE_URL": due_clinic["database_url"]}
    listed = run("audit", "list", **environ)
    assert listed.out.count("responses.purged") == 1, listed
    assert run("audit", "verify", **environ).code == 0


def wait_for_chores(database_url: str) -> None:
    """Wait until everything that is done once a day is done."""
    engine = create_engine_for(database_url)
    deadline = time.monotonic() + 60
    done: set[str] = set()
    while not {"purge", "check", "notice"} <= done and time.monotonic() < deadline:
        with begin_read(engine) as connection:
            done = set(connection.execute(select(CHORES.c.name).where(CHORES.c.done_on != "")).scalars())
        time.sleep(0.2)
    engine.dispose()
    assert {"purge", "check", "notice"} <= done
