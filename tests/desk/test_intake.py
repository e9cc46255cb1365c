"""Intake: what came in is found by name, whatever else lies there; what waits for a key is taken in later."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from app.clinic.editions import EditionShelf
from app.clinic.sending import Submission, send_response
from app.desk.intake import name_words, take_in_new
from app.desk.keyring import FOLDER, name_response_key
from app.desk.rotation import make_newest_key
from app.questionnaire.edition import Edition
from app.questionnaire.sent import Patient
from app.storage.audit import AuditFilter, stream_entries
from app.storage.clinic_keys import find_newest_key
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write, create_engine_for
from app.storage.gauges import read_gauges
from app.storage.responses import StoredResponse
from app.storage.tables import RESPONSE_VERSIONS, RESPONSES
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.codes import make_secret
from tests.desk.conftest import NOW, Clinic, open_clinic
from tests.desk.test_doctor import find as tell


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
    assert list_taken_in(any_clinic) == {later.reference: 1, **{response.reference: 0 for response in waiting}}
    # And where the doctor does not find the file either, it says what they wait for
    path = any_clinic.settings.data / FOLDER / name_response_key(new.id)
    path.rename(path.with_suffix(".away"))
    [told] = tell(any_clinic, "Intake", days=1)
    assert told == (
        "intake: a response sent at 2026-06-10 18:31 UTC waits for its key; "
        "put the key back that the part Keys names: it is taken in within seconds, and found by name then"
    )
    path.with_suffix(".away").rename(path)
    # And when it has the key's file they are found by name
    assert take_in_new(any_clinic.engine, any_clinic.desk, any_clinic.find_edition, NOW) == 2
    assert find(any_clinic, "Waiting") == [response.reference for response in waiting]


def take_in_all(clinic: Clinic) -> int:
    """Take in as a running server does, until nothing is left, and return in how many rounds."""
    shelf = EditionShelf(clinic.engine)
    for taken in range(10):
        if not take_in_new(clinic.engine, clinic.desk, shelf.find, NOW, limit=1):
            return taken
    raise AssertionError("it never ends")


@pytest.mark.parametrize("canonical", ["{}", "[", "no JSON", '{"format":1,"questionnaire":{"newer":1}}'])
def test_what_only_a_newer_program_can_read_waits_for_it_and_keeps_no_other_response_waiting(
    any_clinic: Clinic, canonical: str
) -> None:
    # Given responses of two editions that this program cannot read, as in the middle of an update
    waiting = []
    for minutes, letter in enumerate("fe"):
        with begin_write(any_clinic.engine) as connection:
            record_edition(connection, letter * 64, canonical, language="en", title="Newer", now=NOW)
        waiting.append(send(any_clinic, "Ann Newer", minutes, edition_hash=letter * 64))
    ours = send(any_clinic, "Ann Ours", minutes=2)
    # When it takes in one at a time
    assert take_in_all(any_clinic) == 1
    # Then what it can read is found, and nothing is told of the others, which stand in the list
    assert find(any_clinic, "Ours") == [ours.reference]
    assert list_outcomes(any_clinic) == {ours.reference: "done"}
    assert list_taken_in(any_clinic) == {ours.reference: 1, **{one.reference: 0 for one in waiting}}
    # And the doctor and the numbers tell of them
    [told] = tell(any_clinic, "Intake", days=1)
    assert told == (
        "intake: a response sent at 2026-06-10 18:30 UTC is of an edition that this program cannot read; update this "
        "program, and it is found by name; if it is the newest one, see “edition not read” in the log"
    )
    assert count_untaken(any_clinic) == (2, NOW)
    # And a program that can read them takes them in
    newer = {letter * 64: replace(any_clinic.edition, hash=letter * 64) for letter in "fe"}
    assert take_in_new(any_clinic.engine, any_clinic.desk, newer.get, NOW) == 2
    assert find(any_clinic, "Newer") == [one.reference for one in waiting]
    assert list_outcomes(any_clinic) == dict.fromkeys(list_taken_in(any_clinic), "done")
    assert count_untaken(any_clinic) == (0, None)


def list_taken_in(clinic: Clinic) -> dict[str, int]:
    """Return which version of each response in the list was taken in; 0 where none was."""
    with begin_read(clinic.engine) as connection:
        return {response.reference: response.taken_in for response in list_responses(connection, ResponseFilter())}


def count_untaken(clinic: Clinic) -> tuple[int, datetime | None]:
    """Return how many wait, as the numbers tell it, and since when."""
    with begin_read(clinic.engine) as connection:
        gauges = read_gauges(connection, NOW)
    return gauges.untaken, gauges.untaken_since


@pytest.mark.parametrize("strange", [{"version": 0}, {"version": -1}, {"review_status": "x"}])
def test_a_row_that_this_program_never_writes_is_no_response_to_take_in(
    any_clinic: Clinic, strange: dict[str, object]
) -> None:
    # Given a row as the database user of patients' pages may add it
    odd, ours = send(any_clinic, "Ann Odd"), send(any_clinic, "Ann Ours", minutes=1)
    with begin_write(any_clinic.engine) as connection:
        connection.execute(update(RESPONSES).where(RESPONSES.c.reference == odd.reference).values(**strange))
    # Then whatever is tried, the other one is taken in, and nothing is told again and again
    assert take_in_all(any_clinic) == 1
    assert find(any_clinic, "Ours") == [ours.reference]
    assert list_outcomes(any_clinic) == {ours.reference: "done"}
    assert count_untaken(any_clinic) == (0, None)


def list_outcomes(clinic: Clinic) -> dict[str, str]:
    """Return how it went with each response that was received, by reference; one entry each."""
    with begin_read(clinic.engine) as connection:
        entries = list(stream_entries(connection, AuditFilter(action="response.received")))
    outcomes = {entry.event.subject: entry.event.outcome for entry in entries}
    assert len(outcomes) == len(entries)
    return outcomes


def test_what_is_sealed_to_a_key_that_nobody_ever_had_is_told_once(any_clinic: Clinic) -> None:
    stored = send(any_clinic, "Ann Forged")
    with begin_write(any_clinic.engine) as connection:
        connection.execute(
            update(RESPONSE_VERSIONS)
            .where(RESPONSE_VERSIONS.c.reference == stored.reference)
            .values(sealed=b"\x01" + b"\xee" * 300)
        )
    assert take_in_all(any_clinic) == 1
    assert list_outcomes(any_clinic) == {stored.reference: "unreadable"}


def test_what_the_database_failed_at_is_taken_in_once_it_works(any_clinic: Clinic) -> None:
    # Given a database of which a part does not answer: it is met after the list of what came in was read
    sent = [send(any_clinic, f"Ann {who}", minutes) for minutes, who in enumerate(("First", "Second"))]
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE response_versions RENAME TO away"))
    for _ in range(2):
        with pytest.raises(DBAPIError, match="response_versions"):
            take_in_new(any_clinic.engine, any_clinic.desk, any_clinic.find_edition, NOW)
    # Then nothing is told of any of them, and each is found once the database works
    assert list_outcomes(any_clinic) == {}
    with begin_write(any_clinic.engine) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO response_versions"))
    assert take_in_all(any_clinic) == 2
    assert find(any_clinic, "Ann") == [response.reference for response in sent]
    assert list_outcomes(any_clinic) == dict.fromkeys((response.reference for response in sent), "done")


def test_what_a_server_that_went_away_was_asked_for_is_taken_in_by_the_next_one(
    tmp_path: Path, postgres_url: str
) -> None:
    for clinic in open_clinic(tmp_path, FOREWORD_DATABASE_URL=postgres_url):
        sent = send(clinic, "Ann Cut")
        shelf = EditionShelf(clinic.engine)

        def cut(edition_hash: str, clinic: Clinic = clinic, shelf: EditionShelf = shelf) -> Edition | None:
            end_all_others(clinic.engine)  # the intake's own connection among them: it asks once more
            return shelf.find(edition_hash)

        with pytest.raises(OperationalError):
            take_in_new(clinic.engine, clinic.desk, cut, NOW)
        assert list_outcomes(clinic) == {}
        assert take_in_new(clinic.engine, clinic.desk, shelf.find, NOW) == 1
        assert find(clinic, "Cut") == [sent.reference]
        assert list_outcomes(clinic) == {sent.reference: "done"}


def end_all_others(engine: Engine) -> None:
    """Have PostgreSQL end every connection to a database but the one that says so."""
    other = create_engine_for(engine.url.render_as_string(hide_password=False))
    with begin_write(other) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.dispose()
