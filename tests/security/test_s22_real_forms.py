"""security.md S22 on the pages of a real clinic: what is too much is refused on each of them, and changes nothing.

The limit is 400 KiB where the row says 256: forty medicines written in emoji are 389 KB on the wire (docs/settings.md).
"""

import socket
import sqlite3
from contextlib import closing

import psutil
import pytest

from tests.security.grounds import Caller, Grounds
from tests.security.test_s02_closed_by_default import TRACES
from tests.security.wire_forms import KIB, MULTIPART, build_part
from tests.web.raw import FORM, Reply, build_request, read_reply

FORMS = {
    "a question page": ("sender", "/questions/1"),
    "sending": ("patient", "/share/send"),
    "the sign-in page": ("nobody", "/clinic/sign-in"),
    "a review": ("lead", "/clinic/responses/REF/review"),
    "the settings": ("lead", "/clinic/settings"),
}
TOO_MUCH = {
    "401 KiB": (FORM, b"other-conditions=" + b"x" * 401 * KIB),
    "10 MB": (FORM, b"other-conditions=" + b"x" * 10 * KIB * KIB),
    "401 KiB of one field in parts": (MULTIPART, (build_part("note", "x" * 401 * KIB) + "--b--\r\n").encode()),
    "5,000 fields": (FORM, b"&".join(b"other-conditions=1" for _ in range(5000))),
    "1,001 parts": (MULTIPART, (build_part("other-conditions", "1") * 1001 + "--b--\r\n").encode()),
    "separators alone": (FORM, b"&" * 250 * KIB),
}


def dump(grounds: Grounds) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables that hold anything but traces, or what the program does on the side."""
    with closing(sqlite3.connect(grounds.server.data / "foreword.sqlite3", timeout=60)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  our own table names
            for table in tables
            if table not in TRACES | {"chores"}
        }


def find_form(grounds: Grounds, name: str) -> tuple[Caller, str, dict[str, str]]:
    """Return who sends a form, its address, and the headers of somebody with a living token."""
    who, path = FORMS[name]
    caller = grounds.callers[who]
    return caller, path.replace("REF", grounds.reference), {"X-CSRFToken": caller.find_token(path)}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", TOO_MUCH)
def test_too_much_is_refused_by_every_form_and_changes_nothing(name: str, size: str, grounds: Grounds) -> None:
    caller, path, about = find_form(grounds, name)
    kind, body = TOO_MUCH[size]
    before = dump(grounds)
    reply = caller.call("POST", path, body, {**about, "Content-Type": kind})
    assert reply.status == 413
    assert "This is more text than can be sent at once" in reply.text
    assert dump(grounds) == before


@pytest.mark.parametrize("name", FORMS)
def test_chunks_are_counted(name: str, grounds: Grounds) -> None:
    caller, path, about = find_form(grounds, name)
    before = dump(grounds)
    chunks = (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 7 + b"0\r\n\r\n"
    assert send(caller, path, {**about, "Transfer-Encoding": "chunked", "Content-Type": FORM}, chunks).status == 413
    assert dump(grounds) == before


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("length", ["999", "1", "-1", "1e3", "0x9", "9" * 30, "9, 9"])
def test_a_wrong_length_is_no_form(name: str, length: str, grounds: Grounds) -> None:
    caller, path, about = find_form(grounds, name)
    before = dump(grounds)
    told = {**about, "Content-Length": length, "Content-Type": FORM}
    status = send(caller, path, told, b"other-conditions=typed&action=save").status
    assert status in ({400, 413, 0} if length != "1" else {200, 303, 404, 409, 422})
    if length != "1":  # one byte of it is a form, and an empty one
        assert dump(grounds) == before


@pytest.mark.parametrize(
    ("who", "path", "field"),
    [
        ("patient", "/questions/60", "other-conditions"),
        ("patient", "/share/send", "patient-name"),
        ("lead", "/clinic/responses/REF/review", "note"),
        ("lead", "/clinic/responses/REF/review", "note-heart-disease"),
        ("lead", "/clinic/responses/REF/correct", "note-text"),
        ("lead", "/clinic/responses/REF/hold", "words"),
        ("lead", "/clinic/people", "name"),
        ("lead", "/clinic/settings", "privacy"),
        ("nobody", "/clinic/sign-in", "login"),
    ],
)
@pytest.mark.parametrize("size", [200, 257])
def test_one_long_text_is_refused_with_a_sentence(who: str, path: str, field: str, size: int, grounds: Grounds) -> None:
    # Within the limit of all forms: what the field itself takes is less, and the answer says so.
    caller = grounds.callers[who]
    shown = path.replace("REF", grounds.reference)
    before = dump(grounds) if who == "lead" else {}
    typed = {field: "x" * size * KIB, "asked": field, "version": "2"}
    reply = caller.post(shown, {**typed, "action": "note" if who == "lead" else "save"})
    if path.startswith("/questions"):
        # What a page asks is kept as it was typed, and the page itself says what to do
        assert reply.status == 303
        reply = caller.call("GET", reply.get("Location") or "")
        assert "shorten this to 5000 characters or fewer" in reply.text
    else:
        assert reply.status == 422
    assert (dump(grounds) if who == "lead" else {}) == before


def test_memory_stays_as_it_is(grounds: Grounds) -> None:
    process = psutil.Process(grounds.server.process.pid)

    def send_all() -> int:
        for name in FORMS:
            caller, path, about = find_form(grounds, name)
            for kind, body in TOO_MUCH.values():
                caller.call("POST", path, body, {**about, "Content-Type": kind})
        return process.memory_info().rss

    before = send_all()
    assert max(send_all() for _ in range(2)) - before < 8 * KIB * KIB


def send(caller: Caller, path: str, headers: dict[str, str], body: bytes) -> Reply:
    """Send bytes under headers that may lie about them, and nothing more; status 0 is no answer at all."""
    cookie = "; ".join(f"{name}={value}" for name, value in caller.cookies.items())
    about = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **headers}
    head = build_request(caller.server.url.removeprefix("http://"), path, "POST", None, about)
    with socket.create_connection(("127.0.0.1", caller.port), 20) as connection:
        connection.sendall(head + body)
        connection.shutdown(socket.SHUT_WR)
        try:
            return read_reply(connection, "POST")
        except ConnectionError:
            return Reply(0, (), b"")
