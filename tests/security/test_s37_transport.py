"""security.md S37: without TLS there is nothing but a redirect to it, and no cookie."""

from tests.web.probe import Probe
from tests.web.raw import build_request, send_raw


def test_plain_http_in_front_of_the_proxy_only_redirects(proxied_probe: Probe) -> None:
    reply = send_raw(
        proxied_probe.port, build_request("clinic.example", "/form?x=y", headers={"X-Forwarded-Proto": "http"})
    )
    assert reply.status == 308
    assert reply.get("Location") == "https://clinic.example/form"
    assert reply.get("Set-Cookie") is None
