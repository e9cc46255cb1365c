"""The access log: one line a request, of which nothing was sent by a person (security.md S19)."""

import time
from typing import Final

from flask import Flask, Response, g, request

from app.counters import COUNTERS, THROTTLED
from app.logs import get_log
from app.web.numbering import find_number

_FIRST_ERROR: Final = 400
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_TOO_MANY: Final = 429
_STAFF: Final = "/clinic"
_QUIET: Final = frozenset({"assets", "health"})
# Only some answers lead to the support step: under a name of its own, each number and line about it would tell one.
_NAMED_ALIKE: Final = {"/support": "/questions/<page_id>"}


def init_app(app: Flask) -> None:
    """Log every request an application answers, but not the files and health checks it answers well; count them all."""
    log = get_log()

    @app.before_request
    def begin() -> None:
        COUNTERS.begin()
        g.begun = (find_number(request.environ), time.perf_counter())

    @app.after_request
    def record(response: Response) -> Response:
        rule, status = request.url_rule, response.status_code
        method = request.method if request.method in _METHODS else "other"
        route = name_route(rule.rule) if rule else "none"  # the rule: the path can hold what was typed
        number, begun_at = g.begun
        seconds = time.perf_counter() - begun_at
        COUNTERS.record(route, method, status, seconds)
        if status == _TOO_MANY:
            COUNTERS.count(THROTTLED, "staff" if route.startswith(_STAFF) else "patients")
        if status < _FIRST_ERROR and rule is not None and rule.endpoint.partition(".")[0] in _QUIET:
            return response
        log.info("request", request=number, method=method, route=route, status=status, ms=round(seconds * 1000, 1))
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if "begun" in g:
            COUNTERS.end()


def name_route(rule: str) -> str:
    """Return what a rule of the address map is called in the log and in the numbers: all steps of the form alike."""
    return _NAMED_ALIKE.get(rule, rule)
