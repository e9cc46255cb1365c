"""security.md S33: faults of every kind end in a plain page that says what to do, and in nothing else."""

import socket

import pytest

from tests.web.probe import Probe
from tests.web.raw import build_request, open_form, send_raw

WORD = "wOrDtHaTwAsSeNt"
NEVER_SAID = ("Traceback", "Werkzeug", "Python", "waitress", "Flask", "ValueError", "invalid", "sorry", "please", WORD)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 429, 500, 503])
def test_a_problem_says_what_to_do_and_where_to_go(probe: Probe, status: int) -> None:
    page = send_raw(probe.port, build_request(probe.host, f"/problem/{status}?{WORD}")).text
    assert page.count("<h1>") == 1
    heading = page.partition("<h1>")[2].partition("</h1>")[0]
    assert f"<title>{heading}" in page
    assert 'href="/"' in page
    assert 'href="/support"' in page
    assert page.count("<p>") >= 2
    assert not [word for word in NEVER_SAID if word.lower() in page.lower()]


@pytest.mark.parametrize("status", [413, 415, 429, 500, 503])
def test_who_left_a_page_is_led_back_in_a_sentence_of_its_own(probe: Probe, status: int) -> None:
    # Our script leaves that one out: it shows the rest on the page that was not left (tests/browser/test_script.py).
    page = send_raw(probe.port, build_request(probe.host, f"/problem/{status}")).text
    before, way, after = page.partition('<p class="away">Go back to the page you came from.</p>')
    assert way
    assert "go back" not in (before + after).lower()


def test_of_what_is_no_request_but_begins_as_head_the_head_alone_is_answered(probe: Probe) -> None:
    with socket.create_connection(("127.0.0.1", probe.port), 10) as connection:
        connection.sendall(b"HEAD /form HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] == b"400"
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "path",
    [
        f"/{WORD}",
        f"/fault/{WORD}",
        "/%00",
        "/%ff%fe",
        "/%ED%A0%80",
        "/form%0d%0aSet-Cookie:%20x=y",
        "/..%2f..%2fetc/passwd",
        "/static/../cookie.key",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static//etc/passwd",
        "//evil.test/form",
        "/form/",
        "/%",
        "/?" + "x" * 20_000,
    ],
)
def test_a_strange_address_is_only_not_found(probe: Probe, path: str) -> None:
    reply = send_raw(probe.port, build_request(probe.host, path))
    assert reply.status == (500 if path.startswith("/fault") else 404)
    assert reply.get("Location") is None
    assert reply.get("Set-Cookie") is None
    assert not [word for word in NEVER_SAID if word.lower() in reply.text.lower()]


@pytest.mark.parametrize("cookie", ["foreword=", "foreword=x.y.z", "foreword=%00", "=", ";;;", "foreword=" + "é" * 9])
def test_a_strange_cookie_is_only_no_cookie(probe: Probe, cookie: str) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/form", headers={"Cookie": cookie}))
    assert reply.status == 200
    assert reply.cookie.startswith("foreword=")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "BREW"])
@pytest.mark.parametrize("path", ["/form", "/nowhere", "/healthz"])
def test_other_methods_are_refused_with_those_there_are(probe: Probe, method: str, path: str) -> None:
    reply = send_raw(probe.port, build_request(probe.host, path, method, headers={"X-Sent": WORD}))
    assert reply.status == 405
    assert "GET" in (reply.get("Allow") or "")
    assert WORD not in reply.text


def test_the_page_of_an_error_after_the_answer_was_made_is_whole(probe: Probe) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/broken"))
    assert reply.status == 500
    other = send_raw(probe.port, build_request(probe.host, "/problem/500"))
    numbers = [one.get("X-Request-Id") or "" for one in (reply, other)]
    assert reply.text.replace(numbers[0], "") == other.text.replace(numbers[1], "")


def test_a_database_that_is_gone_says_when_to_come_back(probe: Probe) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/database"))
    assert reply.status == 503
    assert reply.get("Retry-After") == "60"
    assert "Go back to the page you came from." in reply.text


def test_a_flood_of_tries_says_when_to_come_back(probe: Probe) -> None:
    form = open_form(probe.port, probe.host)
    reply = send_raw(probe.port, build_request(probe.host, "/flood", headers={"Cookie": form.cookie}))
    assert reply.status == 429
    assert reply.get("Retry-After") == "60"


@pytest.mark.parametrize("address", [f"https://[::1{WORD}/", f"https://[{WORD}]/x", "http://["])
def test_an_address_that_is_none_is_refused_and_not_repeated_in_the_log(probe: Probe, address: str) -> None:
    reply = send_raw(probe.port, build_request(probe.host, address))
    assert reply.status == 400
    assert reply.get("X-Frame-Options") == "DENY"
    assert WORD not in probe.log.read_text()
    assert "uncaptured" not in probe.log.read_text()


def test_whatever_is_closed_for_a_moment_says_when_to_come_back(probe: Probe) -> None:
    assert send_raw(probe.port, build_request(probe.host, "/problem/503")).get("Retry-After") == "60"


def test_a_refusal_after_head_is_a_head_alone(probe: Probe) -> None:
    request = build_request(probe.host, "/form", "HEAD", headers={"Content-Length": "99999999"})
    with socket.create_connection(("127.0.0.1", probe.port)) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            said = answer.read()
    assert said.startswith(b"HTTP/1.1 413 ")
    assert said.endswith(b"\r\n\r\n")
    assert said.count(b"\r\n\r\n") == 1
