"""What the overview is told: counts in the order of time and of the questionnaire, and no small ones of answers."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.desk.statistics import FEWEST, WEEKS, Statistics, measure_times, read_statistics
from app.questionnaire.model import Face
from app.storage.engine import begin_read
from app.storage.responses import ReviewStatus
from tests.desk.conftest import NOW, SPAN, Clinic


def read(clinic: Clinic, *, now: datetime = NOW, has_items: bool = True) -> Statistics:
    with begin_read(clinic.engine) as connection:
        return read_statistics(connection, clinic.desk, clinic.edition, zone=SPAN.zone, now=now, has_items=has_items)


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
