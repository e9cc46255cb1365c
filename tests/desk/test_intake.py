"""Intake: what came in is found by name, whatever else lies there; what waits for a key is taken in later."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from app.clinic.sending import Submission, send_response
from app.desk.intake import name_words, take_in_new
from app.desk.keyring import FOLDER, name_response_key
from app.desk.rotation import make_newest_key
from app.questionnaire.sent import Patient
from app.storage.audit import AuditFilter, stream_entries
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse
from app.storage.tables import RESPONSE_VERSIONS
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.codes import make_secret
from tests.desk.conftest import NOW, Clinic


def send(clinic: Clinic, name: str, minutes: int = 0, edition_hash: str = "") -> StoredResponse:
    """Have somebody of this name send, so many minutes from now."""
    edition = replace(clinic.edition, hash=edition_hash) if edition_hash else clinic.edition
    submission = Submission(
        secret=make_secret(),
        version=1,
        edition=edition,
        answers={},
        language="en",
        patient=Patient(name=name),
        consent="Yes.",
    )
    with begin_write(clinic.engine) as connection:
        key = find_newest_key(connection)
        assert key is not None
        stored, _ = send_response(connection, key, submission, retention_days=30, now=NOW + timedelta(minutes=minutes))
    return stored


def find(clinic: Clinic, name: str) -> list[str]:
    """Return the references that are found by a name."""
    with begin_read(clinic.engine) as connection:
        found = list_responses(connection, ResponseFilter(tokens=name_words(clinic.desk, name)))
    return [response.reference for response in found]


def test_what_is_sealed_to_a_key_that_is_not_here_yet_waits_for_it_and_keeps_nothing_else_waiting(
    any_clinic: Clinic,
) -> None:
    # Given another machine of the clinic that made a new key, which two patients' responses are sealed to
    later = send(any_clinic, "Ann Before", minutes=5)
    new = make_newest_key(any_clinic.engine, any_clinic.settings, any_clinic.desk, NOW, actor="command line")
    waiting = [send(any_clinic, "Ann Waiting", minutes) for minutes in (1, 2)]
    # When this machine, to which the key was not copied yet, takes in one at a time
    here = replace(any_clinic.desk, keys={key: one for key, one in any_clinic.desk.keys.items() if key != new.id})
    taken = [take_in_new(any_clinic.engine, here, any_clinic.find_edition, NOW, limit=1) for _ in range(3)]
    # Then what it can open is found, and the others stand in the list and are not taken in
    assert taken == [1, 0, 0]
    assert find(any_clinic, "Before") == [later.reference]
    assert find(any_clinic, "Waiting") == []
    with begin_read(any_clinic.engine) as connection:
        listed = {response.reference: response.taken_in for response in list_responses(connection, ResponseFilter())}
    assert listed == {later.reference: 1, **{response.reference: 0 for response in waiting}}
    # And when it has the key's file they are found by name
    assert (any_clinic.settings.data / FOLDER / name_response_key(new.id)).exists()
    assert take_in_new(any_clinic.engine, any_clinic.desk, any_clinic.find_edition, NOW) == 2
    assert find(any_clinic, "Waiting") == [response.reference for response in waiting]


def test_what_is_sealed_to_a_key_that_nobody_ever_had_is_told_once(any_clinic: Clinic) -> None:
    stored = send(any_clinic, "Ann Forged")
    with begin_write(any_clinic.engine) as connection:
        connection.execute(
            update(RESPONSE_VERSIONS)
            .where(RESPONSE_VERSIONS.c.reference == stored.reference)
            .values(sealed=b"\x01" + b"\xee" * 300)
        )
    assert take_in_new(any_clinic.engine, any_clinic.desk, any_clinic.find_edition, NOW) == 1
    assert take_in_new(any_clinic.engine, any_clinic.desk, any_clinic.find_edition, NOW) == 0
    with begin_read(any_clinic.engine) as connection:
        [entry] = stream_entries(connection, AuditFilter(action="response.received"))
    assert (entry.event.subject, entry.event.outcome) == (stored.reference, "unreadable")
