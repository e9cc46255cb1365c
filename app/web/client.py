"""From where a request came: an address, as the log, sessions and the counts of tries have it."""

import ipaddress
from functools import cache
from wsgiref.types import WSGIEnvironment

from app.logs import get_log


def find_client(environ: WSGIEnvironment) -> str:
    """Return the client's address, without the port that some gateways send with it.

    What a proxy says and is no address is believed as little as one that came past it: then it is the peer's own.
    """
    said = read_host(environ.get("REMOTE_ADDR", ""))
    if said or "werkzeug.proxy_fix.orig" not in environ:
        return said
    _tell_once()
    return read_host(environ["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"])


def read_host(said: str) -> str:
    """Return the address in a text, without a port and what belongs to one machine alone; empty where it has none.

    >>> [read_host(said) for said in ("203.0.113.9:51234", "[2001:db8::7]:443", "fe80::1%eth0", "unknown")]
    ['203.0.113.9', '2001:db8::7', 'fe80::1', '']
    >>> read_host("::ffff:203.0.113.9")  # as a listener for both kinds sees the older one
    '203.0.113.9'
    """
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    said = said.partition("%")[0]
    try:
        parsed = ipaddress.ip_address(said)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or said)


@cache
def _tell_once() -> None:
    get_log().warning("client not known")
