"""What is sealed and stored when a patient sends: all that they said on their path, and nothing in the open."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from app.clinic.editions import EditionShelf
from app.clinic.sending import PURPOSE, Submission, send_response
from app.questionnaire.answer import Answer, Coded, Number, Text
from app.questionnaire.edition import Edition
from app.questionnaire.sent import Patient, SentResponse, load_sent
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse, StoredVersion, list_versions
from app.vault import make_secret
from app.vault.keys import PrivateKey
from app.vault.letter import LetterError, find_key_id, open_letter

SECRET = make_secret()
ANSWERS: dict[str, Answer] = {
    "age": Number("34"),
    "heart-disease": Coded(("no",)),
    "heart-kind": Coded(("valve",)),
    "other-conditions": Text("\u202e and \U0001f600 stay"),
    "consent-to-share": Coded(("agree",)),
}
PATIENT = Patient(name="Zoë", birth=(1990, 2, 28), contact="555 0100", appointment=(2026, 12, 1))


def build(edition: Edition, version: int = 1) -> Submission:
    """Return what somebody sends."""
    return Submission(
        secret=SECRET,
        version=version,
        edition=edition,
        answers=ANSWERS,
        language="en",
        patient=PATIENT,
        consent="I agree.\nOnly staff.",
    )


def send(engine: Engine, key: PrivateKey, submission: Submission, now: datetime) -> tuple[StoredResponse, bool]:
    """Send it."""
    with begin_write(engine) as connection:
        return send_response(connection, key.public, submission, retention_days=30, now=now)


def find_version(engine: Engine, reference: str) -> StoredVersion:
    """Return the only version."""
    with begin_read(engine) as connection:
        (version,) = list_versions(connection, reference)
    return version


def open_version(key: PrivateKey, version: StoredVersion) -> SentResponse:
    """Open a version as the clinic does."""
    bound = (version.id, version.reference, version.edition_hash)
    return load_sent(open_letter({key.public.id: key}, version.sealed, PURPOSE, *bound))


def test_what_was_sent_opens_with_the_clinic_s_key(
    engine: Engine, key: PrivateKey, edition: Edition, now: datetime
) -> None:
    response, is_new = send(engine, key, build(edition), now)
    assert is_new
    assert response.delete_at == now + timedelta(days=30)
    sent = open_version(key, find_version(engine, response.reference))
    # D-5: what is off the path is named, and dropped
    assert sent.response.dropped == ("heart-kind",)
    kept = {link_id: answer for link_id, answer in ANSWERS.items() if link_id != "heart-kind"}
    assert dict(sent.response.answers) == kept
    assert sent.patient == PATIENT
    assert (sent.consent.text, sent.consent.agreed_at) == ("I agree.\nOnly staff.", now)
    assert sent.consent.edition == edition.hash
    assert sent.corrected_by is None


def test_a_version_opens_in_its_own_row_only(engine: Engine, key: PrivateKey, edition: Edition, now: datetime) -> None:
    response, _ = send(engine, key, build(edition), now)
    version = find_version(engine, response.reference)
    own = (version.id, version.reference, version.edition_hash)
    for place in range(3):
        moved = (*own[:place], "0" * len(own[place]), *own[place + 1 :])
        with pytest.raises(LetterError):
            open_letter({key.public.id: key}, version.sealed, PURPOSE, *moved)


def test_sending_again_seals_nothing_anew(engine: Engine, key: PrivateKey, edition: Edition, now: datetime) -> None:
    response, _ = send(engine, key, build(edition), now)
    before = find_version(engine, response.reference)
    assert send(engine, key, build(edition), now + timedelta(hours=1)) == (response, False)
    assert find_version(engine, response.reference) == before
    assert find_key_id(before.sealed) == key.public.id


def test_what_is_to_be_sent_shows_no_word_of_it_in_a_log(edition: Edition) -> None:
    shown = repr(build(edition))
    for word in ("Zoë", "555 0100", "lone surrogate"):
        assert word not in shown


def test_an_edition_is_found_as_it_was_and_another_is_not(engine: Engine, edition: Edition) -> None:
    shelf = EditionShelf(engine)
    found = shelf.find(edition.hash)
    assert found is not None
    assert (found.hash, list(found.items)) == (edition.hash, list(edition.items))
    assert shelf.find(edition.hash) is found
    assert shelf.find("0" * 64) is None
