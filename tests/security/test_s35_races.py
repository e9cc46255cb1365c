"""security.md S35: pressed ten times at once on a real server, sending sends once, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor

from app.questionnaire.answer import Number
from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.security.sending import WHO, open_files
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
