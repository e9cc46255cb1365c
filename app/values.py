"""What stands in an environment variable, as a value; what cannot be one raises ValueError with fault and remedy.

No message repeats a value that may hold a password.
"""

import ipaddress
import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

_HOST_NAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAIL_SCHEMES: Final = frozenset({"smtp", "smtps"})
_CONTACT: Final = re.compile(r"(mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+?[\d.()-]+)", re.ASCII)
_REDIS_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
_MOST_DIGITS: Final = 7
_FLAGS: Final = {"0": False, "1": True}
_DATABASES: Final = ("sqlite:///", "postgresql+psycopg://")


def parse_path(text: str) -> Path:
    """Return a path, made whole from where the program was started."""
    return Path(text).expanduser().absolute()


def parse_flag(text: str) -> bool:
    """Return whether a text says yes."""
    if text not in _FLAGS:
        raise ValueError(f"{text!r} is neither yes nor no; write 1 for yes, or 0")
    return _FLAGS[text]


def parse_number(text: str, allowed: range) -> int:
    """Return a whole number out of those that are allowed.

    >>> parse_number("0000809999", range(1, 65536))
    Traceback (most recent call last):
        ...
    ValueError: '0000809999' is not a number from 1 to 65535; write one
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) in allowed):
        raise ValueError(f"{text!r} is not a number from {allowed[0]} to {allowed[-1]}; write one")
    return int(text)


def parse_host(text: str) -> str:
    """Return an address or host name to listen on."""
    host = text.removeprefix("[").removesuffix("]")
    if not (_is_address(host) or _HOST_NAME.fullmatch(host)):
        raise ValueError(f"{text!r} is not an address or a host name; write one without a port, such as 127.0.0.1")
    return host.lower()


def parse_database_url(text: str) -> str:
    """Return the address of a database of a kind that can be used."""
    if not text.startswith(_DATABASES):
        raise ValueError(
            "this is not a database that can be used; write sqlite:////folder/file.db "
            "or postgresql+psycopg://user:password@host/name"
        )
    return text


def parse_redis_url(text: str) -> str:
    """Return the address of a Redis server."""
    url = urlsplit(text)
    if text and (url.scheme not in _REDIS_SCHEMES or not (url.path if url.scheme == "unix" else url.hostname)):
        raise ValueError("this is no Redis server; write redis://:password@host, or rediss:// for one with TLS")
    if url.query or url.fragment:  # the client takes options from there: one can end the counting, or its time-outs
        raise ValueError("what follows ? or # would change how tries are counted; leave it out")
    _read_authority(url)
    return text


def parse_public_url(text: str) -> str:
    """Return a website's address as browsers write it."""
    url = urlsplit(text)
    host, port = _read_authority(url)
    is_plain = not (url.username or url.password or url.query or url.fragment or url.path.strip("/"))
    if url.scheme not in _DEFAULT_PORTS or not is_plain or not (_is_address(host) or _HOST_NAME.fullmatch(host)):
        raise ValueError("this is not the address of a website; write https:// and its host name, and nothing after it")
    if url.scheme == "http" and not is_loopback(host):
        raise ValueError("answers would cross the network in the clear; write it with https://")
    authority = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{authority}" + (f":{port}" if port != _DEFAULT_PORTS[url.scheme] else "")


def parse_smtp_url(text: str) -> str:
    """Return the address of an e-mail server, or nothing."""
    url = urlsplit(text)
    if text and (url.scheme not in _MAIL_SCHEMES or not url.hostname or url.path.strip("/")):
        raise ValueError("this is no e-mail server; write smtps://user:password@host, or smtp:// for one with STARTTLS")
    _read_authority(url)
    return text


def parse_contact(text: str) -> str:
    """Return where to report a weakness, as RFC 9116 has it, or nothing."""
    if text and not (text.isascii() and text.isprintable() and _CONTACT.fullmatch(text)):
        raise ValueError("this is nowhere to write to; write mailto:name@host, an https:// address, or tel:+number")
    return text


def parse_policy(text: str) -> str:
    """Return the address of a page about such reports, or nothing."""
    if text and not (text.isascii() and text.isprintable() and re.fullmatch(r"https://\S+", text)):
        raise ValueError("this is no page that can be opened; write its https:// address")
    return text


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, as only it can reach it."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_any_address(host: str) -> bool:
    """Tell whether an address stands for all that this machine has."""
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def _read_authority(url: SplitResult) -> tuple[str, int]:
    try:
        return (url.hostname or "", url.port or _DEFAULT_PORTS.get(url.scheme, 0))
    except ValueError:
        raise ValueError("its port is not a number from 1 to 65535; write one, or leave it out") from None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
