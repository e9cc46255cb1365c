"""The access log: one line a request, of which nothing was sent by a person (security.md S19)."""

import secrets
import time
from typing import Final

from flask import Flask, Response, g, request

from app.logs import get_log

_FIRST_ERROR: Final = 400
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_QUIET: Final = frozenset({"assets", "health"})


def init_app(app: Flask) -> None:
    """Log every request an application answers, but not the files and health checks it answers well."""
    log = get_log()

    @app.before_request
    def begin() -> None:
        g.begun = (secrets.token_hex(6), time.perf_counter())

    @app.after_request
    def record(response: Response) -> Response:
        rule, method, status = request.url_rule, request.method, response.status_code
        if status < _FIRST_ERROR and rule is not None and rule.endpoint.partition(".")[0] in _QUIET:
            return response
        number, begun_at = g.begun
        log.info(
            "request",
            request=number,
            method=method if method in _METHODS else "other",
            route=rule.rule if rule else "none",  # the rule: the path can hold what was typed
            status=status,
            ms=round((time.perf_counter() - begun_at) * 1000, 1),
        )
        return response
