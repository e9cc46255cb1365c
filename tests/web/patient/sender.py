"""A visitor who sends, and the clinic's desk that opens what they sent."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from flask import Flask

from app.clinic.editions import EditionShelf
from app.clinic.profile import ClinicSettings, dump_settings
from app.desk.opening import OpenedVersion, open_version
from app.storage.clinic_settings import find_settings, save_settings
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse, find_response, list_versions
from app.storage.tables import RESPONSES
from app.vault.reference import parse_reference
from app.web.services import Services, get_services
from tests.web.patient.visitor import Document, Form, Visitor

Typed = Mapping[str, str | Sequence[str]]
SEND = "/share/send"
NEXT_YEAR = datetime.now(UTC).year + 1
"""The year of an appointment that is still to come: of one that is over, the page asks whether that is right."""
WHO: dict[str, str | Sequence[str]] = {
    "patient-name": "Zoë O’Test",
    "patient-birth-day": "3",
    "patient-birth-month": "May",
    "patient-birth-year": "1990",
    "consent-to-share": "agree",
}
FULL: dict[str, str | Sequence[str]] = {
    **WHO,
    "patient-phone": "555 0100",
    "patient-email": "zoe@example.test",
    "patient-appointment-day": "1",
    "patient-appointment-month": "12",
    "patient-appointment-year": f"{NEXT_YEAR}",
}


def find_services(app: Flask) -> Services:
    """Return what the application works with."""
    with app.app_context():
        return get_services()


def change_settings(app: Flask, settings: ClinicSettings) -> None:
    """Set up the clinic anew, as another process may."""
    services = find_services(app)
    with begin_write(services.engine) as connection:
        stored = find_settings(connection)
        seen = stored.revision if stored else 0
        save_settings(connection, dump_settings(settings), seen=seen, changed_by="somebody", now=services.now())
    services.keeper.forget()


def list_responses(app: Flask) -> list[StoredResponse]:
    """Return every response that is stored."""
    with begin_read(find_services(app).engine) as connection:
        references = connection.execute(RESPONSES.select()).mappings().all()
        found = [find_response(connection, row["reference"]) for row in references]
    return [response for response in found if response]


def open_all(app: Flask, reference: str) -> list[OpenedVersion]:
    """Return every version of a response, opened with the clinic's keys."""
    services = find_services(app)
    shelf = EditionShelf(services.engine)
    with begin_read(services.engine) as connection:
        versions = list_versions(connection, parse_reference(reference))
    return [open_version(services.desk, shelf.find, version) for version in versions]


def send(visitor: Visitor, typed: Typed = WHO, *, form: Form | None = None) -> Document:
    """Fill in the page that sends, and send it."""
    if form is None:
        visitor.get(SEND)
    return visitor.post(typed, form=form or visitor.find_form(SEND), action="send")


def answer(visitor: Visitor, address: str, typed: Typed) -> None:
    """Answer one page."""
    visitor.get(address)
    visitor.post(typed, form=visitor.find_form(address.partition("?")[0]))
