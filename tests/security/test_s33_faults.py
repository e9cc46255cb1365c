"""security.md S33 on a real clinic: whatever breaks, or is sent that is no text, a plain page says what to do."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.security.grounds import Caller, Grounds, sign_in
from tests.security.test_s02_closed_by_default import fill, read_matrix
from tests.security.test_s05_headers import check_headers
from tests.support.postgres import PostgresServer
from tests.support.server import COMMAND, Server, StartServer
from tests.web.raw import Reply

# What only whoever wrote or runs the program could have an interest in.
NEVER_SAID = ("Traceback", "Werkzeug", "Flask", "Jinja", "waitress", "Python/", "sqlite", "psycopg", "SQL")
BYTES = ("%00", "%ff%fe", "%ED%A0%80", "%zz%C0%AF", "..%2f%0d%0a", "%F0%9F%98%80%E2%80%AE")


def check_plain(reply: Reply) -> None:
    """Fail when a page says what is behind it, or lacks what every answer has."""
    check_headers(reply)
    assert [word for word in NEVER_SAID if word.lower() in reply.text.lower()] == []


Fault = Callable[[Server], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Clinic:
    """A running clinic with a patient in the middle of a form and a reviewer who is signed in."""

    server: Server
    patient: Caller
    reviewer: Caller

    def read(self) -> list[Reply]:
        """Return what both are answered who open a page."""
        return [self.patient.call("GET", "/check"), self.reviewer.call("GET", "/clinic/responses")]

    def write(self) -> list[Reply]:
        """Return what somebody is answered who begins, and a reviewer who signs in once more."""
        newcomer = Caller("newcomer", self.server)
        return [newcomer.post("/start"), self.reviewer.post("/clinic/demonstration", {"as": "reviewer"})]


def open_clinic(server: Server) -> Clinic:
    """Return a clinic on a server that was just started."""
    patient = Caller("patient", server)
    assert patient.post("/start").status == 303
    clinic = Clinic(server, patient, sign_in(server, "reviewer"))
    clinic.patient.find_token("/start")
    clinic.reviewer.tokens["staff"] = clinic.reviewer.find_token("/clinic/account")
    assert [reply.status for reply in clinic.read()] == [200, 200]
    return clinic


def check_faults(replies: list[Reply]) -> None:
    """Fail unless each answer is the page that says to come back."""
    for reply in replies:
        assert (reply.status, reply.get("Retry-After")) == (503, "60"), reply.text
        assert reply.text.count("<h1") == 1
        check_plain(reply)


def test_a_database_that_is_gone(start_server: StartServer, postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    clinic = open_clinic(start_server(database_url=url))
    postgres_server.drop_database(url)
    check_faults(clinic.read() + clinic.write() + clinic.read())
    assert clinic.patient.call("GET", "/privacy").status in {200, 503}
    clinic.server.stop(may_have_failed=True)


@contextmanager
def lock(server: Server) -> Iterator[None]:
    with closing(sqlite3.connect(server.data / "foreword.sqlite3", timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def fill_disk(server: Server) -> Iterator[None]:
    process = psutil.Process(server.process.pid)
    process.rlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    yield
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("fault", [lock, fill_disk])
def test_a_database_that_takes_nothing(fault: Fault, start_server: StartServer) -> None:
    clinic = open_clinic(start_server())
    with fault(clinic.server):
        check_faults(clinic.write())
        # Who only reads is answered; what staff read is accounted for first, and nothing is read that was not
        patient, reviewer = clinic.read()
        assert patient.status == 200
        check_faults([reviewer])
    # And when there is room again, all is as before
    assert [reply.status for reply in clinic.read()] == [200, 200]
    assert [reply.status for reply in clinic.write()] == [303, 303]
    clinic.server.stop(may_have_failed=True)


def test_a_database_that_is_no_longer_one(start_server: StartServer) -> None:
    clinic = open_clinic(start_server())
    for file in clinic.server.data.glob("foreword.sqlite3*"):
        file.write_bytes(b"nothing that was ever a database" * 1000)
    for reply in clinic.read() + clinic.write():
        assert reply.status in {500, 503}
        check_plain(reply)
    clinic.server.stop(may_have_failed=True)


@pytest.mark.parametrize("who", ["patient", "lead"])
@pytest.mark.parametrize("text", BYTES)
def test_bytes_that_are_no_text_break_nothing(text: str, who: str, grounds: Grounds) -> None:
    caller = grounds.callers[who]
    cookie = "; ".join(f"{name}={value}" for name, value in caller.cookies.items())
    for method, rule in read_matrix():
        if rule in {"/erase", "/clinic/sign-out"}:
            continue
        path = fill(rule.replace("<reference>", grounds.reference).replace("<page_id>", text or "1"))
        about = {"Cookie": f"{cookie}; odd={text}; foreword-odd=\xff\xfe", "X-CSRFToken": caller.find_token(path)}
        body = f"{text}={text}&action={text}&note=&other-conditions={text}".encode() + b"&\xff=\xfe"
        reply = caller.call(method, f"{path}?{text}={text}&version={text}", body if method == "POST" else None, about)
        assert reply.status < 500, (method, path, reply.status)
        if (reply.get("Content-Type") or "").startswith("text/html") and reply.status >= 400:
            check_plain(reply)


@pytest.mark.parametrize("who", ["nobody", "patient", "lead"])
@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "OPTIONS", "PROPFIND", "BREW"])
def test_no_other_method_is_answered_anywhere(method: str, who: str, grounds: Grounds) -> None:
    caller = grounds.callers[who]
    for path in dict.fromkeys(fill(rule.replace("<reference>", grounds.reference)) for _, rule in read_matrix()):
        reply = caller.call(method, path, headers={"X-Sent": "never repeated"})
        assert (path, reply.status) == (path, 405)
        assert set((reply.get("Allow") or "").split(", ")) & {"GET", "POST"}
        assert "never repeated" not in reply.text
        check_plain(reply)


@pytest.mark.parametrize("url", ["", "https://clinic.example"])
@pytest.mark.parametrize("value", ["1", "true", "on", "yes", "anything"])
def test_with_a_debugger_it_does_not_start(value: str, url: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "FOREWORD_DATA": str(tmp_path), "FLASK_DEBUG": value}
    environment |= {"FOREWORD_PUBLIC_URL": url} if url else {}
    done = subprocess.run([COMMAND, "serve"], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("FLASK_DEBUG: ")
    assert done.stderr.count("\n") == 1


def test_nothing_asks_for_the_debugger(grounds: Grounds) -> None:
    nobody = grounds.callers["nobody"]
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=debugger.js", "/clinic/?__debugger__=yes"):
        reply = nobody.call("GET", path)
        assert reply.status in {200, 303, 404}
        check_plain(reply)
        assert "debugger" not in reply.text.lower()
