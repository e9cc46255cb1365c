"""security.md S24: what a proxy would say is believed of the trusted ones only, and of exactly so many."""

import json

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
