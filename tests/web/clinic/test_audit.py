"""The audit log's page: who may read it, what it finds, that it proves itself, and what it gives out."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.storage.audit import AuditFilter, Event, append_event, append_events, list_entries
from app.storage.engine import begin_read, begin_write, checkpoint
from app.storage.people import Role
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn, make_app
from tests.web.clinic.staff import sign_in as sign_in_as
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Document, Visitor

NOW = datetime(2026, 6, 10, tzinfo=UTC)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return get_services().engine


@pytest.fixture
def auditor(sign_in: SignIn) -> Visitor:
    return sign_in(Role.AUDITOR)


def read_actions(engine: Engine) -> list[str]:
    with begin_read(engine) as connection:
        return list(connection.execute(text("SELECT action FROM audit_entries ORDER BY number")).scalars())


def test_an_auditor_and_an_administrator_read_it_and_a_reviewer_does_not(sign_in: SignIn) -> None:
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        assert sign_in(role).get("/clinic/audit").title.startswith("Audit log")
    assert sign_in(Role.REVIEWER).get("/clinic/audit").title.startswith("This page is not")


def test_people_are_named_and_looking_is_one_entry(engine: Engine, auditor: Visitor) -> None:
    before = len(read_actions(engine))
    text_shown = auditor.get("/clinic/audit").text
    assert "Demonstration auditor" in text_shown
    assert "person.signed-in" in text_shown
    assert read_actions(engine)[before:] == ["audit.viewed"]


def test_states_reasons_settings_and_refused_pages_are_called_what_the_pages_call_them(
    engine: Engine, auditor: Visitor
) -> None:
    auditor.client.get("/clinic/export", base_url="https://forms.example.test")
    told: list[tuple[str, dict[str, str | int]]] = [
        ("list.viewed", {"by": "", "states": "requested in-progress on-hold", "rows": 2}),
        ("response.erased", {"reason": "patient-asked"}),
        ("settings.changed", {"fields": "name retention_days"}),
    ]
    with begin_write(engine) as connection:
        for action, about in told:
            append_event(connection, b"k" * 32, Event(action=action, actor="nobody", about=about), NOW)
    html = auditor.get("/clinic/audit").text
    for words in (
        "rows: 2, states: New, In review, Needs a call",
        "reason: The patient asked for it",
        "fields: clinic’s name, days until a form is deleted",
    ):
        assert words in html
    assert "show_export" not in html
    assert "by: ," not in html
    assert auditor.last is not None
    assert ">Export</td>" in auditor.last.text


def test_moments_stand_as_on_the_other_pages_and_in_utc_as_in_the_file(engine: Engine, auditor: Visitor) -> None:
    with begin_write(engine) as connection:
        append_event(connection, b"k" * 32, Event(action="list.viewed", actor="nobody"), NOW)
    auditor.get("/clinic/audit?action=list.viewed")
    assert auditor.last is not None
    assert re.findall(r"<td[^>]*>([^<]*2026[^<]*)</td>", auditor.last.text) == [
        "Jun 9, 2026, 7:00\u202fPM",
        "2026-06-10 00:00:00",
    ]


def ask(auditor: Visitor, **typed: str) -> Document:
    auditor.get("/clinic/audit")
    return auditor.post(typed, form=auditor.find_form("/clinic/audit"))


def test_filters_narrow_it_and_stay_in_the_address(engine: Engine, auditor: Visitor) -> None:
    shown = ask(auditor, action="person.signed-in", since="2020-01-01", until="2099-01-01", reference=" 777777777h ")
    assert auditor.last is not None
    assert auditor.last.request.query_string.decode() == (
        "action=person.signed-in&reference=77777-7777H&since=2020-01-01&until=2099-01-01"
    )
    assert "0 entries fit." in shown.text
    shown = ask(auditor, action="person.signed-in", since="2020-01-01", until="2099-01-01")
    assert "1 entry fits." in shown.text
    assert "0 entries fit." in auditor.get("/clinic/audit?action=person.signed-in&until=2020-01-01").text
    assert "0 entries fit." in auditor.get("/clinic/audit?reference=77777-7777H").text
    assert '"filters":1' in _read_last_about(engine)


def _read_last_about(engine: Engine) -> str:
    with begin_read(engine) as connection:
        last = connection.execute(text("SELECT about FROM audit_entries ORDER BY number DESC LIMIT 1")).scalar_one()
        return str(last)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("reference", "Check the reference"),
        ("since", "Enter a day as year"),
        ("until", "Enter a day as year"),
        ("person", "Choose somebody from the list"),
        ("action", "Choose from the list what was done"),
    ],
)
def test_what_cannot_be_read_is_told_and_kept_and_in_no_address(
    engine: Engine, auditor: Visitor, name: str, sentence: str
) -> None:
    ask(auditor, **{name: "CANARY-7731!"})
    assert auditor.status == 422
    assert auditor.last is not None
    assert not [one for one in (*auditor.document.links, auditor.last.request.url) if "CANARY" in one]
    assert auditor.document.text.count(sentence) == 2
    if name not in {"person", "action"}:  # what is chosen from
        assert auditor.find_form("/clinic/audit").fields[name] == ["CANARY-7731!"]
    assert "CANARY" not in _read_last_about(engine)


ODD = (
    ("before=1e30", 404),
    (f"before={10**30}", 404),
    ("before=-1", 404),
    ("before=%00", 404),
    ("since=0001-01-01", 404),
    ("until=9999-12-31", 404),
    ("until=2026-02-30", 404),
    ("until=2999-12-31", 200),
    ("person=%00", 404),
    ("person=a%00b", 404),
    ("action=%00", 404),
    ("reference=%00", 404),
    ("before=2147483647", 200),
)


@pytest.mark.parametrize("is_on_postgres", [False, True])
def test_no_address_breaks_it(tmp_path: Path, clock: Clock, postgres_url: str, *, is_on_postgres: bool) -> None:
    place = {"DATABASE_URL": postgres_url} if is_on_postgres else {}
    app = make_app(tmp_path, clock, DEMO="1", **place)
    try:
        auditor = sign_in_as(app, Role.AUDITOR)
        for query, status in ODD:
            auditor.get(f"/clinic/audit?{query}")
            assert (query, auditor.status) == (query, status)
    finally:
        with app.app_context():
            get_services().engine.dispose()


def test_of_many_entries_it_says_that_there_are_more(engine: Engine, auditor: Visitor) -> None:
    with begin_write(engine) as connection:
        for _ in range(1_000):
            append_event(connection, b"k" * 32, Event(action="list.viewed", actor="nobody"), NOW)
    assert "More than 1,000 entries fit." in auditor.get("/clinic/audit").text
    assert "1000 entries fit." in auditor.get("/clinic/audit?action=list.viewed").text
    assert "More than" not in auditor.document.text


def test_it_is_paged_by_number(auditor: Visitor) -> None:
    for _ in range(101):
        auditor.client.get("/clinic/audit", base_url="https://forms.example.test")
    first = auditor.get("/clinic/audit")
    [older] = [link for link in first.links if "before=" in link]
    second = auditor.get(older)
    assert "Newest entries" in second.text
    assert [page.text.count("key.made") for page in (first, second)] == [1, 2]  # once among what can be chosen


def test_a_whole_log_proves_itself_and_a_changed_one_is_told(engine: Engine, auditor: Visitor) -> None:
    auditor.get("/clinic/audit")
    auditor.post(form=auditor.find_form("/clinic/audit/verify"))
    assert "none was changed, cut, added or moved" in auditor.document.text
    with begin_write(engine) as connection:
        connection.execute(text("DROP TRIGGER audit_entries_keep_0"))
        connection.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE number = 2"))
    auditor.get("/clinic/audit")
    auditor.post(form=auditor.find_form("/clinic/audit/verify"))
    assert "entry 2 is not what was written" in auditor.document.text
    assert read_actions(engine).count("audit.verified") == 2


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_it_is_given_out_whole_with_names_and_links(engine: Engine, auditor: Visitor, form: str) -> None:
    # Given somebody whose name a spreadsheet would run: it looks at a sign's other widths too
    with begin_write(engine) as connection:
        connection.execute(text("UPDATE people SET name = '\uff1d1+1' WHERE name = 'Demonstration auditor'"))
    auditor.get("/clinic/audit")
    sent = auditor.find_form("/clinic/audit/export")
    response = auditor.client.post(sent.action, data=sent.fields | {"format": form}, base_url=ORIGIN, buffered=True)
    body = response.get_data(as_text=True)
    rows = (
        list(csv.DictReader(io.StringIO(body))) if form == "csv" else [json.loads(line) for line in body.splitlines()]
    )
    assert [row["action"] for row in rows] == read_actions(engine)[:-1]
    assert all(len(row["link"]) == 64 for row in rows)
    assert ("'\uff1d1+1" if form == "csv" else "\uff1d1+1") in {row["who"] for row in rows}
    assert rows[-1]["action"] == "audit.exported"
    assert rows[-1]["outcome"] == "begun"
    assert response.headers["Content-Disposition"].endswith(f'.{form}"')


@pytest.mark.parametrize("is_read_whole", [True, False])
def test_whoever_takes_it_slowly_holds_nothing_and_the_log_tells_how_it_ended(
    engine: Engine, auditor: Visitor, *, is_read_whole: bool
) -> None:
    # Given a log of several parts, somebody who has taken the first one and waits, and others who go on
    with begin_write(engine) as connection:
        append_events(connection, b"k" * 32, [(Event(action="list.viewed", actor="nobody"), NOW)] * 1_200)
    auditor.get("/clinic/audit")
    sent = auditor.find_form("/clinic/audit/export")
    response = auditor.client.post(sent.action, data=sent.fields | {"format": "jsonl"}, base_url=ORIGIN)
    parts = (part for part in response.iter_encoded() if part)
    taken = [next(parts)]
    with begin_write(engine) as connection:
        append_event(connection, b"k" * 32, Event(action="response.erased", actor="nobody"), NOW)
    # Then what was erased leaves the journal, and the file ends where the log did when it was begun
    assert checkpoint(engine)
    if is_read_whole:
        taken += parts
    response.close()
    lines = [json.loads(line) for line in b"".join(taken).splitlines()]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    begun = len(read_actions(engine)) - 2
    assert (lines[-1]["number"] == begun) is is_read_whole
    # And the log has how it ended, and how much of it was given out
    with begin_read(engine) as connection:
        [ended, first] = list_entries(connection, AuditFilter(action="audit.exported"))
    assert (first.number, first.event.outcome, first.event.about["entries"]) == (begun, "begun", begun - 1)
    assert ended.event == replace(
        first.event,
        outcome="done" if is_read_whole else "cut-off",
        about={**first.event.about, "entries": len(lines)},
    )
