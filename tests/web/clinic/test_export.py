"""The export page: by default it gives out least and says what stays out; its file can be told from a part of one."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.questionnaire.model import Sensitive
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role, change_roles, find_person_by_login
from app.storage.tables import RESPONSE_VERSIONS
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.filled import fill, reach_services
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor

ADDRESS = "/clinic/export"


def ask(visitor: Visitor, chosen: Mapping[str, Sequence[str]] | None = None, *, is_read: bool = True) -> TestResponse:
    """Send the form; where the file is not read at once, whoever asks closes it."""
    visitor.get(ADDRESS)
    form = visitor.find_form(ADDRESS)
    fields = {**form.fields, **(chosen or {})}
    headers = {"Sec-Fetch-Site": "same-origin", "Referer": ORIGIN}
    return visitor.client.post(ADDRESS, base_url=ORIGIN, data=fields, headers=headers, buffered=is_read)


def read_lines(answer: TestResponse) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline=""), strict=True))


def test_the_file_comes_as_a_download_that_nothing_keeps(app: Flask, sign_in: SignIn) -> None:
    fill(app, 30)
    answer = ask(sign_in(Role.REVIEWER))
    lines = read_lines(answer)
    assert lines[-1][:2] == ["#rows", "30"]
    assert len(lines) == 33
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=foreword-responses-")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in answer.headers


def test_what_is_not_ticked_stays_out(app: Flask, sign_in: SignIn) -> None:
    fill(app, 5)
    reviewer = sign_in(Role.REVIEWER)
    least = ask(reviewer)
    assert "Test " not in least.get_data(as_text=True)
    keys = read_lines(least)[0]
    assert "response.name" not in keys
    assert "alcohol-use" not in keys
    most = read_lines(ask(reviewer, {"include": ["identity", *Sensitive]}))
    assert {"response.name", "alcohol-use", "pregnancy"} <= set(most[0])
    assert all(line[most[0].index("response.name")].startswith("Test ") for line in most[2:-1])
    bare = read_lines(ask(reviewer, {"leave-out": ["own-words"]}))[0]
    assert "other-conditions" in keys
    assert "other-conditions" not in bare


def test_other_kinds_of_file(app: Flask, sign_in: SignIn) -> None:
    fill(app, 3)
    reviewer = sign_in(Role.REVIEWER)
    assert ask(reviewer, {"form": ["csv-excel"]}).get_data().startswith(b"\xef\xbb\xbfresponse.reference")
    lines = ask(reviewer, {"form": ["json-lines"]}).get_data(as_text=True).splitlines()
    assert json.loads(lines[-1]) == {"rows": 3}
    dictionary = read_lines(ask(reviewer, {"form": ["dictionary"]}))
    assert dictionary[0][:2] == ["key", "question"]


def test_filters_narrow(app: Flask, sign_in: SignIn) -> None:
    fill(app, 30)
    reviewer = sign_in(Role.REVIEWER)
    lines = read_lines(ask(reviewer, {"state": ["new", "needs-call"]}))
    assert {line[4] for line in lines[2:-1]} == {"new", "needs-call"}
    assert read_lines(ask(reviewer, {"until": ["1999-12-31"]}))[-1][:2] == ["#rows", "0"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"since": ["soon"]}, "Enter the day as year, month, and day"),
        ({"since": ["0001-01-01"]}, "Enter the day as year, month, and day"),
        ({"until": ["9999-12-31"]}, "Enter the day as year, month, and day"),
        ({"since": ["2026-05-03"], "until": ["2026-05-02"]}, "Choose a last day that is not before the first"),
        ({"edition": ["nonsense"]}, "Choose one from the list"),
        ({"state": ["nonsense"]}, "Choose one from the list"),
        ({"form": ["xlsx"]}, "Choose one from the list"),
    ],
)
def test_nonsense_is_told_and_never_widens_what_was_asked_for(
    sign_in: SignIn, wrong: dict[str, list[str]], sentence: str
) -> None:
    answer = ask(sign_in(Role.REVIEWER), {"include": ["identity"], **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "<title>Error: Export" in page
    # Each fault is tied to the boxes that it is about
    (problem,) = re.findall(r'<p class="problem" id="([^"]+)"', page)
    assert f'aria-describedby="{problem}"' in page
    assert 'value="identity" checked' in page


def test_the_page_names_the_questions_that_stay_out(sign_in: SignIn) -> None:
    page = sign_in(Role.REVIEWER).get(ADDRESS)
    for label in ("Past alcohol or drug problems", "Breastfeeding or chestfeeding"):
        assert label in page.text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_nobody_but_a_reviewer_exports(sign_in: SignIn, role: Role) -> None:
    somebody = sign_in(role)
    assert somebody.get(ADDRESS).title.startswith("This page is not")
    form = somebody.find_form("/clinic/sign-out")
    answer = somebody.client.post(
        ADDRESS,
        base_url=ORIGIN,
        data={**form.fields, "form": "csv"},
        headers={"Sec-Fetch-Site": "same-origin", "Referer": ORIGIN},
    )
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"


def test_an_export_is_accounted_for_before_it_leaves_and_at_its_end(app: Flask, sign_in: SignIn, clock: Clock) -> None:
    fill(app, 4)
    reviewer = sign_in(Role.REVIEWER)
    answer = ask(reviewer, is_read=False)
    with begin_read(reach_services(app).engine) as connection:
        (begun,) = list_entries(connection, AuditFilter(action="export.made"))
    assert (begun.event.outcome, begun.event.about["rows"]) == ("begun", 4)
    answer.get_data()
    clock.advance(seconds=3)
    answer.close()
    with begin_read(reach_services(app).engine) as connection:
        done, _ = list_entries(connection, AuditFilter(action="export.made"))
    assert (done.event.outcome, done.event.about["rows"]) == ("done", 4)


def test_one_export_is_made_at_a_time_and_whoever_comes_second_is_told(app: Flask, sign_in: SignIn) -> None:
    fill(app, 4)
    first, second = sign_in(Role.REVIEWER), sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    running = ask(first, is_read=False)
    refused = ask(second, {"include": ["identity"]})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert "Another export is being made." in refused.get_data(as_text=True)
    assert 'value="identity" checked' in refused.get_data(as_text=True)
    running.close()
    assert ask(second).status_code == 200


def read_endings(app: Flask) -> list[str]:
    """Return how each export stands in the log, the newest first."""
    with begin_read(reach_services(app).engine) as connection:
        return [entry.event.outcome for entry in list_entries(connection, AuditFilter(action="export.made"))]


def test_an_export_that_is_never_read_ends_as_cut_off(app: Flask, sign_in: SignIn) -> None:
    fill(app, 4)
    reviewer = sign_in(Role.REVIEWER)
    ask(reviewer, is_read=False).close()
    assert read_endings(app) == ["cut-off", "begun"]
    assert ask(reviewer).status_code == 200


def test_an_export_whose_answer_breaks_before_it_begins_keeps_nobody_from_the_next(app: Flask, sign_in: SignIn) -> None:
    # Given somebody whose session is to get another id, and a database that fails at that, after the view
    fill(app, 4)
    lead, engine = sign_in(Role.REVIEWER, Role.ADMINISTRATOR), reach_services(app).engine
    lead.get(ADDRESS)
    form = lead.find_form(ADDRESS)
    with begin_write(engine) as connection:
        person = find_person_by_login(connection, "lead@demonstration.invalid")
        assert person is not None
        change_roles(connection, person.id, frozenset(Role))
        stop = "CREATE TRIGGER stop BEFORE INSERT ON staff_sessions BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.exec_driver_sql(stop)
    # When they make an export
    broken = lead.client.post(ADDRESS, base_url=ORIGIN, data=form.fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert broken.status_code >= 500
    # Then it has ended, and the next one is made
    assert read_endings(app) == ["cut-off", "begun"]
    with begin_write(engine) as connection:
        connection.exec_driver_sql("DROP TRIGGER stop")
    assert ask(lead).status_code == 200


def test_what_does_not_open_breaks_no_download(app: Flask, sign_in: SignIn) -> None:
    fill(app, 3)
    with begin_write(reach_services(app).engine) as connection:
        connection.execute(update(RESPONSE_VERSIONS).values(sealed=b"x" * 99))
    lines = read_lines(ask(sign_in(Role.REVIEWER)))
    assert {line[-1] for line in lines[2:-1]} == {"unreadable"}
    assert lines[-1][:2] == ["#rows", "3"]
