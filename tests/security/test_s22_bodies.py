"""security.md S22: how much a request may carry, in what form, and that nothing of a refused one is stored."""

import re
import socket
from pathlib import Path

import psutil
import pytest

from tests.security.wire_forms import KIB, MULTIPART, build_part, build_post, post, read_stored
from tests.web.probe import Probe
from tests.web.raw import FORM, build_request, read_reply, send_raw


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
    assert statuses == [b"200"]  # what came behind it was read as nothing at all


def test_a_part_without_a_name_is_refused(probe: Probe) -> None:
    before = read_stored(probe)
    part = b"--part\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n--part--\r\n"
    reply = send_raw(probe.port, build_post(probe, part, Content_Type="multipart/form-data; boundary=part"))
    assert reply.status == 400
    assert read_stored(probe) == before
