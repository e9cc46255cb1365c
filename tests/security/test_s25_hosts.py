"""security.md S25: under which names the program answers, and that no page repeats another."""

import pytest

from tests.security.grounds import Grounds
from tests.security.test_s02_closed_by_default import fill, read_matrix
from tests.web.probe import Probe
from tests.web.raw import build_request, send_raw

HOSTS = (
    "evil.test",
    "evil.test:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:PORT@evil.test",
    "127.0.0.1:PORT.evil.test",
    "127.0.0.1:PORT, evil.test",
    "127.0.0.1:PORT:80",
    "127.0.0.1:00PORT",
    "127.0.0.1.:PORT",
    "[::1",
    "",
)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/form", "/nowhere", "/static/app.css", "/healthz/"])
def test_another_name_for_the_host_is_refused(probe: Probe, host: str, path: str) -> None:
    reply = send_raw(probe.port, build_request(host.replace("PORT", str(probe.port)), path))
    assert reply.status == 400
    assert reply.text.count("<h1") == 1
    assert "evil" not in reply.text
    assert reply.get("Location") is None


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "LOCALHOST:PORT"])
def test_every_name_of_this_machine_is_taken(probe: Probe, host: str) -> None:
    assert send_raw(probe.port, build_request(host.replace("PORT", str(probe.port)), "/form")).status == 200


@pytest.mark.parametrize(
    "raw",
    [
        "GET /form HTTP/1.1\r\nHost: OWN\r\nHost: evil.test\r\n\r\n",
        "GET /form HTTP/1.1\r\nHost: evil.test\r\nHost: OWN\r\n\r\n",
        "GET /form HTTP/1.1\r\nHost: OWN\r\nHost: OWN\r\n\r\n",
        "GET /form HTTP/1.1\r\n\r\n",
        "GET /form HTTP/1.0\r\n\r\n",
        "GET http://evil.test/form HTTP/1.1\r\nHost: OWN\r\n\r\n",
        "GET http://OWN/form HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    ],
)
def test_an_unclear_host_is_refused(probe: Probe, raw: str) -> None:
    reply = send_raw(probe.port, raw.replace("OWN", probe.host).encode())
    assert reply.status == 400
    assert "evil" not in reply.text


def test_health_is_answered_to_this_machine_by_whatever_name_people_use(public_probe: Probe) -> None:
    assert send_raw(public_probe.port, build_request("localhost:1", "/healthz")).status == 200
    assert send_raw(public_probe.port, build_request("evil.test", "/healthz")).status == 400
    assert send_raw(public_probe.port, build_request("localhost:1", "/form")).status == 400


@pytest.mark.parametrize("who", ["nobody", "patient", "lead"])
@pytest.mark.parametrize("host", ["evil.test", "OWN, evil.test", "OWN@evil.test", "evil.test:80", ""])
def test_no_address_of_the_program_answers_to_another_name(who: str, host: str, grounds: Grounds) -> None:
    caller = grounds.callers[who]
    own = grounds.server.url.removeprefix("http://")
    for method, rule in read_matrix():
        path = fill(rule.replace("<reference>", grounds.reference))
        reply = caller.call(method, path, b"" if method == "POST" else None, {"Host": host.replace("OWN", own)})
        assert (path, reply.status) == (path, 400)
        assert "evil" not in reply.text + str(reply.headers)
        assert reply.get("Set-Cookie") is None
        assert reply.get("Location") is None


@pytest.mark.parametrize("path", ["/", "/summary.pdf", "/clinic/responses", "/clinic/people"])
def test_an_unclear_host_gets_no_page_of_anybody(path: str, grounds: Grounds) -> None:
    own = grounds.server.url.removeprefix("http://")
    cookie = "; ".join(f"{name}={value}" for name, value in grounds.callers["lead"].cookies.items())
    for start in (
        f"GET {path} HTTP/1.1\r\nHost: {own}\r\nHost: evil.test\r\n",
        f"GET {path} HTTP/1.1\r\nHost: {own}\r\nHost: {own}\r\n",
        f"GET {path} HTTP/1.0\r\n",
        f"GET http://evil.test{path} HTTP/1.1\r\nHost: {own}\r\n",
        f"GET http://{own}{path} HTTP/1.1\r\nHost: evil.test\r\n",
    ):
        reply = send_raw(grounds.callers["lead"].port, f"{start}Cookie: {cookie}\r\n\r\n".encode())
        assert (start, reply.status) == (start, 400)
        assert "evil" not in reply.text
