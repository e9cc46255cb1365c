"""What patients have sent to a running server, without walking its form: sealed and stored in its database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.clinic.sending import Submission, send_response
from app.questionnaire.answer import Answer
from app.questionnaire.sent import Day, Patient
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_write, create_engine_for
from app.vault import make_secret
from app.vault.reference import format_reference
from tests.browser.patient import load_edition
from tests.support.server import Server
from tests.web.clinic.sender import ANSWERS, CONSENT

_DATABASE = "foreword.sqlite3"


@dataclass
class Correspondent:
    """Somebody who sends to a server, as often as they are told to."""

    server: Server
    name: str = "Ana María Ruiz"
    birth: Day = (1990, 5, 3)
    answers: Mapping[str, Answer] = field(default_factory=lambda: dict(ANSWERS))
    secret: bytes = field(default_factory=make_secret)
    version: int = 0

    def send(self, **changed: Answer) -> str:
        """Send the next version, with other answers where given, and return the reference."""
        self.version += 1
        self.answers = {**self.answers, **{name.replace("_", "-"): answer for name, answer in changed.items()}}
        engine = create_engine_for(f"sqlite:///{self.server.data / _DATABASE}")
        with begin_write(engine) as connection:
            key = find_newest_key(connection)
            assert key is not None
            submission = Submission(
                secret=self.secret,
                version=self.version,
                edition=load_edition(),
                answers=self.answers,
                language="en",
                patient=Patient(name=self.name, birth=self.birth, contact="ana@example.org", appointment=(2027, 1, 9)),
                consent=CONSENT,
            )
            stored, _ = send_response(connection, key, submission, retention_days=30, now=datetime.now(UTC))
        engine.dispose()
        return format_reference(stored.reference)


def let_sessions_rest(server: Server, minutes: int = 16) -> None:
    """Have everybody's session on a server rest for so long."""
    then = datetime.now(UTC) - timedelta(minutes=minutes)
    with closing(sqlite3.connect(server.data / _DATABASE, timeout=60)) as database, database:
        database.execute("UPDATE staff_sessions SET used_at = ?", (then.strftime("%Y-%m-%d %H:%M:%S.%f"),))
