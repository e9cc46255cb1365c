"""S32: `/.well-known/security.txt` from the settings of a real server, as RFC 9116 has it; absent where none is set."""

import http.client
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from app.settings import StartError, load_settings
from tests.support.server import StartServer

PATH = "/.well-known/security.txt"
CONTACT = "mailto:security@clinic.example"
POLICY = "https://clinic.example/reports"


def ask(url: str, host: str | None = None) -> tuple[int, str, str]:
    """Return status, media type and text of the file at a server's address."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request("GET", PATH, headers={"Host": host or parts.netloc})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def read_fields(text: str) -> dict[str, list[str]]:
    """Return what each field says, by its name in lower case; a line that is no field is a fault."""
    fields: dict[str, list[str]] = {}
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        name, colon, value = line.partition(": ")
        assert (colon, value.strip()) == (": ", value), line
        fields.setdefault(name.lower(), []).append(value)
    return fields


def test_whoever_finds_a_weakness_is_told_where_to_write(start_server: StartServer) -> None:
    server = start_server(security_contact=CONTACT, security_policy=POLICY)
    before = datetime.now(UTC)
    status, kind, text = ask(server.url)
    fields = read_fields(text)
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert fields.keys() == {"contact", "expires", "preferred-languages", "canonical", "policy"}
    assert (fields["contact"], fields["policy"]) == ([CONTACT], [POLICY])
    assert fields["preferred-languages"] == ["en"]
    assert fields["canonical"] == [f"{server.url}{PATH}"]
    [expires] = fields["expires"]
    assert before + timedelta(days=90) < datetime.fromisoformat(expires) < before + timedelta(days=365)


def test_each_address_of_a_server_is_named(start_server: StartServer) -> None:
    server = start_server(
        public_url="https://patients.clinic.test",
        clinic_url="https://staff.clinic.test",
        security_contact=CONTACT,
        trusted_hops=1,
        password_cost="test",
    )
    parts = urlsplit(server.url)
    for asked in ("https://patients.clinic.test", "https://staff.clinic.test"):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        headers = {"Host": urlsplit(asked).netloc, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        connection.request("GET", PATH, headers=headers)
        answer = connection.getresponse()
        fields = read_fields(answer.read().decode())
        connection.close()
        assert answer.status == 200
        assert f"{asked}{PATH}" in fields["canonical"]
        assert len(fields["canonical"]) == 2
        assert "policy" not in fields


def test_without_a_contact_there_is_no_such_file(start_server: StartServer) -> None:
    server = start_server(security_policy=POLICY)
    status, _, text = ask(server.url)
    assert status == 404
    assert POLICY not in text


def test_what_the_host_line_says_is_never_in_it(start_server: StartServer) -> None:
    server = start_server(security_contact=CONTACT)
    assert ask(server.url, "evil.test")[0] == 400
    port = urlsplit(server.url).port
    assert read_fields(ask(server.url, f"localhost:{port}")[2])["canonical"] == [f"{server.url}{PATH}"]


@pytest.mark.parametrize(
    "contact",
    ["security@clinic.example", "mailto:", "mailto:a b@c", "http://clinic.example", "tel:", "mailto:a@b\nPolicy: x"],
)
def test_what_is_no_contact_stops_the_start(contact: str) -> None:
    with pytest.raises(StartError) as refused:
        load_settings({"FOREWORD_SECURITY_CONTACT": contact})
    (problem,) = refused.value.problems
    assert problem.startswith("FOREWORD_SECURITY_CONTACT: ")
    assert problem.endswith("write mailto:name@host, an https:// address, or tel:+number")


@pytest.mark.parametrize("policy", ["http://clinic.example/reports", "clinic.example", "https://a\nContact: x"])
def test_what_is_no_policy_stops_the_start(policy: str) -> None:
    with pytest.raises(StartError) as refused:
        load_settings({"FOREWORD_SECURITY_POLICY": policy})
    (problem,) = refused.value.problems
    assert problem.startswith("FOREWORD_SECURITY_POLICY: ")


@pytest.mark.parametrize("contact", ["https://clinic.example/report", "tel:+1-555-0100", CONTACT])
def test_what_rfc_9116_names_is_a_contact(contact: str) -> None:
    assert load_settings({"FOREWORD_SECURITY_CONTACT": contact}).security_contact == contact
