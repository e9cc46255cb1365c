"""security.md S21, S22, S23: what a request may carry, and how slowly."""

import json
import re
import socket
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tests.web.probe import Probe
from tests.web.raw import FORM, Reply, build_request, open_form, read_reply, send_raw

KIB = 1024
MULTIPART = "multipart/form-data; boundary=b"


def build_post(probe: Probe, body: bytes, path: str = "/form", **headers: str) -> bytes:
    """Return a form with its token in a header, so that its body can be anything."""
    form = open_form(probe.port, probe.host)
    about = {name.replace("_", "-"): value for name, value in headers.items()}
    return build_request(probe.host, path, "POST", body, {"Cookie": form.cookie, "X-CSRFToken": form.token, **about})


def post(probe: Probe, body: bytes, content_type: str = FORM) -> Reply:
    return send_raw(probe.port, build_post(probe, body, Content_Type=content_type))


def read_stored(probe: Probe) -> list[dict[str, list[str]]]:
    stored: list[dict[str, list[str]]] = json.loads(send_raw(probe.port, build_request(probe.host, "/stored")).body)[
        "forms"
    ]
    return stored


def build_part(name: str, value: str, file: str = "") -> str:
    given = f'; filename="{file}"' if file else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n{value}\r\n'


@pytest.mark.parametrize("size", [401 * KIB, 10 * KIB * KIB])
def test_too_large_a_body_is_refused_with_a_page_that_says_so(probe: Probe, size: int) -> None:
    before = read_stored(probe)
    reply = post(probe, b"answer=" + b"x" * size)
    assert reply.status == 413
    assert "This is more text than can be sent at once" in reply.text
    assert read_stored(probe) == before
    assert list(probe.temporary.iterdir()) == []


def test_too_large_a_body_in_chunks_is_refused(probe: Probe) -> None:
    before = read_stored(probe)
    chunks = (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 7
    head = f"POST /form HTTP/1.1\r\nHost: {probe.host}\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = send_raw(probe.port, head.encode() + chunks + b"0\r\n\r\n")
    assert reply.status == 413
    assert read_stored(probe) == before


def test_a_body_just_small_enough_arrives_whole(probe: Probe) -> None:
    text = "x" * (255 * KIB)
    assert post(probe, f"answer={text}".encode()).text == "saved"
    assert read_stored(probe)[-1]["answer"] == [text]


def test_memory_does_not_grow_with_what_is_refused(probe: Probe) -> None:
    process = psutil.Process(probe.process.pid)
    post(probe, b"answer=" + b"x" * 10 * KIB * KIB)
    before = process.memory_info().rss
    for _ in range(10):
        post(probe, b"answer=" + b"x" * 10 * KIB * KIB)
    assert process.memory_info().rss - before < 5 * KIB * KIB


def test_too_many_fields_are_refused(probe: Probe) -> None:
    before = read_stored(probe)
    assert post(probe, b"&".join(b"a=1" for _ in range(5000))).status == 413
    assert post(probe, b"&" * (250 * KIB)).status == 413
    parts = "".join(build_part("a", "1") for _ in range(1001)) + "--b--\r\n"
    assert post(probe, parts.encode(), MULTIPART).status == 413
    assert read_stored(probe) == before


def test_a_thousand_fields_are_taken(probe: Probe) -> None:
    assert post(probe, b"&".join(b"a=1" for _ in range(1000))).text == "saved"


@pytest.mark.parametrize("path", ["/form", "/healthz", "/nowhere", "/"])
def test_a_file_is_refused_wherever_it_is_sent_and_written_nowhere(probe: Probe, path: str) -> None:
    body = (build_part("answer", "x") + build_part("f", "y" * 200_000, "f.pdf") + "--b--\r\n").encode()
    assert send_raw(probe.port, build_post(probe, body, path, Content_Type=MULTIPART)).status == 415
    assert list(probe.temporary.iterdir()) == []


def test_a_body_that_is_still_arriving_is_in_no_file(probe: Probe) -> None:
    request = build_post(probe, b"answer=" + b"x" * 250 * KIB)
    with socket.create_connection(("127.0.0.1", probe.port)) as connection:
        connection.sendall(request[: -10 * KIB])
        for _ in range(50):  # the server looks at every connection before each of these, so all of it has arrived
            send_raw(probe.port, build_request(probe.host, "/healthz"))
        opened = [str(link.readlink()) for link in Path(f"/proc/{probe.process.pid}/fd").iterdir() if link.is_symlink()]
        assert not [name for name in opened if "(deleted)" in name or name.startswith(str(probe.temporary))]
        connection.sendall(request[-10 * KIB :])
        assert read_reply(connection).text == "saved"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "multipart/mixed"])
def test_what_is_not_a_form_is_refused(probe: Probe, kind: str) -> None:
    assert post(probe, b'{"answer": "x"}', kind).status == 415


def test_a_length_that_is_too_long_is_never_taken_for_a_whole_form(probe: Probe) -> None:
    before = read_stored(probe)
    request = build_post(probe, b"answer=x", Content_Length="99")
    with socket.create_connection(("127.0.0.1", probe.port)) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert read_stored(probe) == before


def test_a_length_that_is_too_short_never_smuggles_a_second_request(probe: Probe) -> None:
    request = build_post(probe, b"answer=x", Content_Length="3", Connection="keep-alive")
    with socket.create_connection(("127.0.0.1", probe.port)) as connection:
        connection.sendall(request + b"\r\n\r\n")
        with connection.makefile("rb") as answers:
            statuses = re.findall(rb"HTTP/1\.\d (\d+)", answers.read())
    assert statuses == [b"200", b"400"]


STRANGE = (
    "\x00",
    "a\x00b",
    "\ufffe",
    "\u202e",
    "\U0001d4b3\U0001f600",
    "'\"; --",
    "%_",
    "<img src=x onerror=alert(1)>",
    "\r\n\t",
)


@pytest.mark.parametrize("text", STRANGE)
def test_strange_characters_arrive_as_they_were_typed(probe: Probe, text: str) -> None:
    assert post(probe, f"answer={quote(text)}&{quote(text)}=x".encode()).text == "saved"
    assert read_stored(probe)[-1] == {"answer": [text], text: ["x"]}


@pytest.mark.parametrize("body", [b"a=%ED%A0%80", b"a=%FF%FE", b"a=\xff\xfe", b"%", b"a=%u0041", b"=", b"&;&"])
def test_bytes_that_are_no_text_never_break_a_page(probe: Probe, body: bytes) -> None:
    assert post(probe, body).status in {200, 400}


def test_two_hundred_half_sent_requests_of_each_kind_keep_nobody_out(probe: Probe) -> None:
    head = b"GET /form HTTP/1.1\r\nHost: x\r\nX-Slow: "
    body = f"POST /form HTTP/1.1\r\nHost: {probe.host}\r\nContent-Type: {FORM}\r\nContent-Length: 99\r\n\r\na=".encode()
    waiting = []
    try:
        for half in [head] * 200 + [body] * 200:
            waiting.append(socket.create_connection(("127.0.0.1", probe.port)))
            waiting[-1].sendall(half)
        assert send_raw(probe.port, build_request(probe.host, "/form")).status == 200
    finally:
        for connection in waiting:
            connection.close()
