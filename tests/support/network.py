"""Keeps the test process on this machine: a look-up or connection to any other host fails the test that made it.

Programs that tests start are not held by this; the browser is told the same by its own flags.
"""

import ipaddress
import sys


class NetworkError(AssertionError):
    """A test reached for another host, named in `host`."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"a test tried to reach {host}: tests use nothing but this machine")


def refuse_other_hosts(event: str, arguments: tuple[object, ...]) -> None:
    """Raise `NetworkError` when an audit event of the socket module names a host that is not this machine."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a text is the path of a local socket
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in {"", "localhost"} or _is_loopback(name):
        return
    raise NetworkError(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


sys.addaudithook(refuse_other_hosts)
