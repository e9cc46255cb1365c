"""What the overview is told: counts in the order of time and of the questionnaire, and no small ones of answers."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from app.desk.opening import open_newest
from app.desk.statistics import FEWEST, MOST_ASKED, WEEKS, Statistics, measure_times, read_statistics
from app.questionnaire.model import Face
from app.questionnaire.sent import list_other_than_no
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write
from app.storage.responses import ReviewStatus, erase_response
from app.storage.tables import RESPONSES
from app.storage.worklist import ResponseFilter, count_by_status, list_responses
from tests.desk.conftest import NOW, SPAN, Clinic


def read(clinic: Clinic, *, now: datetime = NOW, has_items: bool = True, most: int = MOST_ASKED) -> Statistics:
    with begin_read(clinic.engine) as connection:
        return read_statistics(
            connection, clinic.desk, clinic.edition, zone=SPAN.zone, now=now, has_items=has_items, most_asked=most
        )


def count_plainly(clinic: Clinic) -> dict[ReviewStatus, int]:
    with begin_read(clinic.engine) as connection:
        return count_by_status(connection)


def test_an_empty_clinic_has_one_week_and_no_times(clinic: Clinic) -> None:
    found = read(clinic)
    assert [(week.monday, week.count, week.is_present) for week in found.weeks] == [(date(2026, 6, 8), 0, True)]
    assert [(month.first, month.median, month.slow) for month in found.months] == [(date(2026, 6, 1), None, None)]
    assert all(count == 0 for _, count in found.states)
    assert all(item.count is None for item in found.items)
    assert found.editions == ()


def test_weeks_run_to_the_present_one_and_add_up(clinic: Clinic) -> None:
    clinic.fill(200)
    found = read(clinic)
    mondays = [week.monday for week in found.weeks]
    assert len(mondays) == WEEKS
    assert all(later - earlier == timedelta(days=7) for earlier, later in pairwise(mondays))
    assert [week.is_present for week in found.weeks] == [False] * (WEEKS - 1) + [True]
    assert found.received == sum(week.count for week in found.weeks) == 200
    assert sum(count for _, count in found.states) == 200


def test_every_response_that_is_kept_is_in_a_state_also_when_it_is_older_than_what_is_looked_at(clinic: Clinic) -> None:
    clinic.fill(200)
    counted = count_plainly(clinic)
    assert min(counted.values()) > 0
    for days in (0, 100, 400, -100):
        assert dict(read(clinic, now=NOW + timedelta(days=days)).states) == counted, days
    with begin_write(clinic.engine) as connection:
        (reference,) = connection.execute(
            select(RESPONSES.c.reference).where(RESPONSES.c.review_status == ReviewStatus.COMPLETED.value).limit(1)
        ).scalars()
        erase_response(connection, reference)
    counted[ReviewStatus.COMPLETED] -= 1
    found = read(clinic)
    assert dict(found.states) == counted
    assert (found.received, [one.count for one in found.editions]) == (199, [199])


def test_a_week_begins_at_midnight_of_the_clinics_monday(clinic: Clinic) -> None:
    sunday_night = datetime(2026, 6, 15, 4, 30, tzinfo=UTC)  # Monday in UTC, Sunday in Chicago
    assert read(clinic, now=sunday_night).weeks[-1].monday == date(2026, 6, 8)
    with begin_read(clinic.engine) as connection:
        found = read_statistics(
            connection, clinic.desk, clinic.edition, zone=ZoneInfo("UTC"), now=sunday_night, has_items=False
        )
    assert found.weeks[-1].monday == date(2026, 6, 15)


def test_times_are_of_what_is_reviewed(clinic: Clinic) -> None:
    clinic.fill(200)
    found = read(clinic)
    reviewed = dict(found.states)[ReviewStatus.COMPLETED]
    assert sum(month.count for month in found.months) == reviewed
    assert all(month.median <= month.slow for month in found.months if month.median and month.slow)
    assert measure_times([]) is None
    assert measure_times([timedelta(hours=3)]) == (timedelta(hours=3), timedelta(hours=3))


def test_answers_stand_in_questionnaire_order_and_small_counts_are_not_told(clinic: Clinic) -> None:
    clinic.fill(40)
    items = read(clinic).items
    screening = [item.link_id for item in clinic.edition.questions if item.face is Face.SCREENING]
    assert [one.item.link_id for one in items] == screening
    counts = [one.count for one in items if one.count is not None]
    assert counts
    assert min(counts) >= FEWEST
    assert None in [one.count for one in items]


def test_answers_are_counted_among_the_last_responses_and_no_more_of_them(clinic: Clinic) -> None:
    clinic.fill(40)
    screening = [item.link_id for item in clinic.edition.questions if item.face is Face.SCREENING]
    with begin_read(clinic.engine) as connection:
        last = list_responses(connection, ResponseFilter(is_newest_first=True, has_restricted=True), 20)
        opened = [open_newest(connection, clinic.desk, clinic.find_edition, one) for one in last]
    held = Counter(
        link_id for one in opened for link_id in list_other_than_no(clinic.edition, one.sent.response.answers)
    )
    expected = [held[link_id] if held[link_id] >= FEWEST else None for link_id in screening]
    assert [one.count for one in read(clinic, most=20).items] == expected
    assert [one.count for one in read(clinic, most=40).items] == [one.count for one in read(clinic).items]
    assert [one.count for one in read(clinic).items] != expected


def test_who_reads_no_answers_is_told_no_counts_of_them(clinic: Clinic) -> None:
    clinic.fill(40)
    assert read(clinic, has_items=False).items == ()


def test_drafts_are_told_only_of_pages_that_everybody_sees(clinic: Clinic) -> None:
    clinic.fill(40)
    pages = read(clinic).pages
    assert sum(one.count for one in pages) == 14
    assert not [one.page.link_id for one in pages if one.page.conditions]
    numbers = [one.page.number for one in pages]
    assert numbers == sorted(numbers)


def test_editions_in_use_are_named(clinic: Clinic) -> None:
    clinic.fill(10)
    assert [(one.edition.hash, one.count) for one in read(clinic).editions] == [(clinic.edition.hash, 10)]


def test_of_several_editions_each_has_its_own(clinic: Clinic) -> None:
    clinic.fill(60)
    older, unused = "0" * 64, "1" * 64
    with begin_write(clinic.engine) as connection:
        for edition_hash, days in ((older, 300), (unused, 200)):
            before = NOW - timedelta(days=days)
            record_edition(connection, edition_hash, "{}", language="en", title="Another", now=before)
        some = select(RESPONSES.c.reference).order_by(RESPONSES.c.received_at).limit(20)
        moved = list(connection.execute(some).scalars())
        connection.execute(update(RESPONSES).where(RESPONSES.c.reference.in_(moved)).values(edition_hash=older))
    found = {one.edition.hash: one.count for one in read(clinic).editions}
    assert found == {clinic.edition.hash: 40, older: 20}
    # Half a year on nobody is looked at, and the editions are still in use
    assert {one.count for one in read(clinic, now=NOW + timedelta(days=300)).editions} == {0}
