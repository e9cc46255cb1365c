"""security.md S23: whoever asks and reads no answer keeps nobody out, and whoever reads slowly gets it whole."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from app.server import open_listener
from app.settings import load_settings
from app.web import build_web_app
from app.web.wire import Server
from tests.support.ports import find_free_port
from tests.support.server import Server as LiveServer
from tests.web.raw import build_request, read_reply, send_raw

THREADS = 4
AT_ONCE = 150
MOST_SECONDS = 90
CHUNK = b"x" * 65536
LARGE = 8 * len(CHUNK)  # more than the kernel holds for both sides
LONG = 40 * len(CHUNK)
PLACES = 60
PATIENCE = 2

Connect = Callable[[int, bytes], socket.socket]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Give a function that connects to a port, with hardly any room for an answer, and asks; they leave at the end."""
    with ExitStack() as stack:

        def ask(port: int, request: bytes) -> socket.socket:
            connection = stack.enter_context(socket.socket())
            connection.settimeout(MOST_SECONDS)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", port))
            connection.sendall(request)
            return connection

        yield ask


class Grounds:
    """A running server with two pages more: one as large as is asked for, and one that never ends."""

    def __init__(self, folder: Path, patience: int) -> None:
        self.port = find_free_port()
        settings = load_settings({"PORT": str(self.port), "FOREWORD_DATA": str(folder / "data")})
        app = build_web_app(settings)
        self.ended = threading.Semaphore(0)

        @app.get("/large/<int:size>")
        def show_large(size: int) -> bytes:
            return b"x" * size

        @app.get("/endless")
        def show_endless() -> Iterator[bytes]:
            try:
                while True:
                    yield CHUNK
            finally:
                self.ended.release()

        self.server = Server(app, settings, open_listener(settings), patience=patience, places=PLACES)

    def ask(self, path: str) -> bytes:
        """Return a request for a page."""
        return build_request(f"127.0.0.1:{self.port}", path)

    def count_taking(self) -> int:
        """Return how many answers are waiting to be read."""
        channels = list(self.server.active_channels.values())  # type: ignore[attr-defined]  # the stubs err
        return sum(bool(channel.total_outbufs_len) for channel in channels)


@contextmanager
def open_grounds(folder: Path, patience: int = PATIENCE) -> Iterator[Grounds]:
    grounds = Grounds(folder, patience)
    thread = threading.Thread(target=grounds.server.run)
    thread.start()
    try:
        yield grounds
    finally:
        grounds.server.stop()
        thread.join()
        grounds.server.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(MOST_SECONDS * 50):
        if is_so():
            return
        threading.Event().wait(0.02)
    raise AssertionError


def is_cut_off(connection: socket.socket) -> bool:
    """Read what was sent, and tell whether the answer ended in the middle; an open connection fails the test."""
    try:
        while connection.recv(len(CHUNK)):
            pass
    except ConnectionResetError:
        return True
    return False


def test_many_requests_at_once_whose_answers_nobody_reads_keep_nobody_out(
    live_server: LiveServer, connect: Connect
) -> None:
    host = live_server.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    request = f"GET /for-clinicians HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    waiting = [connect(port, request * AT_ONCE) for _ in range(THREADS)]
    for _ in range(THREADS):
        assert send_raw(port, build_request(host, "/healthz")).text == "alive\n"
    # Each of them is answered once, told so, and hears the whole of it.
    for connection in waiting:
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answers:
            said = answers.read()
        assert re.findall(rb"HTTP/1\.1 (\d+)", said) == [b"200"]
        assert b"\r\nConnection: close\r\n" in said
        assert said.endswith(b"</html>")


def test_one_request_after_the_other_is_answered_on_one_connection(live_server: LiveServer, connect: Connect) -> None:
    host = live_server.url.removeprefix("http://")
    request = build_request(host, "/healthz", headers={"Connection": "keep-alive"})
    connection = connect(int(host.rpartition(":")[2]), request)
    for _ in range(3):
        assert read_reply(connection).text == "alive\n"
        connection.sendall(request + b"\r\n")  # an empty line behind it, as old browsers send it, is nothing
    assert read_reply(connection).get("Connection") is None


def test_whoever_takes_nothing_of_a_download_gives_its_thread_back(tmp_path: Path, connect: Connect) -> None:
    with open_grounds(tmp_path) as grounds:
        stuck = [connect(grounds.port, grounds.ask("/endless")) for _ in range(THREADS)]
        wait_until(lambda: grounds.count_taking() == THREADS)
        # Nobody is there to answer this, until they are cut off
        with connect(grounds.port, grounds.ask("/healthz")) as other:
            assert read_reply(other).text == "alive\n"
        assert all(map(is_cut_off, stuck))
        assert all(grounds.ended.acquire(timeout=MOST_SECONDS) for _ in stuck)  # what was open for them is closed


def test_whoever_takes_nothing_of_a_page_is_cut_off(tmp_path: Path, connect: Connect) -> None:
    with open_grounds(tmp_path) as grounds:
        stuck = connect(grounds.port, grounds.ask(f"/large/{LARGE}"))
        wait_until(lambda: grounds.count_taking() == 1)
        wait_until(lambda: grounds.count_taking() == 0)
        assert is_cut_off(stuck)


def test_whoever_goes_on_reading_may_take_as_long_as_they_like(tmp_path: Path, connect: Connect) -> None:
    # Eight times the pause between two reads, for this may run late on a busy machine
    with open_grounds(tmp_path, 2 * PATIENCE) as grounds:
        reader = connect(grounds.port, grounds.ask(f"/large/{LONG}"))
        with reader.makefile("rb") as answer:
            said = b""
            for _ in range(14 * PATIENCE):  # more than that has passed when the server looks again
                said += answer.read(len(CHUNK))
                threading.Event().wait(0.5)
            assert grounds.count_taking() == 1
            said += answer.read()
        assert said.partition(b"\r\n\r\n")[2] == b"x" * LONG


def test_those_who_take_nothing_make_room_for_newcomers(tmp_path: Path, connect: Connect) -> None:
    with open_grounds(tmp_path, 2 * MOST_SECONDS) as grounds:
        for _ in range(2 * PLACES):
            assert connect(grounds.port, grounds.ask(f"/large/{LARGE}")).recv(1) == b"H"
        assert send_raw(grounds.port, grounds.ask("/healthz")).text == "alive\n"
