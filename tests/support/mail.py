"""A real e-mail server for tests, in a thread: it speaks enough SMTP for smtplib, and keeps what it was given."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest


@dataclass
class MailBox:
    """What a server was given, where it listens, and whom it does not know."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Answer each line as RFC 5321 asks."""
        assert isinstance(self.server, _MailServer)
        box = self.server.box
        self._say("220 tests")
        for raw in self.rfile:
            line = raw.decode().strip()
            verb = line[:4].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                if recipient in box.unknown:
                    self._say("550 nobody of that name")
                    continue
                box.recipients.append(recipient)
            if verb == "DATA":
                self._say("354 go on")
                box.messages.append(message_from_bytes(self._read_message()))
            self._say("250 tests")

    def _read_message(self) -> bytes:
        lines: list[bytes] = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _MailServer(socketserver.ThreadingTCPServer):
    """The server, with what it was given."""

    daemon_threads = True
    box = MailBox()


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    """Start an e-mail server on a port that was free."""
    with _MailServer(("127.0.0.1", 0), _Session) as server:
        box = server.box = MailBox(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield box
        server.shutdown()
        thread.join()
