"""The e-mail *something is waiting*: once a day at most, to addresses the clinic set, off without a server.

It says whose clinic it is and where staff open it. Never how many, never anything about anybody (D-11).
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Engine

from app.clinic.profile import ClinicSettings
from app.logs import record_failure
from app.settings import Settings
from app.storage.engine import begin_read
from app.storage.responses import has_new

_SECONDS: Final = 10
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in."""

    host: str
    port: int
    is_encrypted_at_once: bool
    user: str = ""
    password: str = field(repr=False, default="")
    sender: str

    @property
    def is_near(self) -> bool:
        """Tell whether it is on this machine: nothing crosses a network on the way there."""
        return self.host in _LOOPBACK


def read_server(settings: Settings) -> MailServer:
    """Return the e-mail server that the settings name; there has to be one."""
    url = urlsplit(settings.smtp_url)
    host = urlsplit(settings.clinic_url).hostname or "localhost"
    return MailServer(
        host=url.hostname or "",
        port=url.port or _PORTS[url.scheme],
        is_encrypted_at_once=url.scheme == "smtps",
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        sender=parse_qs(url.query).get("from", [f"foreword@{host}"])[0],
    )


def send_notice(engine: Engine, settings: Settings, clinic: ClinicSettings | None, now: datetime) -> int:
    """Tell those who are to hear it that something is waiting, and return how many were told.

    One address that is refused keeps nobody else from hearing it; where nobody could be told, it raises OSError.
    """
    if not settings.smtp_url or clinic is None or not clinic.notice_to:
        return 0
    with begin_read(engine) as connection:
        if not has_new(connection):
            return 0
    server = read_server(settings)
    refused: list[smtplib.SMTPException] = []
    with connect(server) as connected:
        for address in clinic.notice_to:
            try:
                connected.send_message(write_notice(server.sender, address, clinic.name, settings.clinic_url, now))
            except smtplib.SMTPException as error:
                record_failure(error, "notice not sent")
                refused.append(error)
    if len(refused) == len(clinic.notice_to):
        raise refused[0]
    return len(clinic.notice_to) - len(refused)


def write_notice(sender: str, address: str, clinic: str, url: str, now: datetime) -> EmailMessage:
    """Return the message."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = address
    message["Date"] = now
    message["Subject"] = f"{clinic}: something is waiting"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"Something is waiting for the staff of {clinic}.\n\nOpen {url}/clinic/ and sign in to see it.\n\n"
        "This message comes once a day at most, and never says anything about a patient.\n"
    )
    return message


def connect(server: MailServer) -> smtplib.SMTP:
    """Return a connection to an e-mail server, encrypted unless it is on this machine; raises OSError."""
    context = ssl.create_default_context()
    if server.is_encrypted_at_once:
        connected: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=context)
    else:
        connected = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        if not server.is_near:
            connected.starttls(context=context)
    if server.user:
        connected.login(server.user, server.password)
    return connected
