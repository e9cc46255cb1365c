"""A demonstration: made-up patients and staff leave what real ones would."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from app.desk.demo_plan import Act, plan_course
from app.desk.demonstration import DEMONSTRATION_STAFF
from app.desk.opening import OpenedVersion, open_newest, open_notes
from app.questionnaire.synthetic import Synthesizer
from app.storage.audit import AuditFilter, Entry, stream_entries, verify_log
from app.storage.draft_ends import list_draft_ends
from app.storage.engine import begin_read
from app.storage.people import list_people
from app.storage.responses import OPEN, ReviewStatus
from app.storage.tables import NOTES
from app.storage.tokens import list_untaken
from app.storage.worklist import ResponseFilter, count_by_status, list_responses
from tests.desk.conftest import NOW, SPAN, Clinic


def open_all(clinic: Clinic) -> Iterator[OpenedVersion]:
    with begin_read(clinic.engine) as connection:
        for response in list_responses(connection, ResponseFilter(), 1000):
            yield open_newest(connection, clinic.desk, clinic.find_edition, response)


def list_log(clinic: Clinic) -> list[Entry]:
    with begin_read(clinic.engine) as connection:
        return list(stream_entries(connection, AuditFilter()))


def test_every_response_opens_and_is_found(clinic: Clinic) -> None:
    assert clinic.fill(40) == 40
    assert len({opened.sent.patient.name for opened in open_all(clinic)}) > 20
    with begin_read(clinic.engine) as connection:
        assert list_untaken(connection, 1) == []


def test_the_same_seed_makes_the_same_people_once(clinic: Clinic) -> None:
    clinic.fill(12)
    assert clinic.fill(15) == 3
    assert clinic.fill(15) == 0
    patients = Synthesizer(clinic.edition, "1")
    expected = {patients.make(number, NOW.date()).patient.name for number in range(15)}
    assert {opened.sent.patient.name for opened in open_all(clinic)} == expected


def test_a_small_demonstration_has_something_in_every_state(clinic: Clinic) -> None:
    clinic.fill(24)
    with begin_read(clinic.engine) as connection:
        counts = count_by_status(connection)
    assert all(counts[status] for status in ReviewStatus), counts
    assert sum(counts[status] for status in ReviewStatus if status is not ReviewStatus.COMPLETED) < 12


def test_courses_run_forward_and_end_before_now() -> None:
    for number in range(300):
        steps = plan_course("1", number, SPAN)
        moments = [step.at for step in steps]
        assert steps[0].act is Act.SEND
        assert moments == sorted(moments)
        assert NOW - timedelta(days=176) < moments[0]
        assert moments[-1] <= NOW
        assert plan_course("1", number, SPAN) == steps


def test_there_are_notes_and_corrections_and_drafts_that_ended(clinic: Clinic) -> None:
    clinic.fill(80)
    assert any(opened.version == 2 for opened in open_all(clinic))
    with begin_read(clinic.engine) as connection:
        noted = list(connection.execute(select(NOTES.c.reference).distinct()).scalars())
        assert noted
        assert all(note and note.text for reference in noted for note in open_notes(connection, clinic.desk, reference))
        ends = list_draft_ends(connection, clinic.edition.hash)
    assert sum(ends.values()) == 28
    everybody = {page.number for page in clinic.edition.pages if not page.conditions}
    assert ends.keys() <= everybody


def test_the_log_grew_as_a_real_one_does_and_says_that_it_is_made_up(clinic: Clinic) -> None:
    clinic.fill(40)
    with begin_read(clinic.engine) as connection:
        assert verify_log(connection, clinic.desk.chain_key) is None
        people = {person.id: person for person in list_people(connection)}
    entries = list_log(clinic)[1:]  # the first is about the key
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert all(person.is_demonstration for person in people.values())
    assert {person.name for person in people.values()} <= {name for name, _ in DEMONSTRATION_STAFF.values()}
    for entry in entries:
        staff = entry.event.actor in people
        assert entry.event.origin == ("made up" if staff else ""), entry


def test_what_is_corrected_is_reviewed_again_and_nothing_old_lies_open(clinic: Clinic) -> None:
    clinic.fill(300)
    with begin_read(clinic.engine) as connection:
        waiting = list_responses(connection, ResponseFilter(statuses=OPEN), 1000)
    assert min(one.received_at for one in waiting) > NOW - timedelta(days=21)
