"""What guards every page: headers on every answer, and requests that are turned away before a view sees them.

Refusals never repeat a word of the request, and never depend on what a person answered.
"""

import ipaddress
import sys
from collections.abc import Container, Iterable
from typing import Any, Final
from urllib.parse import quote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, MethodNotAllowed, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.middleware.proxy_fix import ProxyFix

from app.logs import record_failure
from app.settings import Settings
from app.web.numbering import HEADER, number_request, put_number
from app.web.shell import MAX_FIELDS, get_shell

NO_STORE: Final = ("Cache-Control", "no-store")
"""The header of whatever shows a page of a person's: no browser and no cache keeps it (S6)."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_LOCAL_PATHS: Final = frozenset({"/healthz", "/readyz"})

_HEADERS: Final = (
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
            # Our one script fetches the next page; S4 names no connect-src, design.md section 3 needs it.
            "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
    ),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # With commas: browsers ignore the whole line without them.
    (
        "Permissions-Policy",
        (
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
            "microphone=(), midi=(), payment=(), usb=()"
        ),
    ),
    # Not no-referrer: browsers would send `Origin: null` with our own forms, which is_cross_site refuses.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
)
_HSTS: Final = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def list_headers(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the headers every answer has, whatever its status (security.md S4, S5)."""
    return (*_HEADERS, _HSTS) if settings.is_https else _HEADERS


def init_app(app: Flask, settings: Settings) -> None:
    """Guard an application whose error pages are made; what else looks at a request must come after this."""
    hosts = _list_hosts(settings)
    hops = settings.trusted_hops
    inner = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops) if hops else app.wsgi_app
    app.wsgi_app = Envelope(inner, settings, get_shell(app).problem_pages[500])  # type: ignore[method-assign]  # Flask's way to wrap an app

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        _check_method(request)
        _check_host(request, hosts)
        if settings.is_https and request.scheme != "https":
            return redirect(hosts.get(request.host.lower(), settings.served_urls[0]) + quote(request.path), 308)
        if request.method == "POST":
            if is_cross_site(request):
                raise Forbidden
            _check_body(request)
        return None


class Envelope:
    """Puts the headers on every answer, and gives an answer when the application itself could not."""

    def __init__(self, app: WSGIApplication, settings: Settings, last_resort: bytes) -> None:
        self._app = app
        self._headers = list_headers(settings)
        self._scheme = "https" if settings.is_https else "http"
        self._last_resort = last_resort
        self._is_proxied = settings.trusted_hops > 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        # TLS ends before this process, so that only the public address knows of it, or a trusted proxy further in.
        environ["wsgi.url_scheme"] = self._scheme
        number = number_request(environ, is_proxied=self._is_proxied)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401  as PEP 3333 has it
            headers.extend(self._headers)
            headers.append((HEADER, number))
            if not any(name.lower() == "cache-control" for name, _ in headers):
                headers.append(NO_STORE)
            return start_response(status, headers, *rest)

        try:
            return self._app(environ, start)
        except Exception as error:  # noqa: BLE001  whatever failed, a person waits for a page
            record_failure(error, "answer failed", request=number)
            page = put_number(self._last_resort, number)
            about = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
            start("500 Internal Server Error", about, sys.exc_info())
            return [page]


def is_cross_site(asked: Request) -> bool:
    """Tell whether a browser says that another site, or a page that hides its origin, made this request (S3)."""
    site, origin = asked.headers.get("Sec-Fetch-Site"), asked.headers.get("Origin")
    if site not in {None, "same-origin", "none"}:
        return True
    if origin is not None:
        return origin.lower() != _name_origin(asked)
    referrer = asked.headers.get("Referer")
    return site is None and referrer is not None and not referrer.lower().startswith(f"{_name_origin(asked)}/")


def is_same_origin(asked: Request) -> bool:
    """Tell whether a browser says that a page of ours made this request; saying nothing is not enough (S38)."""
    is_said = asked.headers.get("Sec-Fetch-Site") == "same-origin" or "Origin" in asked.headers
    return is_said and not is_cross_site(asked)


def _name_origin(asked: Request) -> str:
    return f"{asked.scheme}://{asked.host}".lower()


def _list_hosts(settings: Settings) -> dict[str, str]:
    """Return the hosts that requests may name, each with the address it is of; with two roles there can be two."""
    return {host: url for url in reversed(settings.served_urls) for host in _list_names(url)}


def _list_names(address: str) -> tuple[str, ...]:
    url = urlsplit(address)
    if not _is_loopback(url.netloc):
        return (url.netloc,)
    port = f":{url.port}" if url.port else ""
    return (url.netloc, f"localhost{port}", f"127.0.0.1{port}", f"[::1]{port}")


def _is_loopback(authority: str) -> bool:
    try:
        url = urlsplit(f"//{authority}")
        # To read the port is what tells that it is one: `127.0.0.1:80, evil.test` has the right host too.
        if url.username is not None or url.port == 0:
            return False
        return url.hostname == "localhost" or ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False


def _check_method(asked: Request) -> None:
    if asked.method not in _METHODS and not isinstance(asked.routing_exception, MethodNotAllowed):
        raise MethodNotAllowed(sorted(_METHODS))


def _check_host(asked: Request, hosts: Container[str]) -> None:
    # Two Host lines come as one with a comma, a missing one as nothing: neither is on the list (S25). An address in the
    # request line would take the place of Host (RFC 9112, 3.2.2), and only proxies are sent such lines.
    if not asked.environ.get("REQUEST_URI", "/").startswith("/"):
        raise BadRequest
    host = asked.environ.get("HTTP_HOST", "").lower()
    if host not in hosts and not (asked.path in _LOCAL_PATHS and _is_loopback(host)):
        raise BadRequest


def _check_body(asked: Request) -> None:
    has_body = asked.content_length != 0 and (asked.content_length is not None or "Transfer-Encoding" in asked.headers)
    if asked.mimetype == _URLENCODED:
        # Counted before it is parsed: a body of separators alone would cost a tenth of a second to take apart.
        if asked.get_data(cache=True).count(b"&") >= MAX_FIELDS:
            raise RequestEntityTooLarge
    elif asked.mimetype != _MULTIPART and (has_body or asked.mimetype):
        raise UnsupportedMediaType
    # Read here, so that a body that is refused is refused before anything else is done, even where there is no page.
    # A part without a name is no control of ours; Flask-WTF looks for the token among names, and would break.
    if not all(isinstance(name, str) for name in asked.form):
        raise BadRequest
