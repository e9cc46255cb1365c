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

    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(6)
        g.asked_at = time.perf_counter()

    @app.after_request
    def record(response: Response) -> Response:
        if response.status_code < _FIRST_ERROR and request.blueprint in _QUIET:
            return response
        get_log().info(
            "request",
            request=g.request_id,
            method=request.method if request.method in _METHODS else "other",
            route=request.url_rule.rule if request.url_rule else "none",  # the rule: the path can hold what was typed
            status=response.status_code,
            ms=round((time.perf_counter() - g.asked_at) * 1000, 1),
        )
        return response
