"""security.md S25: patients and staff under two addresses; each role answers to its own, and to no other name."""

import re

import pytest

from app.output.qr import draw_qr_svg
from tests.security.grounds import Caller, sign_in
from tests.security.sending import walk_and_send
from tests.support.server import Server, StartServer
from tests.web.raw import FORM, Reply, build_request, send_raw

FORMS = "forms.clinic.example"
STAFF = "staff.clinic.example"


def start(start_server: StartServer, role: str, hops: int = 0) -> Server:
    urls = {"public_url": f"https://{FORMS}", "clinic_url": f"https://{STAFF}"}
    return start_server(role=role, trusted_hops=hops, **urls)


def ask(server: Server, host: str, path: str, **headers: str) -> Reply:
    port = int(server.url.rpartition(":")[2])
    return send_raw(
        port, build_request(host, path, headers={name.replace("_", "-"): headers[name] for name in headers})
    )


@pytest.mark.parametrize(
    ("role", "on_forms", "on_staff"), [("patient", 200, 400), ("clinic", 400, 200), ("all", 200, 200)]
)
def test_each_role_answers_to_its_own_address(
    start_server: StartServer, role: str, on_forms: int, on_staff: int
) -> None:
    server = start(start_server, role)
    path = "/" if role == "patient" else "/clinic/sign-in"
    assert [ask(server, host, path).status for host in (FORMS, STAFF)] == [on_forms, on_staff]
    for host in ("evil.test", f"{STAFF}:8443", "localhost", server.url.removeprefix("http://")):
        assert ask(server, host, path).status == 400


def test_staff_sign_in_under_their_own_address(start_server: StartServer) -> None:
    server = start(start_server, "all")
    shown = ask(server, STAFF, "/clinic/sign-in")
    cookie = shown.get("Set-Cookie") or ""
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    body = f"csrf_token={token}&as=auditor".encode()
    about = {"Content-Type": FORM, "Content-Length": f"{len(body)}", "Cookie": shown.cookie}
    port = int(server.url.rpartition(":")[2])
    for origin, status in ((f"https://{FORMS}", 403), ("https://evil.test", 403), (f"https://{STAFF}", 303)):
        request = build_request(STAFF, "/clinic/demonstration", "POST", body, {**about, "Origin": origin})
        assert (origin, send_raw(port, request).status) == (origin, status)


def test_plain_http_is_sent_on_to_the_same_address(start_server: StartServer) -> None:
    server = start(start_server, "all", hops=1)
    for host in (FORMS, STAFF):
        sent_on = ask(server, host, "/clinic/sign-in", X_Forwarded_Proto="http")
        assert (sent_on.status, sent_on.get("Location")) == (308, f"https://{host}/clinic/sign-in")


def test_links_and_codes_name_the_address_that_was_set(start_server: StartServer) -> None:
    server = start(start_server, "all")
    administrator = sign_in(server, "administrator", STAFF)
    fields = {"name": "Ann", "login": "ann@clinic.example", "role": "reviewer"}
    assert f"https://{STAFF}/clinic/join/" in administrator.post("/clinic/people", fields).text
    # Patients' pages, opened under the other name that there is, still say where staff are
    database = f"sqlite:///{server.data / 'foreword.sqlite3'}"
    sending = start_server(database_url=database, data=server.data)
    sender = walk_and_send(sending.url, {})
    sender.connection.close()
    patient = Caller("patient", server, {f"__Host-{name}": value for name, value in sender.cookies.items()}, host=STAFF)
    [reference] = set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", sender.body.decode()))
    address = f"https://{STAFF}/clinic/responses/{reference.replace('-', '')}"
    assert patient.call("GET", "/summary.svg").body == draw_qr_svg(address)
