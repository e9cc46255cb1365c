"""security.md S37: without TLS there is nothing but a redirect to it, and no cookie; with it, cookies are for it."""

import re
from dataclasses import dataclass

import pytest

from tests.deploy.proxies import PATIENTS, STAFF, Proxy
from tests.security.grounds import Caller, Page, crawl, name_half, sign_in
from tests.security.test_s02_closed_by_default import fill, read_matrix
from tests.support.server import Server, StartServer
from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, send_raw

HOST = "clinic.example"


def check_redirect(reply: Reply, address: str) -> None:
    """Fail unless an answer does nothing but lead to an address."""
    assert (reply.status, reply.get("Location"), reply.get("Set-Cookie")) == (308, address, None)
    assert not re.search("<form|<input", reply.text)


def test_plain_http_in_front_of_the_proxy_only_redirects(proxied_probe: Probe) -> None:
    request = build_request(HOST, "/form?x=y", headers={"X-Forwarded-Proto": "http"})
    check_redirect(send_raw(proxied_probe.port, request), f"https://{HOST}/form")


@pytest.mark.parametrize("host", [PATIENTS, STAFF])
def test_nginx_answers_plain_http_with_a_redirect_wherever_it_is_asked(host: str, site: Proxy) -> None:
    for method, rule in read_matrix():
        path = fill(rule)
        body = b"login=x&password=y" if method == "POST" else None
        about = {"Cookie": "__Host-foreword-staff=x; foreword-draft=y"}
        check_redirect(send_raw(site.plain, build_request(host, path, method, body, about)), f"https://{host}{path}")


def test_so_does_the_program_where_the_proxy_passes_plain_http_on(start_server: StartServer) -> None:
    server = start_server(public_url=f"https://{HOST}", trusted_hops=1)
    caller = Caller("nobody", server, host=HOST, about={"X-Forwarded-Proto": "http"})
    for method, rule in read_matrix():
        path = fill(rule)
        reply = caller.call(method, path, b"login=x&password=y" if method == "POST" else None)
        check_redirect(reply, f"https://{HOST}{path}")


@dataclass(frozen=True)
class Opened:
    """What a clinic answered and which cookies it gave, by the address that gave them."""

    pages: list[Page]
    cookies: list[tuple[str, str]]


@pytest.fixture(scope="module")
def opened(start_shared_server: StartServer) -> Opened:
    """Open everything of a clinic whose address is https, as nobody, as a patient who begins, and as staff."""
    server = start_shared_server(public_url=f"https://{HOST}")
    nobody, patient = (Caller(who, server, host=HOST) for who in ("nobody", "patient"))
    assert patient.post("/start").status == 303
    callers = [nobody, patient, *(sign_in(server, who, HOST) for who in ("lead", "auditor"))]
    pages = [page for caller in callers for page in crawl(caller, "0000000000")]
    assert patient.post("/erase").status == 200
    assert callers[-1].post("/clinic/sign-out").status == 303
    return Opened(pages, [given for caller in callers for given in caller.given])


def test_every_cookie_is_for_https_and_this_host_alone(opened: Opened) -> None:
    for address, cookie in opened.cookies:
        name, *flags = (part.strip() for part in cookie.split(";"))
        assert name.startswith("__Host-"), cookie
        # RFC 6265bis: what begins so has no Domain, and holds for the whole host
        same_site = "SameSite=Strict" if name_half(address) == "staff" else "SameSite=Lax"
        assert {"Secure", "HttpOnly", "Path=/", same_site} <= set(flags), (address, cookie)
        assert not [flag for flag in flags if flag.lower().startswith("domain")]
    names = {cookie.partition("=")[0] for _, cookie in opened.cookies}
    assert names == {"__Host-foreword", "__Host-foreword-draft", "__Host-foreword-staff"}


def test_every_answer_has_browsers_use_https_for_a_year(opened: Opened) -> None:
    said = {page.reply.get("Strict-Transport-Security") for page in opened.pages}
    assert said == {"max-age=31536000; includeSubDomains"}
    assert {page.reply.status for page in opened.pages} >= {200, 303, 403, 404, 405, 410}


def test_without_https_nobody_is_told_to_use_it(live_server: Server) -> None:
    reply = Caller("nobody", live_server).call("GET", "/")
    assert reply.get("Strict-Transport-Security") is None
