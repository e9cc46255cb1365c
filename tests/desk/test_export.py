"""Exports: whole, in order, with nothing that was not asked for, and accounted for at both ends."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from app.clinic.profile import build_demonstration
from app.clinic.sending import Submission, send_response
from app.desk.export import ACTION, EVERYTHING, Export, Format, Office, Order, begin_export, name_file
from app.output.frame import REDISCLOSURE
from app.questionnaire.answer import Text
from app.questionnaire.model import Sensitive
from app.questionnaire.sensitive import map_sensitive
from app.questionnaire.sent import Patient
from app.storage.audit import AuditFilter, Entry, list_entries
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read, begin_write
from app.storage.responses import ReviewStatus, StoredResponse
from app.storage.review import restrict
from app.storage.tables import RESPONSE_VERSIONS
from app.storage.worklist import ResponseFilter, list_responses
from app.vault.codes import make_secret
from app.vault.reference import format_reference
from tests.desk.conftest import NOW, Clinic

BEFORE = NOW - timedelta(minutes=1)
ALL = Order(has_identity=True, sensitive=frozenset(Sensitive))


def make_office(clinic: Clinic, *, has_part_2: bool = False) -> Office:
    return Office(
        engine=clinic.engine,
        desk=clinic.desk,
        find_edition=clinic.find_edition,
        clinic=replace(build_demonstration(), has_part_2=has_part_2),
        language="en",
    )


def begin(clinic: Clinic, order: Order, **office: bool) -> Export:
    return begin_export(make_office(clinic, **office), order, actor="someone", origin="192.0.2.1", now=NOW)


def export(clinic: Clinic, order: Order, **office: bool) -> str:
    made = begin(clinic, order, **office)
    content = b"".join(made.write())
    made.end(NOW)
    return content.decode()


def read_rows(content: str) -> list[dict[str, str]]:
    keys, _, *rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    return [dict(zip(keys, row, strict=True)) for row in rows if not row[0].startswith("#")]


def list_all(clinic: Clinic) -> list[StoredResponse]:
    with begin_read(clinic.engine) as connection:
        return list_responses(connection, ResponseFilter(has_restricted=True), 1000)


def list_log(clinic: Clinic) -> Iterator[Entry]:
    with begin_read(clinic.engine) as connection:
        yield from reversed(list_entries(connection, AuditFilter(action=ACTION)))


def send(clinic: Clinic, name: str = "Test Somebody", note: str = "a", at: datetime = BEFORE) -> StoredResponse:
    submission = Submission(
        secret=make_secret(),
        version=1,
        edition=clinic.edition,
        answers={"other-conditions": Text(note)},
        language="en",
        patient=Patient(name=name, birth=(1990, 5, 3), contact="=HYPERLINK(1)"),
        consent="yes",
    )
    with begin_write(clinic.engine) as connection:
        key = find_newest_key(connection)
        assert key is not None
        return send_response(connection, key, submission, retention_days=30, now=at)[0]


def test_every_response_stands_once_in_the_order_it_came_in(clinic: Clinic) -> None:
    clinic.fill(230)  # more than two batches
    rows = read_rows(export(clinic, ALL))
    assert [row["response.reference"] for row in rows] == [format_reference(one.reference) for one in list_all(clinic)]
    assert {row["response.state"] for row in rows} == {"new", "in-review", "needs-call", "reviewed"}
    assert {row["response.version"] for row in rows} == {"1", "2"}


def test_by_default_nobody_is_named_and_what_is_marked_stays_out(clinic: Clinic) -> None:
    send(clinic, name="Zelda Quartz")
    content = export(clinic, Order())
    (row,) = read_rows(content)
    assert "Zelda" not in content
    assert "1990" not in content
    assert not [key for key in row if key.partition(".")[2] in {"name", "birth", "contact", "appointment"}]
    marked = {link_id for link_id, tags in map_sensitive(clinic.edition).items() if tags}
    assert "alcohol-use" in marked
    assert "pregnancy" in marked
    assert not [key for key in row if key.partition("/")[0] in marked]


def test_what_is_asked_for_is_there_and_no_more(clinic: Clinic) -> None:
    send(clinic, name="Zelda Quartz")
    (row,) = read_rows(export(clinic, Order(has_identity=True, sensitive=frozenset({Sensitive.PREGNANCY}))))
    assert (row["response.name"], row["response.birth"]) == ("Zelda Quartz", "1990-05-03")
    assert row["response.contact"] == "'=HYPERLINK(1)"
    assert "pregnancy" in row
    assert "alcohol-use" not in row
    (bare,) = read_rows(export(clinic, Order(has_own_words=False)))
    assert "other-conditions" in row
    assert "other-conditions" not in bare


def test_restricted_responses_never_leave(clinic: Clinic) -> None:
    hidden, _ = send(clinic), send(clinic)
    with begin_write(clinic.engine) as connection:
        restrict(connection, hidden, is_restricted=True)
    asked = replace(ALL, responses=ResponseFilter(has_restricted=True))
    content = export(clinic, asked)
    assert format_reference(hidden.reference) not in content
    assert content.rstrip(",\r\n").endswith("#rows,1")


def test_what_does_not_open_is_named_counted_and_hides_no_other(clinic: Clinic) -> None:
    broken, whole = send(clinic), send(clinic)
    with begin_write(clinic.engine) as connection:
        connection.execute(
            update(RESPONSE_VERSIONS).where(RESPONSE_VERSIONS.c.reference == broken.reference).values(sealed=b"x" * 99)
        )
    made = begin(clinic, ALL)
    rows = {row["response.reference"]: row for row in read_rows(b"".join(made.write()).decode())}
    assert (made.rows, made.unreadable) == (2, 1)
    assert rows[format_reference(broken.reference)]["age"] == "unreadable"
    assert rows[format_reference(broken.reference)]["response.name"] == ""
    assert rows[format_reference(whole.reference)]["response.name"] == "Test Somebody"
    lines = [json.loads(line) for line in export(clinic, replace(ALL, format=Format.JSON_LINES)).splitlines()]
    assert [line.get("unreadable") for line in lines].count(True) == 1
    assert lines[-1] == {"rows": 2}


def test_filters_are_those_of_the_list(clinic: Clinic) -> None:
    clinic.fill(60)
    everything = list_all(clinic)
    since = NOW - timedelta(days=30)
    wanted = ResponseFilter(statuses=(ReviewStatus.COMPLETED,), since=since, edition_hash=clinic.edition.hash)
    rows = read_rows(export(clinic, Order(responses=wanted)))
    expected = [
        one.reference for one in everything if one.review_status is ReviewStatus.COMPLETED and one.received_at >= since
    ]
    assert [row["response.reference"] for row in rows] == [format_reference(one) for one in expected]
    assert 0 < len(expected) < len(everything)


def test_an_export_of_nothing_has_its_columns_and_its_end(clinic: Clinic) -> None:
    lines = export(clinic, Order()).split("\r\n")
    assert lines[0].startswith("response.reference,response.version")
    assert ",heart-disease," in lines[0]
    assert lines[2].startswith("#rows,0,")


def test_the_log_tells_both_ends_and_no_answer(clinic: Clinic) -> None:
    send(clinic, name="Zelda Quartz", note="a word")
    export(clinic, replace(ALL, responses=replace(EVERYTHING, since=NOW - timedelta(days=1))))
    begun, done = list_log(clinic)
    assert (begun.event.outcome, done.event.outcome) == ("begun", "done")
    assert begun.event.about["rows"] == done.event.about["rows"] == 1
    assert done.event.about == {
        "format": "csv",
        "sensitive": "pregnancy substance-use",
        "identity": "yes",
        "own-words": "yes",
        "states": "all",
        "since": "2026-06-09T18:30:00+00:00",
        "until": "2026-06-10T18:30:00+00:00",
        "edition": "",
        "rows": 1,
        "unreadable": 0,
    }
    assert (done.event.actor, done.event.origin) == ("someone", "192.0.2.1")


def test_an_export_that_nobody_takes_to_its_end_is_told_as_cut_off(clinic: Clinic) -> None:
    clinic.fill(120, has_reviews=False)
    made = begin(clinic, ALL)
    next(made.write())
    made.end(NOW)
    made.end(NOW)
    begun, cut_off = list_log(clinic)
    assert begun.event.about["rows"] == 120
    assert cut_off.event.outcome == "cut-off"
    assert 0 < int(cut_off.event.about["rows"]) < 120


def test_what_comes_in_meanwhile_is_not_in_it(clinic: Clinic) -> None:
    send(clinic, at=NOW - timedelta(seconds=1))
    begun = begin(clinic, Order())
    send(clinic, at=NOW)
    assert len(read_rows(b"".join(begun.write()).decode())) == 1


def test_what_came_in_while_the_clock_was_ahead_is_in_it(clinic: Clinic) -> None:
    send(clinic, at=NOW + timedelta(days=1))
    send(clinic, at=NOW - timedelta(seconds=1))
    assert len(read_rows(export(clinic, Order()))) == 2


@pytest.mark.parametrize(
    ("order", "has_part_2", "has_notice"), [(ALL, True, True), (ALL, False, False), (Order(), True, False)]
)
def test_the_notice_goes_with_answers_that_need_it(
    clinic: Clinic, order: Order, *, has_part_2: bool, has_notice: bool
) -> None:
    send(clinic)
    content = export(clinic, order, has_part_2=has_part_2)
    assert (f"#notice,{REDISCLOSURE}" in content) == has_notice
    assert content.rstrip(",\r\n").endswith("#rows,1")


def test_a_byte_order_mark_is_there_when_it_is_asked_for(clinic: Clinic) -> None:
    assert export(clinic, Order(has_bom=True)).startswith("\ufeffresponse.reference")
    assert export(clinic, Order()).startswith("response.reference")


def test_half_a_pair_of_letters_stops_no_export(clinic: Clinic) -> None:
    send(clinic, note="a\ud800b")
    send(clinic, note="a whole one")
    rows = read_rows(export(clinic, Order()))
    assert sorted(row["other-conditions"] for row in rows) == ["a whole one", "unreadable"]


def test_a_files_name_tells_nothing() -> None:
    day = date(2026, 6, 10).isoformat()
    assert name_file(ALL, day) == "foreword-responses-2026-06-10.csv"
    assert name_file(replace(ALL, format=Format.JSON_LINES), day) == "foreword-responses-2026-06-10.jsonl"
    assert name_file(replace(ALL, format=Format.DICTIONARY), day) == "foreword-dictionary-2026-06-10.csv"
