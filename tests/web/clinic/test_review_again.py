"""The same person twice: two tabs, two clicks, and a response that is erased between a look and an act."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.responses import erase_response
from app.vault.reference import parse_reference
from tests.web.clinic.conftest import SignIn, make_app
from tests.web.clinic.review_steps import act, open_response, press
from tests.web.clinic.sender import Sender, find_services, find_stored, list_acts
from tests.web.clinic.staff import sign_in as sign_in_to
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Form, Visitor

NOTE = "Zygomorphic, typed in the second tab"


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


@pytest.fixture
def reference(app: Flask, clock: Clock) -> str:
    """Return the reference of a response that has come in."""
    return Sender(app, clock).send()


def find_review(visitor: Visitor, reference: str) -> Form:
    return visitor.find_form(f"/clinic/responses/{reference}/review")


@pytest.mark.parametrize("action", ["claim", "complete", "call"])
def test_a_note_from_a_second_tab_is_kept_when_the_first_tab_did_the_same(
    app: Flask, clock: Clock, reference: str, reviewer: Visitor, action: str
) -> None:
    due = (clock.now + timedelta(days=3)).date().isoformat()
    open_response(reviewer, reference)
    second = find_review(reviewer, reference)
    act(reviewer, reference, action, call_on=due)
    for _ in range(2):  # and a second click in the second tab
        reviewer.post({"note": NOTE, "call-on": due}, form=second, action=action)
        assert reviewer.status == 200
    assert open_response(reviewer, reference).text.count(NOTE) == 1
    assert [name for name, _ in list_acts(app, reference)].count("response.noted") == 1


def test_another_day_for_a_call_from_a_second_tab_is_not_taken_for_a_second_click(
    app: Flask, clock: Clock, reference: str, reviewer: Visitor
) -> None:
    early, late = ((clock.now + timedelta(days=days)).date().isoformat() for days in (1, 9))
    open_response(reviewer, reference)
    second = find_review(reviewer, reference)
    act(reviewer, reference, "call", call_on=early)
    page = reviewer.post({"note": NOTE, "call-on": late}, form=second, action="call")
    assert reviewer.status == 409
    # Nobody else was there, and nobody else is named
    assert "You have changed this response yourself since this page was opened" in page.text
    assert "perhaps in another window: needs a call (" in page.text
    assert "was first" not in page.text
    fields = find_review(reviewer, reference).fields
    assert (fields["note"], fields["call-on"]) == ([NOTE], [late])
    stored = find_stored(app, reference)
    assert stored is not None
    assert stored.call_on == early


@pytest.mark.parametrize("action", ["note", "complete"])
def test_a_note_on_what_is_erased_at_that_moment_is_shown_again(
    app: Flask, reference: str, reviewer: Visitor, action: str
) -> None:
    open_response(reviewer, reference)
    engine = find_services(app).engine
    has_looked = threading.Event()

    def note_write(connection: Connection) -> None:
        if not connection.get_execution_options().get("postgresql_readonly"):
            has_looked.set()

    with begin_write(engine) as connection:
        erase_response(connection, parse_reference(reference))
        event.listen(engine, "begin", note_write, insert=True)
        posting = threading.Thread(target=press, args=(reviewer, reference, action), kwargs={"note": NOTE})
        posting.start()
        assert has_looked.wait(60)  # and waits to write
    posting.join()
    assert reviewer.status == 410
    assert NOTE in reviewer.document.text


@pytest.mark.parametrize("action", ["release", "call", "claim", "complete"])
def test_what_the_page_does_not_offer_is_not_done(
    app: Flask, clock: Clock, reference: str, reviewer: Visitor, action: str
) -> None:
    act(reviewer, reference, "complete")
    before = find_stored(app, reference)
    due = (clock.now + timedelta(days=3)).date().isoformat()
    act(reviewer, reference, action, note=NOTE, call_on=due)
    assert reviewer.status == 409
    assert find_stored(app, reference) == before
    assert find_review(reviewer, reference).fields["note"] == [NOTE]


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "٣", ""])
@pytest.mark.parametrize("name", ["revision", "version", "shown"])
def test_a_number_that_no_page_has_costs_nobody_a_note(
    app: Flask, reference: str, reviewer: Visitor, name: str, number: str
) -> None:
    open_response(reviewer, reference)
    form = find_review(reviewer, reference)
    form.fields[name] = [number]
    reviewer.post({"note": NOTE}, form=form, action="claim")
    assert reviewer.status in {200, 409}
    if reviewer.status == 409:
        assert find_review(reviewer, reference).fields["note"] == [NOTE]
    else:
        assert NOTE in reviewer.document.text
    stored = find_stored(app, reference)
    assert stored is not None
    assert stored.revision == int(reviewer.status == 200)


def test_who_was_first_is_told_however_often_it_was_looked_at_since(
    reference: str, reviewer: Visitor, sign_in: SignIn
) -> None:
    open_response(reviewer, reference)
    form = find_review(reviewer, reference)
    lead = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    act(lead, reference, "claim")
    for _ in range(25):
        open_response(lead, reference)
    page = reviewer.post({"note": NOTE}, form=form, action="complete")
    assert "Demonstration lead was first: taken for review" in page.text


def test_on_postgres_a_note_waits_for_the_eraser_and_is_shown_again(
    tmp_path: Path, clock: Clock, postgres_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=postgres_url, DEMO="1")
    try:
        reference = Sender(app, clock).send()
        test_a_note_on_what_is_erased_at_that_moment_is_shown_again(
            app, reference, sign_in_to(app, Role.REVIEWER), "note"
        )
    finally:
        find_services(app).engine.dispose()
