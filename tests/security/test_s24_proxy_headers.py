"""security.md S24: what a proxy would say is believed of the trusted ones only, and of exactly so many."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from app.output.qr import draw_qr_svg
from tests.security.grounds import Caller, Grounds, sign_in
from tests.support.server import Server, StartServer
from tests.web.probe import Probe
from tests.web.raw import build_request, send_raw

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.test",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.test;proto=https",
}


def test_forged_proxy_headers_change_nothing(probe: Probe) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/stored", headers=FORGED))
    seen = json.loads(reply.body)
    assert (seen["address"], seen["scheme"], seen["host"]) == ("127.0.0.1", "http", probe.host)
    assert "Secure" not in (
        send_raw(probe.port, build_request(probe.host, "/form", headers=FORGED)).get("Set-Cookie") or ""
    )


def test_only_the_proxies_that_are_trusted_are_believed(proxied_probe: Probe) -> None:
    told = {
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.test, clinic.example",
    }
    seen = json.loads(send_raw(proxied_probe.port, build_request("inside:9", "/stored", headers=told)).body)
    assert (seen["address"], seen["scheme"], seen["host"]) == ("198.51.100.7", "https", "clinic.example")


def test_a_client_is_an_address_whatever_a_trusted_proxy_sends_with_it(proxied_probe: Probe) -> None:
    said = {
        "203.0.113.9:51234": "203.0.113.9",
        "2001:db8::7": "2001:db8::7",
        "[2001:db8:1111:2222:3333:4444:5555:6666]:51234": "2001:db8:1111:2222:3333:4444:5555:6666",
        "fe80::1%a-long-name-of-an-interface-of-one-machine-alone": "fe80::1",
        "::ffff:203.0.113.9": "203.0.113.9",
        "unknown": "127.0.0.1",  # no address: the proxy's own, as where the line is missing
        "203.0.113.9:51234:1": "127.0.0.1",
        "x" * 200: "127.0.0.1",
    }
    for given, address in said.items():
        told = {"X-Forwarded-For": given, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "clinic.example"}
        seen = json.loads(send_raw(proxied_probe.port, build_request("inside:9", "/stored", headers=told)).body)
        assert (given, seen["address"]) == (given, address)
    assert proxied_probe.log.read_text().count("client not known") == 1


def list_origins(server: Server) -> set[str]:
    """Return where the audit log says that people came from."""
    with closing(sqlite3.connect(server.data / "foreword.sqlite3", timeout=60)) as connection:
        return {
            origin for (origin,) in connection.execute("SELECT DISTINCT origin FROM audit_entries WHERE origin > ''")
        }


def test_straight_to_the_port_they_change_no_entry_no_cookie_and_no_link(start_server: StartServer) -> None:
    server = start_server(password_cost="test")
    lead = sign_in(server, "lead", about=FORGED)
    assert lead.cookies.keys() == {"foreword-staff"}  # not __Host-, as it would be over https
    assert lead.post("/clinic/sign-in", {"login": "who@clinic.example", "password": "wrong"}).status == 422
    invited = lead.post("/clinic/people", {"name": "Ann", "login": "ann@clinic.example", "role": "reviewer"}).text
    assert re.findall(r"\w+://[^ <]+/clinic/join/", invited) == [f"{server.url}/clinic/join/"]
    reply = Caller("nobody", server, about=FORGED).call("GET", "/resume")
    assert "Secure" not in str(reply.headers)
    assert "evil" not in reply.text + invited
    assert list_origins(server) == {"127.0.0.1"}


def test_the_code_on_paper_leads_to_the_address_that_was_set(grounds: Grounds) -> None:
    patient = grounds.callers["sender"]
    page = patient.call("GET", "/done", headers=FORGED).text
    [reference] = set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", page))
    address = f"{grounds.server.url}/clinic/responses/{reference.replace('-', '')}"
    assert patient.call("GET", "/summary.svg", headers=FORGED).body == draw_qr_svg(address)


@pytest.mark.parametrize(
    ("hops", "given", "origin"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.1, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.1, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "198.51.100.7", "127.0.0.1"),  # came past one of them: nobody is believed
    ],
)
def test_exactly_so_many_are_believed(hops: int, given: str, origin: str, start_server: StartServer) -> None:
    server = start_server(public_url="https://clinic.example", trusted_hops=hops)
    about = {"X-Forwarded-For": given, "X-Forwarded-Proto": ", ".join(["https"] * hops), "X-Real-IP": "192.0.2.9"}
    lead = sign_in(server, "lead", "clinic.example", about)
    assert lead.cookies.keys() == {"__Host-foreword-staff"}
    assert list_origins(server) == {origin}
