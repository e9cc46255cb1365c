"""security.md S35: pressed ten times at once on a real server, sending sends once, on both databases."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from app.questionnaire.answer import Number
from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.security.sending import WHO, name_database, open_files
from tests.support.server import StartServer
from tests.web.patient.visitor import Form

PRESSES = 10


def press(walker: Walker, form: Form, count: int = PRESSES) -> list[tuple[int, str]]:
    """Send one form from this many connections at once; return where each ended."""
    start = threading.Barrier(count)

    def send(_: int) -> tuple[int, str]:
        other = Walker(walker.url, dict(walker.cookies))
        other.connection.connect()
        start.wait()
        other.ask("POST", form.action, encode(form.fields))
        other.connection.close()
        return other.status, other.path

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


def send_and_hang_up(walker: Walker, form: Form) -> None:
    """Send a form over a connection that breaks before the answer comes."""
    body = encode(form.fields)
    parts = urlsplit(walker.url)
    head = (
        f"POST {form.action} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {walker.cookie_header}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as line:
        line.sendall(head.encode() + body)


def fill(walker: Walker) -> Form:
    """Return the page that sends, filled in."""
    walker.ask("GET", "/share/send")
    form = walker.document.forms[0]
    return Form(form.action, {**form.fields, **WHO})


def test_ten_presses_at_once_send_one_response_and_one_newer_version(
    start_server: StartServer, database_url: str
) -> None:
    # Given somebody on a real server with several threads
    server = start_server(database_url=database_url)
    walker = Walker(server.url)
    walker.start()
    walker.walk({"age": Number("34")})
    # When the button is pressed ten times at once
    assert press(walker, fill(walker)) == [(200, "/done")] * PRESSES
    # And again after a change
    walker.ask("GET", "/questions/1")
    walker.send(walker.document.forms[0], {"age": ["43"]})
    assert press(walker, fill(walker)) == [(200, "/done")] * PRESSES
    walker.connection.close()
    # Then there is one response with two versions, and the clinic can open both
    with open_files(server.data, database_url) as files:
        first, second = (files.open(version) for version in files.list_stored())
    assert first.reference == second.reference
    assert [one.sent.response.answers["age"] for one in (first, second)] == [Number("34"), Number("43")]


def test_a_retry_after_a_lost_answer_sends_nothing_twice(start_server: StartServer) -> None:
    # UA-30: the first answer never arrives; the person presses again
    server = start_server()
    walker = Walker(server.url)
    walker.start()
    walker.walk({"age": Number("34")})
    form = fill(walker)
    for _ in range(3):
        send_and_hang_up(walker, form)
    walker.send(form)
    assert (walker.status, walker.path) == (200, "/done")
    walker.connection.close()
    with open_files(server.data, name_database(server)) as files:
        assert len(files.list_stored()) == 1
