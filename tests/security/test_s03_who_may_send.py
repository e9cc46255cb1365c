"""security.md S3: who may send a form, by its token and by what the browser says of where it stood."""

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
