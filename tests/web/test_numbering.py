"""A request's number: the same in the log, in the answer's head and on the page that says that something broke."""

import json
import re

import pytest

from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, send_raw

NUMBER = re.compile(r"[0-9a-f]{12}")
OF_A_PROXY = ("0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef")


def ask(probe: Probe, path: str, host: str | None = None, **headers: str) -> Reply:
    about = {name.replace("_", "-"): value for name, value in headers.items()}
    return send_raw(probe.port, build_request(host or probe.host, path, headers=about))


def read_last(probe: Probe, event: str) -> dict[str, object]:
    lines = [json.loads(line) for line in probe.log.read_text().splitlines()]
    last: dict[str, object] = [line for line in lines if line["event"] == event][-1]
    return last


@pytest.mark.parametrize("path", ["/fault/x", "/database", "/problem/500", "/problem/503", "/problem/502"])
def test_who_reads_the_number_on_the_page_is_found_in_the_log(probe: Probe, path: str) -> None:
    reply = ask(probe, path)
    number = reply.get("X-Request-Id")
    assert number is not None
    assert NUMBER.fullmatch(number)
    assert f"The number of this fault is {number}." in reply.text
    assert read_last(probe, "request")["request"] == number
    assert int(reply.get("Content-Length") or 0) == len(reply.body)


def test_the_page_of_last_resort_has_it_too(probe: Probe) -> None:
    reply = ask(probe, "/broken")
    number = reply.get("X-Request-Id")
    assert reply.status == 500
    assert f"The number of this fault is {number}." in reply.text
    assert read_last(probe, "answer failed")["request"] == number


def test_what_is_nobody_s_fault_here_has_it_in_its_head_alone(probe: Probe) -> None:
    for path in ("/form", "/none", "/moved", "/flood", "/static/app.css"):
        reply = ask(probe, path)
        number = reply.get("X-Request-Id") or ""
        assert NUMBER.fullmatch(number), path
        assert "number of this fault" not in reply.text
        assert number not in reply.text


def test_what_is_no_request_is_numbered(probe: Probe) -> None:
    reply = send_raw(probe.port, b"GET / HTTP/1.1\r\nno header\r\n\r\n")
    assert reply.status == 400
    assert read_last(probe, "request refused")["request"] == reply.get("X-Request-Id")


def test_two_requests_have_two_numbers(probe: Probe) -> None:
    assert len({ask(probe, "/form").get("X-Request-Id") for _ in range(50)}) == 50


@pytest.mark.parametrize("given", OF_A_PROXY)
def test_a_trusted_proxy_s_number_is_kept(proxied_probe: Probe, given: str) -> None:
    proxied = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.1", "X_Request_Id": given}
    reply = ask(proxied_probe, "/database", "clinic.example", **proxied)
    assert reply.get("X-Request-Id") == given
    assert f"The number of this fault is {given}." in reply.text
    assert int(reply.get("Content-Length") or 0) == len(reply.body)


@pytest.mark.parametrize("given", ["anna@clinic.example", "0" * 31, "0" * 33, "A" * 32, "x\ty" + "0" * 29, "٣" * 32])
def test_what_no_proxy_makes_is_not_taken_from_one(proxied_probe: Probe, given: str) -> None:
    given = given.encode().decode("latin-1")
    reply = ask(proxied_probe, "/form", "clinic.example", X_Forwarded_Proto="https", X_Request_Id=given)
    assert NUMBER.fullmatch(reply.get("X-Request-Id") or "")


def test_a_client_s_number_is_never_taken(probe: Probe) -> None:
    reply = ask(probe, "/form", X_Request_Id=OF_A_PROXY[0])
    assert NUMBER.fullmatch(reply.get("X-Request-Id") or "")
    assert OF_A_PROXY[0] not in probe.log.read_text()
