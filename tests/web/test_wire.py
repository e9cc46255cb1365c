"""The server's connections: what is slow is let go in time, what is being answered is answered."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.output.pdf import MOST_TOGETHER
from app.server import open_listener
from app.settings import load_settings
from app.web import build_web_app
from app.web.wire import Channel, Server
from tests.support.ports import find_free_port
from tests.web.probe import start_probe
from tests.web.raw import build_request, send_raw


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    """Give a connection to a server whose clock is the test's, because nothing runs it."""
    port = find_free_port()
    settings = load_settings({"PORT": str(port), "FOREWORD_DATA": str(tmp_path / "data")})
    server = Server(build_web_app(settings), settings, open_listener(settings))
    with socket.create_connection(("127.0.0.1", port)) as client:
        server.handle_accept()
        (channel,) = server.active_channels.values()  # type: ignore[attr-defined]  # the stubs err
        yield channel
        client.close()
    channel.handle_close()
    server.task_dispatcher.shutdown()
    server.close()


def test_a_request_that_drips_in_is_dropped_after_a_minute(channel: Channel) -> None:
    began = channel.last_activity
    channel.received(b"GET / HTTP/1.1\r\n")
    for passed in range(10, 60, 10):
        channel.last_activity = began + passed
        channel.received(b"X: y\r\n")
        channel.server.maintenance(int(began) + passed)
        assert not channel.will_close
    channel.last_activity = began + 62
    channel.server.maintenance(int(began) + 62)
    assert channel.will_close


def test_a_silent_connection_is_dropped_after_twenty_seconds(channel: Channel) -> None:
    now = int(channel.last_activity)
    channel.server.maintenance(now + 19)
    assert not channel.will_close
    channel.server.maintenance(now + 22)
    assert channel.will_close


def test_papers_never_take_every_thread(channel: Channel) -> None:
    assert channel.server.adj.threads > MOST_TOGETHER


def test_what_is_being_answered_when_the_program_ends_is_answered(tmp_path: Path) -> None:
    probe = start_probe(tmp_path)
    with ThreadPoolExecutor() as thread:
        answer = thread.submit(send_raw, probe.port, build_request(probe.host, "/slow"))
        while '"slow begun"' not in probe.log.read_text():
            time.sleep(0.01)
        probe.stop()
        assert answer.result().text == "slow, but whole"
    assert probe.process.returncode == 0
