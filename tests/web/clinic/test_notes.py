"""Notes: append-only, signed, dated, sealed, on one answer or on the whole, and as they were typed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert

from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.tables import NOTES
from app.vault.reference import parse_reference
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import act, open_response, press
from tests.web.clinic.sender import Sender, find_services, list_acts, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor

WORDS = "\n Zygomorphic <i>& “quoted”\n\tתמר "


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


@pytest.fixture
def patient(app: Flask, clock: Clock) -> Sender:
    """Return somebody who has not sent yet."""
    return Sender(app, clock)


def read_html(visitor: Visitor) -> str:
    assert visitor.last is not None
    return visitor.last.get_data(as_text=True)


def test_a_note_stands_where_it_was_written_signed_and_dated(app: Flask, patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="On the whole", note_heart_disease="On the heart")
    html = read_html(reviewer)
    beside = html.partition('id="answer-heart-disease"')[2].partition("</dd>")[0]
    assert "<bdi>On the heart</bdi>" in beside
    assert "On the whole" not in beside
    rail = html.partition("<h2>Notes</h2>")[2].partition("</section>")[0]
    assert "<bdi>On the whole</bdi>" in rail
    assert "Demonstration reviewer, " in rail
    noted = read_log(app, reference, "response.noted")
    assert [entry.event.about["on"] for entry in noted] == ["whole", "answer"]


def test_saving_notes_says_so_beside_them_and_the_page_lands_there(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="On the whole")
    assert reviewer.last is not None
    assert reviewer.last.history[0].location == f"/clinic/responses/{reference}?saved=1#notes"
    notes = read_html(reviewer).partition('id="notes" tabindex="-1"')[2].partition("</section>")[0]
    assert '<p class="notice screen" role="status">Saved.</p>' in notes
    assert "<bdi>On the whole</bdi>" in notes
    assert "Saved." not in open_response(reviewer, reference).text


def test_a_note_stands_as_it_was_typed(patient: Sender, reviewer: Visitor) -> None:
    act(reviewer, patient.send(), "note", note=WORDS)
    assert "<bdi>\n Zygomorphic &lt;i&gt;&amp; “quoted”\n\tתמר </bdi>" in read_html(reviewer)


def test_notes_stay_and_the_newest_stands_first(
    clock: Clock, patient: Sender, reviewer: Visitor, sign_in: SignIn
) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="The first")
    clock.advance(seconds=1)
    act(sign_in(Role.REVIEWER, Role.ADMINISTRATOR), reference, "note", note="The second")
    html = open_response(reviewer, reference).text
    assert html.index("The second") < html.index("The first")
    assert "Demonstration lead, " in html


def test_a_form_that_is_sent_twice_writes_its_notes_once(app: Flask, patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    open_response(reviewer, reference)
    form = reviewer.find_form(f"/clinic/responses/{reference}/review")
    for _ in range(3):
        reviewer.post({"note": "Once", "note-heart-disease": "Once too"}, form=form, action="note")
    assert [action for action, _ in list_acts(app, reference)].count("response.noted") == 2
    # The same words in another form are another note
    act(reviewer, reference, "note", note="Once")
    assert [action for action, _ in list_acts(app, reference)].count("response.noted") == 3


def test_a_note_of_an_older_version_says_so(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="Of the first")
    patient.send()
    assert "on version 1" in open_response(reviewer, reference).text


def test_a_note_on_a_question_that_is_not_there_is_kept_on_the_whole(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    open_response(reviewer, reference)
    press(reviewer, reference, "note", note_no_such_thing="Kept all the same")
    assert "Kept all the same" in reviewer.document.text


def test_a_note_that_was_moved_or_changed_is_named_and_hides_no_other(
    app: Flask, clock: Clock, patient: Sender, reviewer: Visitor
) -> None:
    # S13
    reference = patient.send()
    act(reviewer, Sender(app, clock, name="Other").send(), "note", note="Of another person")
    clock.advance(seconds=5)
    act(reviewer, reference, "note", note="Still fine")
    with begin_write(find_services(app).engine) as connection:
        first = connection.execute(NOTES.select().order_by(NOTES.c.written_at)).mappings().first()
        assert first is not None
        moved = {**first, "id": "0" * 32, "reference": parse_reference(reference)}
        broken = {**moved, "id": "1" * 32, "sealed": first["sealed"][:-1] + b"?"}
        connection.execute(insert(NOTES), [moved, broken])
    text = open_response(reviewer, reference).text
    assert text.count("A note does not open. Tell your administrator.") == 2
    assert "Still fine" in text
    assert "Of another person" not in text


def test_not_a_word_of_a_note_is_in_the_database_or_the_log(
    app: Flask, patient: Sender, reviewer: Visitor, tmp_path: Path
) -> None:
    # S13, S16
    reference = patient.send()
    act(reviewer, reference, "note", note="Zygomorphic canary", note_heart_disease="Zygomorphic too")
    assert "ygomorphic" not in repr(read_log(app))
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as database:
        dump = "\n".join(database.iterdump())
    assert "ygomorphic" not in dump
    assert b"zygomorphic".hex() not in dump.casefold()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"ygomorphic" not in path.read_bytes(), path
