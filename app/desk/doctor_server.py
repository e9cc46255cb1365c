"""The doctor's look at the server: its address, its files, its disk, its clock."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import text

from app.desk.finding import Finding, Look
from app.desk.keyring import FOLDER
from app.desk.proving import list_leftovers
from app.storage.audit import find_last_entry_time
from app.storage.engine import begin_read
from app.storage.kind import find_kind

_OPEN_TO_OTHERS: Final = 0o077
_LEAST_FREE: Final = 1_000_000_000
_LEAST_SHARE: Final = 0.05
_MOST_DRIFT: Final = timedelta(seconds=60)
_TLS_SECONDS: Final = 3
_TLS_DAYS: Final = 21
_HTTPS: Final = 443


def look_at_address(look: Look) -> Iterator[Finding]:
    """Look at how people reach the program, and whether cookies are safe on the way."""
    settings = look.settings
    if not settings.is_https:
        yield Finding(
            "FOREWORD_PUBLIC_URL",
            "only this machine can open the pages, and cookies are sent without encryption",
            "set the address that patients open, with https://",
        )
        return
    if settings.trusted_hops == 0:
        yield Finding(
            "FOREWORD_TRUSTED_HOPS",
            "it is 0, so that every request seems to come from the proxy that ends TLS",
            "set it to the number of proxies in front, 1 as a rule",
        )
    if look.is_online:
        for url in sorted({settings.public_url, settings.clinic_url}):
            yield from _look_at_certificate(url, look.now)


def look_at_demonstration(look: Look) -> Iterator[Finding]:
    """Look whether this is a demonstration, and whether the setting says the same as the database."""
    with begin_read(look.engine) as connection:
        is_demonstration = find_kind(connection)
    if look.settings.is_demo and is_demonstration is False:
        yield Finding(
            "FOREWORD_DEMO",
            "this database is a real clinic's: the server does not start on it as a demonstration",
            "unset it, or name another folder in FOREWORD_DATA",
        )
    elif look.settings.is_demo:
        yield Finding(
            "FOREWORD_DEMO",
            "this is a demonstration: anybody can sign in",
            "name an empty folder in FOREWORD_DATA and unset it before a patient comes",
        )
    elif is_demonstration:
        yield Finding(
            "FOREWORD_DEMO",
            "this database is a demonstration's: the server does not start on it as a real clinic",
            "set it to 1, or name an empty folder in FOREWORD_DATA before a patient comes",
        )


def look_at_redis(look: Look) -> Iterator[Finding]:
    """Look whether tries to sign in can be counted, where that is done in Redis."""
    if not look.settings.redis_url:
        return
    from app.storage.redis_tallies import RedisTallies  # noqa: PLC0415  few have one, and loading it takes its time

    tallies = RedisTallies(look.settings.redis_url)
    fault = tallies.examine()
    tallies.close()
    if fault is not None:
        yield Finding("FOREWORD_REDIS_URL", fault, "look whether it runs and who may use it, or unset it everywhere")


def look_at_files(look: Look) -> Iterator[Finding]:
    """Look whether anybody else on this machine can read keys or answers, and whether a copy of them was left."""
    data = look.settings.data
    paths = [data, *(path for path in (data / FOLDER, *data.glob("*.sqlite3*"), *data.glob("*.key")) if path.exists())]
    paths += sorted((data / FOLDER).glob("*"))
    for path in paths:
        mode = path.stat().st_mode
        if mode & _OPEN_TO_OTHERS:
            wanted = "700" if path.is_dir() else "600"
            yield Finding(str(path), "others on this machine can open it", f"run: chmod {wanted} '{path}'")
    for path in list_leftovers(data):
        yield Finding(
            str(path), "a backup that was broken off left a copy of the database", "restart the program: it removes it"
        )


def look_at_disk(look: Look) -> Iterator[Finding]:
    """Look whether there is room for what patients send."""
    usage = shutil.disk_usage(look.settings.data)
    if usage.free < _LEAST_FREE or usage.free < usage.total * _LEAST_SHARE:
        free = usage.free // 1_000_000
        yield Finding(
            str(look.settings.data), f"only {free} MB are free on its disk", "make room: full, nothing can be sent"
        )


def look_at_clock(look: Look) -> Iterator[Finding]:
    """Look whether the clock agrees with the database's, with the log and with files."""
    with begin_read(look.engine) as connection:
        # Patients' machines may have a database user who does not see the log.
        last = find_last_entry_time(connection) if look.settings.has_staff else None
        is_postgres = connection.dialect.name == "postgresql"
        theirs = connection.execute(text("SELECT now()")).scalar() if is_postgres else None
    remedy = "set the clock by a time server (NTP): dates of deletion and sign-in codes hang on it"
    if isinstance(theirs, datetime) and abs(theirs.astimezone(UTC) - look.now) > _MOST_DRIFT:
        yield Finding("clock", "it differs from the database server’s by more than a minute", remedy)
    files = [path.stat().st_mtime for path in _list_files(look.settings.data)]
    newest = max([datetime.fromtimestamp(moment, UTC) for moment in files], default=look.now)
    if (last is not None and last - look.now > _MOST_DRIFT) or newest - look.now > _MOST_DRIFT:
        yield Finding("clock", "it is behind what was written before: it went back", remedy)


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())


def _look_at_certificate(url: str, now: datetime) -> Iterator[Finding]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    try:
        with (
            socket.create_connection((host, port), timeout=_TLS_SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            certificate = encrypted.getpeercert() or {}
    except ssl.SSLError:
        yield Finding(url, "its certificate is not one that browsers trust", "renew it at the proxy")
        return
    except OSError as error:
        yield Finding(url, f"it does not answer ({type(error).__name__})", "look whether the proxy runs, and its name")
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    if ends - now < timedelta(days=_TLS_DAYS):
        yield Finding(url, f"its certificate ends on {ends:%Y-%m-%d}", "renew it at the proxy")
