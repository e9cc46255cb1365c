"""What is said of one exchange: each sentence is a fault, and no sentence means that the answer was right."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

import brotli

from tests.fuzz.cast import CANARY, SENTINELS
from tests.fuzz.recipe import Recipe
from tests.fuzz.talk import Ending, Exchange, unpack
from tests.security.test_s05_headers import HEADERS
from tests.web.raw import Reply

SLOW_SECONDS: Final = 2.0
ALL_HEADERS: Final = {**HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

_ECHOES: Final = re.compile(rb"<fz|<img src=x|\"onfz|</title><fz", re.IGNORECASE)
_INNARDS: Final = re.compile(
    rb"Traceback \(most recent|/site-packages/|File \"/|sqlalchemy|psycopg|sqlite3\.|werkzeug|waitress|jinja2\.",
    re.IGNORECASE,
)
_MARKUP: Final = ("text/html", "image/svg+xml")
_CANARIES: Final = tuple(form.encode() for form in ("Kanarienvogel Würger 7731", "Kanarienvogel W&#252;rger 7731"))
_ALLOWED_FAULTS: Final = {501, 503}
_SEES_SENTINELS: Final = frozenset({*SENTINELS, "reviewer", "lead"})
assert CANARY.encode().startswith(_CANARIES[0])


def find_faults(recipe: Recipe, exchange: Exchange) -> list[str]:
    """Return what is wrong with an exchange, but for how long it took."""
    faults = list(_judge_ending(recipe, exchange))
    for number, reply in enumerate(exchange.replies):
        faults += judge_reply(recipe, reply, recipe.method if number == 0 else "GET")
    if exchange.replies and recipe.spoilt and is_spoilt_done(recipe, exchange.replies[0]):
        faults.append(f"done ({exchange.replies[0].status}) though its {recipe.spoilt} was wrong")
    return faults


def _judge_ending(recipe: Recipe, exchange: Exchange) -> Iterator[str]:
    if exchange.ending is Ending.GARBLED:
        yield f"what came back is no HTTP: {exchange.fault}"
    elif exchange.ending is not Ending.ANSWERED and not recipe.may_wait:
        yield str(exchange.ending)
    elif exchange.ending is Ending.SILENT:
        yield "the connection stayed open without an answer"


def judge_reply(recipe: Recipe, reply: Reply, method: str) -> Iterator[str]:
    """Give what is wrong with one answer."""
    if reply.status >= 500 and not _is_declared(reply):
        yield f"status {reply.status}"
    yield from _judge_headers(reply, is_file=recipe.endpoint == "GET /static/<name>")
    try:
        body = unpack(reply)
    except (OSError, EOFError, zlib.error, brotli.error) as error:
        yield f"its body cannot be unpacked: {error}"
        return
    kind = (reply.get("Content-Type") or "").partition(";")[0]
    if body and method != "HEAD" and kind in _MARKUP and (found := _ECHOES.search(body)):
        yield f"repeats {found[0].decode()!r} as it was sent"
    if found := _INNARDS.search(body):
        yield f"shows what the program is made of: {found[0].decode()!r}"
    may_see = recipe.role in _SEES_SENTINELS or "sentinel" in str(recipe.headers)
    if not may_see and any(canary in body for canary in _CANARIES):
        yield "shows another patient's answer"


def is_done(recipe: Recipe, reply: Reply) -> bool:
    """Tell whether a form was taken: nothing else may leave anything behind."""
    if not recipe.line.startswith("POST ") or reply.status not in {200, 201, 303}:
        return False
    return not (reply.get("Location") or "").endswith("/clinic/sign-in")


def is_spoilt_done(recipe: Recipe, reply: Reply) -> bool:
    """Tell whether a form was taken that should not be; to be sent to a clinic's page again is to be refused."""
    is_begun_again = "/clinic/" in recipe.line and (reply.get("Location") or "").startswith("/clinic/join/")
    return is_done(recipe, reply) and not is_begun_again


def _is_declared(reply: Reply) -> bool:
    return reply.status in _ALLOWED_FAULTS and (reply.status != 503 or reply.get("Retry-After") is not None)


def _judge_headers(reply: Reply, *, is_file: bool) -> Iterator[str]:
    names = [name.lower() for name, _ in reply.headers]
    for name, value in ALL_HEADERS.items():
        if names.count(name.lower()) != 1 or reply.get(name) != value:
            yield f"{name} is missing or wrong"
    if names.count("cache-control") != 1:
        yield "Cache-Control is missing, or there twice"
    elif "no-store" not in (reply.get("Cache-Control") or "") and not (is_file and reply.status == 200):
        yield "may be kept by a cache"
    if any(name in names for name in ("x-fz", "server", "x-powered-by")):
        yield "has a header that it must not have"
    if any("<fz" in value for name, value in reply.headers if name.lower() != "set-cookie"):
        yield "repeats what was sent in a header"
