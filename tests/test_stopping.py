"""How the program stops: what was begun is answered, nothing that was acknowledged is lost, nobody is cut off."""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.bench.walker import Walker
from tests.security.sending import WHO, name_database
from tests.support.server import COMMAND, Server, StartServer
from tests.support.source import ROOT
from tests.web.raw import build_request, read_reply

SECONDS = 90
PATIENTS = 6
RESTARTS = 5
ENOUGH = 100

HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], [sys.argv[3], "serve"])
"""


def get_port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


class Caller(http.client.HTTPConnection):
    """Connects, or raises ConnectionRefusedError, also where the socket that listens is being closed right now."""

    def connect(self) -> None:
        """Connect: a reset before anything was sent is a refusal."""
        try:
            super().connect()
        except ConnectionResetError as error:
            raise ConnectionRefusedError from error


def connect(port: int) -> socket.socket:
    caller = Caller("127.0.0.1", port, timeout=SECONDS)
    caller.connect()
    return caller.sock


def is_open(port: int) -> bool:
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return False
    return True


def wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        threading.Event().wait(0.02)


def begin_request(port: int) -> tuple[socket.socket, bytes]:
    """Send the first half of a request, and return its connection and the second half."""
    whole = build_request(f"127.0.0.1:{port}", "/healthz")
    connection = connect(port)
    connection.sendall(whole[:20])
    return connection, whole[20:]


def send_until_closed(url: str) -> int:
    """Send one form after the other until nobody listens any more, and return how many were acknowledged.

    Whatever else breaks a connection fails the test.
    """
    sent = 0
    walker = Walker(url)
    try:
        while True:
            walker = Walker(url)
            walker.connection = Caller(walker.connection.host, walker.connection.port)
            walker.start()
            walker.walk({})
            walker.ask("GET", "/share/send")
            walker.send(walker.document.forms[0], WHO)
            assert (walker.status, walker.path) == (200, "/done")
            sent += 1
            walker.connection.close()
    except ConnectionRefusedError:
        # After the answer that closed the connection; or behind the redirect of a form that was received.
        return sent + (walker.path == "/share/send" and walker.status == HTTPStatus.SEE_OTHER)


def count_responses(server: Server) -> int:
    with sqlite3.connect(name_database(server).removeprefix("sqlite:///")) as connection:
        count: int = connection.execute("SELECT count(*) FROM responses").fetchone()[0]
    connection.close()
    return count


def test_of_all_who_send_nobody_is_cut_off_and_what_was_acknowledged_is_there(start_server: StartServer) -> None:
    server = start_server(drain_seconds=4)
    port = get_port(server)
    with ThreadPoolExecutor(PATIENTS) as threads:
        senders = [threads.submit(send_until_closed, server.url) for _ in range(PATIENTS)]
        wait_until(lambda: count_responses(server) >= PATIENTS)
        connection = Caller("127.0.0.1", port, timeout=SECONDS)
        connection.connect()
        server.process.send_signal(signal.SIGTERM)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.status, answer.read(), answer.headers["Connection"]
        acknowledged = sum(sender.result(timeout=SECONDS) for sender in senders)
    assert said == (503, b"stopping\n", "close")
    assert server.process.wait(SECONDS) == 0
    assert count_responses(server) == acknowledged >= PATIENTS
    assert '"level":"error"' not in server.read_log()


def test_a_request_that_was_begun_is_answered_after_nobody_else_is_heard(start_server: StartServer) -> None:
    server = start_server()
    port = get_port(server)
    connection, rest = begin_request(port)
    with connection:
        wait_until(lambda: b"alive" in ask_alive(port))  # so that the first half was read before
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open(port))
        connection.sendall(rest)
        reply = read_reply(connection, "GET")
    assert (reply.status, reply.text) == (200, "alive\n")
    assert server.process.wait(SECONDS) == 0


def ask_alive(port: int) -> bytes:
    with connect(port) as connection:
        connection.sendall(build_request(f"127.0.0.1:{port}", "/healthz"))
        return read_reply(connection, "GET").body


def test_a_second_signal_ends_it_at_once(start_server: StartServer) -> None:
    server = start_server()
    port = get_port(server)
    connection, _ = begin_request(port)
    with connection:
        wait_until(lambda: b"alive" in ask_alive(port))
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open(port))
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS) == -signal.SIGTERM


def test_who_is_silent_in_the_middle_does_not_keep_it(start_server: StartServer) -> None:
    server = start_server()
    silent, _ = begin_request(get_port(server))
    with silent, connect(get_port(server)):
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS) == 0
        assert silent.recv(1) == b""


@contextmanager
def hold_socket() -> Iterator[socket.socket]:
    """Hold a listening socket, as systemd does for the program."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as held:
        yield held


