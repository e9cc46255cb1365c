"""Patients who have sent, without walking the form: it is completed, sealed and stored as the pages do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Flask

from app.clinic.sending import Submission, send_response
from app.questionnaire.answer import Answer, Coded, Number, Text
from app.questionnaire.sent import Day, Patient
from app.storage.audit import AuditFilter, Entry, list_entries
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse, find_response
from app.vault import make_secret
from app.vault.reference import format_reference, parse_reference
from app.web.services import Services, get_services
from tests.web.patient.conftest import Clock

CONSENT = "I agree that the clinic may read this."
ANSWERS: Mapping[str, Answer] = {
    "age": Number("36"),
    "heart-disease": Coded(("no",)),
    "suicidal-thoughts": Coded(("no",)),
    "questions-for-doctor": Text("Is it <b>safe</b> with “tea” & coffee?\nתמר"),
}


@dataclass
class Sender:
    """Somebody who sends to the clinic of an application; a second after the one before."""

    app: Flask
    clock: Clock
    name: str = "Ana María Ruiz"
    birth: Day | None = (1990, 5, 3)
    answers: Mapping[str, Answer] = field(default_factory=lambda: dict(ANSWERS))
    contact: str = "ana@example.org"
    secret: bytes = field(default_factory=make_secret)
    version: int = 0

    def send(self, **changed: Answer) -> str:
        """Send the next version, with other answers where given, and return the reference as people read it."""
        self.version += 1
        self.answers = {**self.answers, **{name.replace("_", "-"): answer for name, answer in changed.items()}}
        services = find_services(self.app)
        with self.app.app_context():
            edition = services.editions.get_newest().edition
            key = services.keeper.get().key
        assert key is not None
        patient = Patient(name=self.name, birth=self.birth, contact=self.contact, appointment=(2027, 1, 9))
        submission = Submission(
            secret=self.secret,
            version=self.version,
            edition=edition,
            answers=self.answers,
            language="en",
            patient=patient,
            consent=CONSENT,
        )
        with begin_write(services.engine) as connection:
            stored, _ = send_response(connection, key, submission, retention_days=30, now=self.clock.now)
        self.clock.advance(seconds=1)
        return format_reference(stored.reference)


def find_services(app: Flask) -> Services:
    """Return the services of an application."""
    with app.app_context():
        return get_services()


def find_stored(app: Flask, reference: str) -> StoredResponse | None:
    """Return how a response stands in the database."""
    with begin_read(find_services(app).engine) as connection:
        return find_response(connection, parse_reference(reference))


def read_log(app: Flask, reference: str = "", action: str = "") -> list[Entry]:
    """Return the entries of the log about a response, or of one kind, the oldest first."""
    wanted = AuditFilter(subject=parse_reference(reference) if reference else "", action=action)
    with begin_read(find_services(app).engine) as connection:
        return list_entries(connection, wanted, 500)[::-1]


def list_acts(app: Flask, reference: str) -> list[tuple[str, str]]:
    """Return what was done to a response and how it ended, the oldest first."""
    return [(entry.event.action, entry.event.outcome) for entry in read_log(app, reference)]
