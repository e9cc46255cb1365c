"""A download that is read slowly waits in memory: no answer is written to a temporary file, and nobody else waits."""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.support.server import COMMAND, Server, StartServer

RESPONSES = 1600  # some seven megabytes: more than the kernel holds, and waitress before it would write to a file


def list_open_files(server: Server) -> list[str]:
    folder = Path("/proc", str(server.process.pid), "fd")
    found = []
    for link in folder.iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def wait_until_idle(server: Server) -> None:
    """Wait until the server has nothing left to do but to be read from."""
    process, before = psutil.Process(server.process.pid), -1.0
    while (spent := sum(process.cpu_times()[:2])) > before + 0.02:
        before = spent
        time.sleep(1)


def test_what_is_not_read_yet_stands_in_no_file(start_server: StartServer) -> None:
    # Given a clinic with many responses, and a reviewer who asks for all of them
    server = start_server()
    settings = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": str(server.data), "PATH": os.environ["PATH"]}
    subprocess.run([COMMAND, "demo", "--responses", str(RESPONSES)], env=settings, check=True, capture_output=True)
    staff = Walker(server.url)
    staff.ask("GET", "/clinic/sign-in")
    demonstration = next(form for form in staff.document.forms if form.action == "/clinic/demonstration")
    staff.send(demonstration, {"as": ["reviewer"]})
    staff.ask("GET", "/clinic/export")
    form = next(form for form in staff.document.forms if form.action == "/clinic/export")
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    connection.sock.connect((parts.hostname, parts.port))
    headers = {"Cookie": staff.cookie_header, "Sec-Fetch-Site": "same-origin"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    chosen = {"form": ["json-lines"], "include": ["identity", "substance-use", "pregnancy"]}
    connection.request("POST", form.action, encode({**form.fields, **chosen}), headers)
    answer = connection.getresponse()
    # When they read the beginning and then nothing, while others go on
    first = answer.read(10_000)
    wait_until_idle(server)
    staff.ask("GET", "/clinic/export")
    # Then no file holds the rest
    temporary = server.data.parent / "temporary"
    assert [file.name for file in temporary.rglob("*") if file.is_file()] == []
    assert [name for name in list_open_files(server) if "deleted" in name] == []
    # And all of it comes when they read on
    whole = first + answer.read()
    assert len(whole) > 5_000_000
    assert whole.endswith(b'{"rows":%d}\n' % RESPONSES)
    connection.close()
    staff.connection.close()
