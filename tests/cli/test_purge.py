"""`foreword purge`: what is due goes once, what is held stays."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.desk.keyring import read_desk
from app.settings import load_settings
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write, create_engine_for
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path)


def test_what_is_due_goes_and_the_second_time_nothing(lived: Lived) -> None:
    assert lived.run("purge").out == "0 responses were past their time and are erased.\n"
    lived.ask("UPDATE responses SET delete_at = '2020-01-01 00:00:00.000000'")
    lived.ask("UPDATE responses SET is_kept = 1 WHERE rowid = 1")
    [(unread,)] = lived.ask("SELECT count(*) FROM responses WHERE review_status = 'requested' AND is_kept = 0")
    tried = lived.run("purge", "--dry-run")
    kept = "1 more are under a legal hold and stay"
    assert tried.out == f"7 responses are past their time and would be erased; {kept}.\n"
    assert len(lived.list_references()) == 8
    purged = lived.run("purge")
    assert purged.out == f"7 responses were past their time and are erased; {kept}.\n"
    assert purged.err == "Erasing: 7 of 7\n"
    assert lived.run("purge").out.startswith("0 responses were past their time")
    [(about,)] = lived.ask("SELECT about FROM audit_entries WHERE action = 'responses.purged'")
    assert about == f'{{"count":7,"unread":{unread}}}'
    assert len(lived.list_references()) == 1


def test_by_a_clock_that_leapt_it_erases_nothing_unless_it_is_told_that_the_clock_is_right(lived: Lived) -> None:
    settings = load_settings(lived.environ)
    engine = create_engine_for(settings.database_url)
    with begin_write(engine) as connection:
        event = Event(action="list.viewed", actor="x")
        append_event(connection, read_desk(settings).chain_key, event, datetime(2020, 1, 1, tzinfo=UTC))
    engine.dispose()
    lived.ask("UPDATE responses SET delete_at = '2020-01-01 00:00:00.000000'")
    assert "nothing is erased" in lived.run("doctor", "--offline", FOREWORD_DEMO="").out
    refused = lived.run("purge")
    assert (refused.code, refused.out) == (2, "")
    assert "if it is right: foreword purge --clock-is-right" in refused.err
    assert len(lived.list_references()) == 8
    assert lived.run("purge", "--clock-is-right").out == "8 responses were past their time and are erased.\n"
    assert "nothing is erased" not in lived.run("doctor", "--offline", FOREWORD_DEMO="").out
    assert lived.run("purge").code == 0
