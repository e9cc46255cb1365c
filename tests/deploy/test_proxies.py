"""The shipped nginx, HAProxy and Caddy files in front of the real program: https, limits, hosts, slow clients."""

import re
import socket
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from app.web.problems import PROBLEMS
from tests.deploy.proxies import DEPLOY, PATIENTS, STAFF, Proxy, name_check, prepare, run_proxy
from tests.support.server import Server, StartServer
from tests.web.raw import FORM, ask, build_request, send_raw

PROXIES = ("nginx", "haproxy", "caddy")
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.test",
    "Forwarded": "for=203.0.113.9;proto=http;host=evil.test",
    "X-Real-IP": "203.0.113.9",
    "X-Request-Id": "f" * 32,
}


@pytest.fixture(scope="module")
def servers(start_shared_server: StartServer) -> tuple[Server, Server]:
    """Start the patients' and the clinic's program on one database."""
    urls = {"public_url": f"https://{PATIENTS}", "clinic_url": f"https://{STAFF}", "trusted_hops": 1}
    staff = start_shared_server(role="clinic", **urls)
    url = f"sqlite:///{staff.data}/foreword.sqlite3"
    return start_shared_server(role="patient", database_url=url, **urls), staff


@pytest.fixture(scope="module", params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, servers: tuple[Server, Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """Run each proxy in front of both."""
    with run_proxy(request.param, tmp_path_factory.mktemp(request.param) / "proxy", *servers) as proxy:
        yield proxy


@pytest.mark.parametrize("name", PROXIES)
def test_the_shipped_file_is_one_that_the_proxy_takes(name: str, tmp_path: Path) -> None:
    proxy = prepare(name, tmp_path / "proxy", 8000, 8001)
    environment = {"PATH": "/usr/sbin:/usr/bin", "HOME": str(tmp_path)}
    done = subprocess.run(name_check(proxy), capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"\[warn", done.stderr, re.IGNORECASE), done.stderr


def test_each_audience_is_served_encrypted_under_its_own_name(proxy: Proxy) -> None:
    shown = proxy.ask(build_request(PATIENTS))
    assert (shown.status, shown.get("Strict-Transport-Security")) == (200, "max-age=31536000; includeSubDomains")
    assert "__Host-" in (shown.get("Set-Cookie") or "")
    assert proxy.ask(build_request(STAFF, "/clinic/sign-in"), STAFF).status == 200
    assert proxy.ask(build_request(PATIENTS, "/clinic/sign-in")).status == 404
    assert proxy.ask(build_request(STAFF, "/questions/1"), STAFF).status == 404


def test_plain_http_only_leads_away(proxy: Proxy) -> None:
    for host in (PATIENTS, STAFF):
        sent_on = send_raw(proxy.plain, build_request(host, "/about-ketamine"))
        assert (sent_on.status, sent_on.get("Set-Cookie")) == (308, None)
        assert sent_on.get("Location") == f"https://{host}/about-ketamine"


def test_who_names_another_host_hears_nothing(proxy: Proxy) -> None:
    for request in (build_request("evil.test"), build_request(f"evil.test, {PATIENTS}"), b"GET / HTTP/1.0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", proxy.plain), 20) as connection:
            connection.sendall(request)
            heard = connection.recv(100)
        assert not heard or heard.startswith(b"HTTP/1.1 400"), heard  # what no host could be called is no request
    with pytest.raises((ssl.SSLError, ConnectionError)):
        proxy.connect("evil.test")
    with proxy.connect(PATIENTS) as connection:
        connection.sendall(build_request("evil.test"))
        heard = connection.recv(100)
    assert not heard or heard.split()[1] in {b"400", b"421"}, heard


def test_too_much_text_is_answered_with_our_page(proxy: Proxy) -> None:
    for size in (420_000, 3_000_000):
        body = b"answer=" + b"x" * size
        with proxy.connect(PATIENTS) as connection:
            # Hardly any room for what waits to be sent: whoever refuses without reading on does so in its middle.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            refused = ask(connection, build_request(PATIENTS, "/start", "POST", body))
        assert (size, refused.status) == (size, 413)
        assert PROBLEMS[413].heading in refused.text
        assert refused.get("Cache-Control") == "no-store"
        assert "default-src 'none'" in (refused.get("Content-Security-Policy") or "")


def test_the_log_of_what_happened_has_the_real_address(proxy: Proxy, servers: tuple[Server, Server]) -> None:
    # Where nobody forges anything, and where somebody forges everything.
    for source, forged in (("127.0.0.7", {}), ("127.0.0.8", FORGED)):
        shown = proxy.ask(build_request(STAFF, "/clinic/sign-in", headers=forged), STAFF, source)
        assert shown.status == 200
        assert shown.get("X-Request-Id") != FORGED["X-Request-Id"]
        token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        body = f"csrf_token={token}&login=nobody@clinic.example&password=not-this-one".encode()
        about = {"Cookie": shown.cookie, "Origin": f"https://{STAFF}", "Content-Type": FORM, **forged}
        about["Content-Length"] = str(len(body))
        assert proxy.ask(build_request(STAFF, "/clinic/sign-in", "POST", body, about), STAFF, source).status == 422
    with closing(sqlite3.connect(servers[1].data / "foreword.sqlite3")) as database:
        query = "SELECT DISTINCT origin FROM audit_entries WHERE action = 'person.sign-in-failed' ORDER BY number DESC"
        origins = [row[0] for row in database.execute(query)]
    assert set(origins) == {"127.0.0.7", "127.0.0.8"}


def is_waited_for(connection: ssl.SSLSocket) -> bool:
    """Return whether the other side has neither answered nor closed."""
    connection.settimeout(0)
    try:
        connection.recv(1)
    except ssl.SSLWantReadError:
        return True
    return False


def test_who_sends_slowly_keeps_nobody_waiting(proxy: Proxy) -> None:
    head = f"POST /start HTTP/1.1\r\nHost: {PATIENTS}\r\nContent-Type: {FORM}\r\nContent-Length: 1000\r\n"
    slow: list[ssl.SSLSocket] = []
    with ExitStack() as open_ones:
        for number in range(40):
            slow.append(open_ones.enter_context(proxy.connect(PATIENTS)))
            slow[-1].sendall((head if number % 2 else f"{head}\r\nanswer=").encode())
        assert proxy.ask(build_request(PATIENTS)).status == 200
        assert any(is_waited_for(one) for one in slow)  # and not only after the slow ones were given up


def test_nobody_s_address_is_written_down(proxy: Proxy) -> None:
    path = "/clinic/responses/CANARYCANA"
    proxy.ask(build_request(STAFF, path), STAFF)
    written = [file for file in proxy.folder.rglob("*") if file.is_file() and b"CANARYCANA" in file.read_bytes()]
    assert not written


@pytest.mark.parametrize("name", PROXIES)
def test_a_program_that_is_gone_is_answered_for_with_our_page(
    name: str, start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(role="patient", public_url=f"https://{PATIENTS}", trusted_hops=1)
    with run_proxy(name, tmp_path / "proxy", server, server) as proxy:
        server.stop()
        answered = proxy.ask(build_request(PATIENTS, "/CANARYCANA"))
        assert answered.status == 503
        assert PROBLEMS[503].heading in answered.text
        assert answered.get("Cache-Control") == "no-store"
        shipped = {path.name for path in (DEPLOY / name).iterdir()}
        files = [file for file in proxy.folder.iterdir() if file.is_file() and file.name not in shipped]
        assert not [file for file in files if b"CANARYCANA" in file.read_bytes()]


def test_what_the_proxies_say_themselves_is_one_text() -> None:
    _, _, body = (DEPLOY / "haproxy/503.http").read_text().partition("\n\n")
    assert (DEPLOY / "pages/503.html").read_text() == body
    large = (DEPLOY / "pages/413.html").read_text()
    for sentence in (PROBLEMS[413].heading, *PROBLEMS[413].advice):
        assert sentence in large
    styles = {
        path.read_text().partition("<style>")[2].partition("</style>")[0] for path in (DEPLOY / "pages").iterdir()
    }
    assert len(styles) == 1  # so that one hash in the content security policy is right for both
