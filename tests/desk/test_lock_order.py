"""Who holds several responses holds them in one order, and the log last: on PostgreSQL nobody waits for each other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, update

from app.desk.intake import take_in_new
from app.desk.retention import purge_all
from app.storage.audit import AuditFilter, Event, append_event, count_entries, verify_log
from app.storage.engine import begin_read, begin_write
from app.storage.responses import erase_response, hold_responses
from app.storage.tables import RESPONSES
from app.storage.worklist import ResponseFilter, list_responses
from tests.desk.conftest import NOW, Clinic, open_clinic

SECONDS_TO_MEET = 1.0
PASSED = NOW + timedelta(days=400)

Work = Callable[[], object]


@pytest.fixture
def clinic(tmp_path: Path, postgres_url: str) -> Iterator[Clinic]:
    """Give a clinic on PostgreSQL in which all that came first has the greater reference."""
    for clinic in open_clinic(tmp_path, FOREWORD_DATABASE_URL=postgres_url):
        clinic.fill(6, has_reviews=False)
        with begin_write(clinic.engine) as connection:
            for number, reference in enumerate(sorted(list_references(clinic), reverse=True)):
                later = NOW - timedelta(days=9) + timedelta(minutes=number)
                values = {"received_at": later, "delete_at": later + timedelta(days=180), "taken_in": 0}
                connection.execute(update(RESPONSES).where(RESPONSES.c.reference == reference).values(values))
        yield clinic


def list_references(clinic: Clinic) -> list[str]:
    with begin_read(clinic.engine) as connection:
        return [one.reference for one in list_responses(connection, ResponseFilter(has_restricted=True), 100)]


def take_in(clinic: Clinic) -> None:
    take_in_new(clinic.engine, clinic.desk, clinic.find_edition, NOW)


def erase_some(clinic: Clinic) -> None:
    """Erase as the page for erasing does."""
    references = list_references(clinic)[::-1]
    with begin_write(clinic.engine) as connection:
        for one in hold_responses(connection, references):
            erase_response(connection, one.reference)
            done = Event(action="response.erased", actor="program", subject=one.reference)
            append_event(connection, clinic.desk.chain_key, done, NOW)


def purge(clinic: Clinic) -> None:
    purge_all(clinic.engine, clinic.desk.chain_key, PASSED, actor="program")


@contextmanager
def let_them_meet(engine: Engine) -> Iterator[threading.Event]:
    """Stop each thread that has its first row until another has one too, or waits for it; give who has the first."""
    has_first, meeting, known = threading.Event(), threading.Barrier(2), threading.local()

    def stop(_: object, __: object, statement: str, *___: object) -> None:
        is_row = "responses" in statement and (statement.startswith("UPDATE") or "FOR UPDATE" in statement)
        if is_row and not hasattr(known, "has_row"):
            known.has_row = True
            has_first.set()
            try:
                meeting.wait(SECONDS_TO_MEET)
            except threading.BrokenBarrierError:
                return  # the other one waits for this row: that is the order

    event.listen(engine, "after_cursor_execute", stop)
    try:
        yield has_first
    finally:
        event.remove(engine, "after_cursor_execute", stop)


PAIRS = [(take_in, erase_some), (erase_some, take_in), (take_in, purge), (purge, take_in), (erase_some, purge)]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda work: work.__name__)
def test_two_who_hold_the_same_responses_end_both(
    clinic: Clinic, first: Callable[[Clinic], None], second: Callable[[Clinic], None]
) -> None:
    with let_them_meet(clinic.engine) as has_first, ThreadPoolExecutor(2) as threads:
        one = threads.submit(first, clinic)
        assert has_first.wait(60)
        other = threads.submit(second, clinic)
        assert (one.result(60), other.result(60)) == (None, None)
    assert list_references(clinic) == []
    with begin_read(clinic.engine) as connection:
        assert count_entries(connection, AuditFilter()) > 0
        assert verify_log(connection, clinic.desk.chain_key) is None
