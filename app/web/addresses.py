"""The address that was asked for, as it can stand in a page or a session."""

from typing import Final
from urllib.parse import quote

from flask import request

# What may stand in a query (RFC 3986, 3.4), and what clients send there besides; any other byte is written as %XX.
_STANDS: Final = "!$%&'()*+,/:;=?@[]|"


def read_address() -> str:
    """Return the path and query that were asked for; bytes in it that are no ASCII come percent-encoded."""
    query = quote(request.query_string, safe=_STANDS)
    return f"{request.path}?{query}" if query else request.path