def hand_over(handed: socket.socket, data: Path, count: str = "1") -> subprocess.Popen[str]:
    port = socket.socket.getsockname(handed)[1] if handed.family == socket.AF_INET else 8000
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "FOREWORD_DATA": str(data), "FOREWORD_DEMO": "1"}
    command = [sys.executable, "-c", HAND_OVER, str(handed.fileno()), count, str(COMMAND)]
    return subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        pass_fds=[handed.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask_until(ended: threading.Event, port: int) -> int:
    """Ask for a page again and again, on a new connection each time, and return how often that was."""
    count = 0
    while not ended.is_set() or count < ENOUGH:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("GET", "/about-ketamine")
        answer = connection.getresponse()
        assert answer.status == HTTPStatus.OK
        assert answer.read()
        connection.close()
        count += 1
    return count


def test_in_five_restarts_on_a_socket_that_is_held_every_request_is_answered(tmp_path: Path) -> None:
    ended = threading.Event()
    with hold_socket() as held, ThreadPoolExecutor(4) as threads, at_the_end(ended.set):
        port = held.getsockname()[1]
        askers = [threads.submit(ask_until, ended, port) for _ in range(3)]
        walker = threads.submit(walk_until, ended, f"http://127.0.0.1:{port}")
        counts, walked = [0], False
        for number in range(RESTARTS + 1):
            with serve_on(held, tmp_path / "data") as process:
                if number == RESTARTS:
                    ended.set()
                    counts = [asker.result(timeout=SECONDS) for asker in askers]
                    walked = walker.result(timeout=SECONDS)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=SECONDS)
                assert process.returncode == 0
    assert sum(counts) >= 3 * ENOUGH
    assert walked


@contextmanager
def at_the_end(do: Callable[[], object]) -> Iterator[None]:
    """Do something however a test ends."""
    try:
        yield
    finally:
        do()


@contextmanager
def serve_on(held: socket.socket, data: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program on a socket that is held."""
    process = hand_over(held, data)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Foreword is open at http://127.0.0.1:{held.getsockname()[1]}\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def walk_until(ended: threading.Event, url: str) -> bool:
    """Fill in one form after the other over all restarts: what was saved before one is there after it."""
    while True:
        walker = Walker(url)
        walker.start()
        walker.walk({})
        walker.ask("GET", "/share/send")
        walker.send(walker.document.forms[0], WHO)
        assert (walker.status, walker.path) == (200, "/done")
        walker.connection.close()
        if ended.is_set():
            return True


def test_what_is_handed_over_has_to_be_one_listening_socket(tmp_path: Path) -> None:
    left, right = socket.socketpair()
    with left, right, hold_socket() as held:
        for handed, count, sentence in (
            (held, "2", "LISTEN_FDS: 2 sockets were handed over; keep one ListenStream in the socket unit\n"),
            (left, "1", "LISTEN_FDS: what was handed over is no listening TCP socket; write ListenStream with"),
        ):
            process = hand_over(handed, tmp_path / "data", count)
            said, complained = process.communicate(timeout=SECONDS)
            assert (process.returncode, said) == (2, "")
            assert complained.startswith(sentence)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("number", ["61", "-1", "soon"])
def test_how_long_newcomers_are_served_has_bounds(tmp_path: Path, number: str) -> None:
    environment = {"PATH": os.environ["PATH"], "FOREWORD_DATA": str(tmp_path), "FOREWORD_DRAIN_SECONDS": number}
    done = subprocess.run([COMMAND, "serve"], env=environment, capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert done.stderr == f"FOREWORD_DRAIN_SECONDS: {number!r} is not a number from 0 to 60; write one\n"
