"""security.md S19, D-11: a canary in everything a person or an attacker can send never comes out in the log."""

import json

from tests.web.probe import Probe
from tests.web.raw import build_request, open_form, send_raw

CANARY = "ketamine-canary-71c9"
BREAKS = f"{CANARY}\r\n\x1b[31m\u2028{CANARY}"


def read_lines(probe: Probe) -> list[dict[str, object]]:
    return [json.loads(line) for line in probe.log.read_text().splitlines()]


def test_nothing_that_was_sent_is_ever_logged(probe: Probe) -> None:
    form = open_form(probe.port, probe.host)
    everywhere = {
        "Cookie": f"{form.cookie}; {CANARY}={CANARY}",
        "User-Agent": CANARY,
        "Referer": f"http://{probe.host}/{CANARY}",
        "X-Request-Id": CANARY,
        "Accept-Language": CANARY,
        "Accept-Encoding": f"{CANARY};q=x",
        "X-CSRFToken": form.token,
        "X-" + CANARY: CANARY,
    }
    body = f"{CANARY}={CANARY}&answer={CANARY}".encode()
    for method, path in (
        ("GET", f"/form?{CANARY}={CANARY}"),
        ("GET", f"/{CANARY}?{CANARY}"),
        ("GET", f"/static/{CANARY}.css"),
        ("GET", f"/fault/{CANARY}?{CANARY}={CANARY}"),
        ("POST", f"/fault/{CANARY}?{CANARY}={CANARY}"),
        ("POST", "/form"),
        ("POST", f"/{CANARY}"),
        (CANARY, f"/{CANARY}"),
    ):
        send_raw(probe.port, build_request(probe.host, path, method, body if method == "POST" else None, everywhere))
    refused = {"Cookie": CANARY, "Origin": f"https://{CANARY}.test"}
    send_raw(probe.port, build_request(probe.host, "/form", "POST", body, refused))
    send_raw(probe.port, build_request(f"{CANARY}.test", "/form"))
    send_raw(probe.port, build_request(probe.host, "/form", "POST", body, {"Content-Type": CANARY}))
    send_raw(probe.port, f"{CANARY} {CANARY}\r\n{CANARY}\r\n\r\n".encode())
    send_raw(probe.port, f"GET / HTTP/1.1\r\n{CANARY}: {CANARY}\nX: {CANARY}\r\n\r\n".encode())
    send_raw(probe.port, build_request(probe.host, "/broken", headers=everywhere))
    assert len(read_lines(probe)) > 8
    assert CANARY not in probe.log.read_text()
    assert "Traceback" not in probe.log.read_text()


def test_a_line_tells_what_an_operator_needs(probe: Probe) -> None:
    send_raw(probe.port, build_request(probe.host, "/fault/x"))
    failure, request = read_lines(probe)[-2:]
    assert failure["event"] == "page failed"
    assert failure["error"] == "ValueError"
    assert "tests/web/probe.py" in str(failure["places"]) or "web/probe.py" in str(failure["places"])
    assert request["event"] == "request"
    assert (request["method"], request["route"], request["status"]) == ("GET", "/fault/<typed>", 500)
    assert failure["request"] == request["request"]


def test_health_checks_and_files_that_were_found_are_not_worth_a_line(probe: Probe) -> None:
    before = len(read_lines(probe))
    assert send_raw(probe.port, build_request(probe.host, "/healthz")).status == 200
    assert len(read_lines(probe)) == before
    assert send_raw(probe.port, build_request(probe.host, "/static/none.css")).status == 404
    assert len(read_lines(probe)) == before + 1


def test_control_characters_cannot_make_a_second_line(probe: Probe) -> None:
    before = len(read_lines(probe))
    path = "/" + "".join(f"%{byte:02X}" for byte in BREAKS.encode())
    send_raw(probe.port, build_request(probe.host, path))
    assert len(read_lines(probe)) == before + 1
