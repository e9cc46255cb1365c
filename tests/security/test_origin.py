"""security.md S3, S24, S25, S37: who may send a form, under which name, and through whom."""

import json
from collections.abc import Mapping

import pytest

from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, open_form, send_raw


def post_form(probe: Probe, token: str, cookie: str, said: Mapping[str, str] | None = None) -> Reply:
    """Send the form; OWN in what the browser says of its origin is the probe's."""
    headers = {name: value.replace("OWN", f"http://{probe.host}") for name, value in (said or {}).items()}
    body = f"csrf_token={token}&answer=typed".encode()
    return send_raw(probe.port, build_request(probe.host, "/form", "POST", body, {"Cookie": cookie, **headers}))


def count_stored(probe: Probe) -> int:
    return len(json.loads(send_raw(probe.port, build_request(probe.host, "/stored")).body)["forms"])


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "OWN/form"},
        {"Origin": "OWN", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_form_is_taken(probe: Probe, said: dict[str, str]) -> None:
    form = open_form(probe.port, probe.host)
    assert post_form(probe, form.token, form.cookie, said).text == "saved"


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "OWN.evil.test"},
        {"Origin": "https://evil.test", "Sec-Fetch-Site": "same-origin"},
        {"Referer": "https://evil.test/OWN/"},
        {"Referer": "OWN.evil.test/"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(probe: Probe, said: dict[str, str]) -> None:
    form = open_form(probe.port, probe.host)
    before = count_stored(probe)
    reply = post_form(probe, form.token, form.cookie, said)
    assert reply.status == 403
    assert "typed" not in reply.text
    assert count_stored(probe) == before


def test_a_form_without_its_token_is_refused(probe: Probe) -> None:
    form = open_form(probe.port, probe.host)
    other = open_form(probe.port, probe.host)
    before = count_stored(probe)
    refused = [
        post_form(probe, "", form.cookie),
        post_form(probe, form.token, ""),
        post_form(probe, other.token, form.cookie),
        # Its first symbol: the last one's lower bits mean nothing in base64.
        post_form(probe, ("A" if form.token[0] != "A" else "B") + form.token[1:], form.cookie),
        post_form(probe, form.token, form.cookie + "x"),
    ]
    assert [reply.status for reply in refused] == [400] * len(refused)
    assert not any("typed" in reply.text for reply in refused)
    assert count_stored(probe) == before


@pytest.mark.parametrize("said", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "OWN"}])
def test_our_own_form_with_a_dead_token_comes_back_with_all_that_was_typed(probe: Probe, said: dict[str, str]) -> None:
    before = count_stored(probe)
    reply = post_form(probe, "dead", "", said)
    assert reply.status == 400
    assert reply.text == "kept {'csrf_token': ['dead'], 'answer': ['typed']}"
    assert count_stored(probe) == before


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


def test_plain_http_in_front_of_the_proxy_only_redirects(proxied_probe: Probe) -> None:
    reply = send_raw(
        proxied_probe.port, build_request("clinic.example", "/form?x=y", headers={"X-Forwarded-Proto": "http"})
    )
    assert reply.status == 308
    assert reply.get("Location") == "https://clinic.example/form"
    assert reply.get("Set-Cookie") is None
