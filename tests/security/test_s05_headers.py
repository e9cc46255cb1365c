"""security.md S4, S5, S6: the headers, on every status. What they do in a browser is tested in one."""

import re

import pytest

from tests.security.grounds import Caller, Grounds
from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, send_raw

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
PROBLEMS = (400, 403, 404, 405, 413, 415, 429, 500, 503)


def check_headers(reply: Reply) -> None:
    wrong = {name: reply.get(name) for name, value in HEADERS.items() if reply.get(name) != value}
    assert not wrong, reply
    features = [part.strip() for part in (reply.get("Permissions-Policy") or "").split(",")]
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(features)
    assert all(re.fullmatch(r"[a-z-]+=\(\)", feature) for feature in features), features
    assert reply.get("Server") is None
    assert reply.get("X-Powered-By") is None


@pytest.mark.parametrize("status", PROBLEMS)
def test_every_error_has_every_header_and_is_kept_by_nobody(probe: Probe, status: int) -> None:
    reply = send_raw(probe.port, build_request(probe.host, f"/problem/{status}"))
    assert reply.status == status
    check_headers(reply)
    assert reply.get("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /form", 200),
        ("HEAD /form", 200),
        ("GET /moved", 302),
        ("GET /nowhere", 404),
        ("DELETE /form", 405),
        ("TRACE /form", 405),
        ("BREW /nowhere", 405),
        ("GET /fault/x", 500),
        ("GET /broken", 500),
        ("GET /healthz", 200),
        ("GET /robots.txt", 200),
        ("GET /static/nothing.css", 404),
        ("POST /form", 400),
    ],
)
def test_every_page_has_every_header_and_is_kept_by_nobody(probe: Probe, request_line: str, status: int) -> None:
    method, path = request_line.split()
    reply = send_raw(probe.port, build_request(probe.host, path, method))
    assert reply.status == status
    check_headers(reply)
    assert reply.get("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_at_all_gets_our_page_with_every_header(probe: Probe, raw: bytes, status: int) -> None:
    reply = send_raw(probe.port, raw)
    assert reply.status == status
    check_headers(reply)
    assert reply.get("Cache-Control") == "no-store"
    assert reply.text.count("<h1") == 1
    assert "waitress" not in reply.text


def test_a_file_has_every_header_and_is_kept_for_ever(probe: Probe) -> None:
    page = send_raw(probe.port, build_request(probe.host, "/nowhere")).text
    address = re.search(r'href="(/static/[^"]+)"', page)
    assert address is not None
    reply = send_raw(probe.port, build_request(probe.host, address.group(1)))
    assert reply.status == 200
    check_headers(reply)
    assert reply.get("Cache-Control") == "public, max-age=31536000, immutable"
    assert reply.get("Set-Cookie") is None


def test_https_is_remembered_by_browsers_and_only_there(probe: Probe, public_probe: Probe) -> None:
    reply = send_raw(public_probe.port, build_request("clinic.example", "/form"))
    assert reply.status == 200
    assert reply.get("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
    check_headers(reply)
    assert send_raw(probe.port, build_request(probe.host, "/form")).get("Strict-Transport-Security") is None


def test_every_answer_of_the_whole_program_has_every_header(grounds: Grounds) -> None:
    # Pages, pictures, PDF, tables, scripts; as everybody, whatever the status
    for page in grounds.pages:
        check_headers(page.reply)
    assert {page.reply.status for page in grounds.pages} >= {200, 303, 403, 404, 405, 409, 410, 422}
    kinds = {(page.reply.get("Content-Type") or "").partition(";")[0] for page in grounds.pages}
    assert kinds >= {"text/html", "text/plain", "text/css", "image/svg+xml", "application/pdf", "text/csv"}


@pytest.mark.parametrize("path", ["/start", "/clinic/sign-in"])
def test_what_either_half_refuses_unread_has_every_header(path: str, grounds: Grounds) -> None:
    caller = Caller("nobody", grounds.server)
    asked: dict[int, Reply] = {
        400: caller.call("POST", path, b"csrf_token=made-up", {"Sec-Fetch-Site": "none"}),
        403: caller.call("POST", path, b"", {"Sec-Fetch-Site": "cross-site"}),
        405: caller.call("TRACE", path),
        413: caller.call("POST", path, b"a=" + b"x" * 500_000),
        415: caller.call("POST", path, b"{}", {"Content-Type": "application/json"}),
        431: caller.call("GET", path, headers={"X-Long": "x" * 40_000}),
    }
    for status, reply in asked.items():
        assert reply.status == status
        check_headers(reply)
        assert reply.get("Cache-Control") == "no-store"


def test_too_many_tries_have_every_header(grounds: Grounds) -> None:
    caller = Caller("nobody", grounds.server)
    wrong = {"login": "flood@clinic.example", "password": "wrong"}
    replies = [caller.post("/clinic/sign-in", wrong) for _ in range(30)]
    refused = next(reply for reply in reversed(replies) if reply.status == 429)
    assert refused.get("Retry-After")
    check_headers(refused)
