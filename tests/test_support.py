"""The tools of the tests: each must find the fault it is there for, or every test that leans on it proves nothing."""

import http.client
import http.server
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, text

from tests.support.axe import RunAxe
from tests.support.browser import PHONE, OpenPage, watch
from tests.support.html import CheckHtml, list_html_errors
from tests.support.network import NetworkError
from tests.support.server import StartServer

PAGE = """<!doctype html><html lang="en"><head><title>A page</title></head>
<body><main><h1>A page</h1>{}</main></body></html>"""
FAULTY = PAGE.format(
    '<p style="color: #6a6a6a">Less than seven to one.</p><img src="http://other.example/a.png" alt="">'
)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = FAULTY if self.path == "/faulty" else PAGE.format("<p>Nothing to see.</p>")
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path == "/policy":
            body = PAGE.format("<script>document.title = 'run'</script>")
            self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve a few pages from this process."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("other.example", 80), ("2001:db8::1", 80)])
def test_another_host_is_out_of_reach(address: tuple[str, int]) -> None:
    with pytest.raises(NetworkError, match=address[0]):
        socket.create_connection(address)


def test_a_page_without_fault_passes_every_check(
    site: str, open_page: OpenPage, axe: RunAxe, check_html: CheckHtml
) -> None:
    page = open_page(site, PHONE)
    page.goto("/")
    assert page.evaluate("window.innerWidth") == PHONE.width
    assert not axe(page)
    check_html({"page": page.content()})


def test_axe_looks_for_aaa_contrast_too(site: str, open_page: OpenPage, axe: RunAxe) -> None:
    page = open_page(site)
    page.set_content(PAGE.format('<p style="color: #6a6a6a">Less than seven to one.</p>'))
    assert [violation.rule for violation in axe(page)] == ["color-contrast-enhanced"]


@pytest.mark.parametrize(
    ("path", "fault"),
    [("/faulty", "asked another host for http://other.example/a.png"), ("/policy", "Content Security Policy")],
)
def test_the_browser_reports_a_fault(site: str, browser: Browser, path: str, fault: str) -> None:
    with browser.new_context() as context:
        faults = watch(context)
        context.new_page().goto(site + path)
    assert fault in "\n".join(faults)


def test_html_that_does_not_conform_is_named_with_its_page(tmp_path: Path) -> None:
    pages = {"good": PAGE.format(""), "bad": PAGE.format("<ul><p>Not an item.</p></ul>")}
    [error] = list_html_errors(pages, tmp_path)
    assert error.startswith("bad:2: ")


def test_each_test_has_a_database_of_its_own(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE answers (link_id TEXT)"))
    engine.dispose()


def test_no_table_is_left_over(database_url: str) -> None:
    test_each_test_has_a_database_of_its_own(database_url)


def test_two_servers_are_alive_at_once_with_data_of_their_own(start_server: StartServer) -> None:
    servers = [start_server(), start_server()]
    for server in servers:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == HTTPStatus.OK
        connection.close()
    assert len({server.data for server in servers}) == len(servers)


def test_a_server_that_cannot_start_says_why(start_server: StartServer) -> None:
    with pytest.raises(pytest.fail.Exception, match="FOREWORD_NO_SUCH_THING"):
        start_server(no_such_thing="1")
