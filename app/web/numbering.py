"""The number of a request: it stands in the log, in the answer's head, and on a page that says that something broke.

Drawn at random, so that it tells nothing; whoever reads it to an operator is found in the log by it. A client's own is
never taken: it would be a way to write into the log (S19).
"""

import re
import secrets
from typing import Final
from wsgiref.types import WSGIEnvironment

HEADER: Final = "X-Request-Id"
"""The header an answer has it in."""

UNNUMBERED: Final = "000000000000"
"""What stands on an error page that is ready made, where the number will be."""

_KEY: Final = "foreword.request"
_GIVEN: Final = "HTTP_X_REQUEST_ID"
_BYTES: Final = len(UNNUMBERED) // 2
# As nginx, HAProxy and Caddy make them: 32 hexadecimal digits, with the hyphens of RFC 9562 or without.
_FORM: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def number_request(environ: WSGIEnvironment, *, is_proxied: bool) -> str:
    """Give a request its number and return it: the trusted proxy's where it is one, else one that is drawn."""
    given = environ.get(_GIVEN, "") if is_proxied else ""
    number: str = given if _FORM.fullmatch(given) else draw_number()
    environ[_KEY] = number
    return number


def find_number(environ: WSGIEnvironment) -> str:
    """Return the number a request was given."""
    number: str = environ.get(_KEY, UNNUMBERED)
    return number


def draw_number() -> str:
    """Return a new number."""
    return secrets.token_hex(_BYTES)


def put_number(page: bytes, number: str) -> bytes:
    """Return an error page with the number in its place, where it has one."""
    return page.replace(UNNUMBERED.encode(), number.encode(), 1)
