"""security.md S38: a session that ends under somebody's hands loses nothing they typed, and shows it to nobody else.

The probe is a page of the review kind: its GET shows what was kept, its POST takes a note.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask, request
from flask_wtf.csrf import generate_csrf
from markupsafe import escape

from app.desk.staff import make_first_invitation
from app.storage.engine import begin_write
from app.storage.people import Role
from app.web.clinic.gate import allow
from app.web.clinic.kept import find_kept, forget_kept, keep_typed
from app.web.clinic.notes import LONGEST_NOTE
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import open_response
from tests.web.clinic.sender import Sender
from tests.web.clinic.staff import read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

NOTE = "Called back – says “much better” <b>\nsince Monday\U0001f33b"
ADDRESS = "/clinic/probe/7"
SEND = "/clinic/probe/7/notes"
DROPPED = "Of what you typed on pages that were open too long, the oldest is not kept any more."


@pytest.fixture
def notes(app: Flask) -> list[str]:
    """Give an application a page with a note on it, and the notes it has stored."""
    stored: list[str] = []

    @allow(Role.REVIEWER)
    def show_probe(number: int) -> str:
        kept = find_kept()
        text = escape(kept["note"]) if kept else ""
        return (
            f"<title>Probe {number}</title><h1>Probe</h1><form method=post action={request.path}/notes>"
            f'<input type=hidden name=csrf_token value="{generate_csrf()}">'
            f"<label>Note<textarea name=note>\n{text}</textarea></label></form>"
        )

    @allow(Role.REVIEWER)
    @keep_typed("clinic.show_probe")
    def add_note(number: int) -> str:
        stored.append(request.form["note"])
        forget_kept()
        return f"<title>Kept</title><h1>Noted {number}</h1>"

    app.add_url_rule("/clinic/probe/<int:number>", endpoint="clinic.show_probe", view_func=show_probe)
    app.add_url_rule("/clinic/probe/<int:number>/notes", "clinic.add_note", add_note, methods=["POST"])
    return stored


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a database so that nobody else can write, until the block ends."""
    with closing(sqlite3.connect(folder / "foreword.sqlite3", timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def open_form(visitor: Visitor, address: str = ADDRESS) -> Form:
    visitor.get(address)
    return visitor.find_form(f"{address}/notes")


def sign_in_again(visitor: Visitor, word: str = "reviewer") -> None:
    visitor.get("/clinic/sign-in")
    visitor.post({"as": word}, form=visitor.find_form("/clinic/demonstration"))


def test_a_note_sent_after_the_session_ended_is_shown_again_after_signing_in(
    sign_in: SignIn, clock: Clock, notes: list[str]
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE}, form=form)
    assert reviewer.path == "/clinic/sign-in"
    assert "What you typed is kept" in reviewer.document.text
    assert reviewer.last is not None
    assert "Monday" not in reviewer.last.text  # nor does the sign-in page show it to whoever comes by
    assert notes == []
    sign_in_again(reviewer)
    assert reviewer.path == ADDRESS
    again = reviewer.find_form(SEND)
    assert again.fields["note"] == [NOTE]
    reviewer.get(ADDRESS)
    assert reviewer.find_form(SEND).fields["note"] == [NOTE]  # until it is sent
    reviewer.post(form=reviewer.find_form(SEND))
    assert [note.replace("\r\n", "\n") for note in notes] == [NOTE]
    assert open_form(reviewer).fields["note"] == [""]


def test_somebody_else_who_signs_in_sees_nothing_of_it(sign_in: SignIn, clock: Clock, notes: list[str]) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE}, form=form)
    sign_in_again(reviewer, "lead")
    assert reviewer.path != ADDRESS
    assert open_form(reviewer).fields["note"] == [""]
    reviewer.get("/clinic/account")
    reviewer.post(form=reviewer.find_form("/clinic/sign-out"))
    sign_in_again(reviewer)
    assert open_form(reviewer).fields["note"] == [""]
    assert notes == []


def test_a_note_is_kept_when_another_tab_signed_out_and_in_again(sign_in: SignIn, notes: list[str]) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    reviewer.get("/clinic/account")
    reviewer.post(form=reviewer.find_form("/clinic/sign-out"))
    sign_in_again(reviewer)
    reviewer.post({"note": NOTE}, form=form)
    assert reviewer.path == ADDRESS  # no need to sign in: the page itself, with all of it
    assert reviewer.find_form(SEND).fields["note"] == [NOTE]
    assert notes == []


def test_a_note_is_kept_when_the_browser_has_no_cookie_any_more(app: Flask, sign_in: SignIn, notes: list[str]) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    reviewer.client = app.test_client()
    reviewer.post({"note": NOTE}, form=form)
    assert reviewer.path == "/clinic/sign-in"
    sign_in_again(reviewer)
    assert reviewer.find_form(SEND).fields["note"] == [NOTE]
    assert notes == []


def test_of_two_tabs_at_the_end_of_a_session_each_shows_its_own_note(
    sign_in: SignIn, clock: Clock, notes: list[str]
) -> None:
    # Given two responses in two tabs, a note in each, and a session that is over
    reviewer, other = sign_in(Role.REVIEWER), "/clinic/probe/8"
    tabs = [open_form(reviewer), open_form(reviewer, other)]
    clock.advance(minutes=16)
    for tab, note in zip(tabs, ("first tab", "second tab"), strict=True):
        reviewer.post({"note": note}, form=tab)
    # Then one is shown at once, and the other where it was typed
    sign_in_again(reviewer)
    assert reviewer.path == other
    assert reviewer.find_form(f"{other}/notes").fields["note"] == ["second tab"]
    assert open_form(reviewer).fields["note"] == ["first tab"]
    # And to send the one leaves the other
    reviewer.post(form=open_form(reviewer, other))
    assert open_form(reviewer, other).fields["note"] == [""]
    assert open_form(reviewer).fields["note"] == ["first tab"]
    assert notes == ["second tab"]


def test_what_is_shown_and_not_sent_yet_stays_when_a_second_tab_comes_too_late(
    sign_in: SignIn, notes: list[str]
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    tabs = {number: open_form(reviewer, f"/clinic/probe/{number}") for number in range(1, 7)}
    reviewer.get("/clinic/account")
    reviewer.post(form=reviewer.find_form("/clinic/sign-out"))
    sign_in_again(reviewer)
    for number, tab in tabs.items():
        reviewer.post({"note": f"tab {number}"}, form=tab)
        assert reviewer.find_form(tab.action).fields["note"] == [f"tab {number}"]
    # And that it does not stay for ever is said, once, as the sixth one comes
    assert [
        page.text.count(DROPPED) for page in (reviewer.get("/clinic/account"), reviewer.get("/clinic/account"))
    ] == [
        1,
        0,
    ]
    shown = [open_form(reviewer, f"/clinic/probe/{number}").fields["note"][0] for number in tabs]
    assert shown == ["", *(f"tab {number}" for number in range(2, 7))]  # the newest five: a session is no store
    assert notes == []


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_more_than_is_kept_is_shown_at_once_to_whoever_typed_it(
    app: Flask, clock: Clock, sign_in: SignIn, tmp_path: Path, *, is_signed_in: bool
) -> None:
    # Given a note as long as can be, and so many of them that no five such forms are to lie in a session
    reviewer, reference = sign_in(Role.REVIEWER), Sender(app, clock).send()
    longest = "\U0001f33b" * LONGEST_NOTE
    open_response(reviewer, reference)
    form = reviewer.find_form(f"/clinic/responses/{reference}/review")
    clock.advance(minutes=16)
    if is_signed_in:
        sign_in_again(reviewer)
    for count, is_kept in ((1, True), (3, False)):
        boxes = ("note", "note-age", "note-heart-disease")[:count]
        before = measure_sessions(tmp_path)
        page = reviewer.post(dict.fromkeys(boxes, longest), form=form, action="note")
        # Then the one is kept, and the others are on the page that says that they are not
        assert (reviewer.status == 200) == is_kept
        assert (measure_sessions(tmp_path) > before + 4 * LONGEST_NOTE) == is_kept
        if not is_kept:
            assert (reviewer.status, page.headings) == (413, ["This was not saved"])
            assert page.text.count(longest) == count
            assert f"/clinic/responses/{reference}" in page.links


def measure_sessions(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "foreword.sqlite3", timeout=60)) as connection:
        (size,) = connection.execute("SELECT sum(length(sealed)) FROM staff_sessions").fetchone()
    return int(size)


def test_what_is_kept_is_sealed(sign_in: SignIn, clock: Clock, notes: list[str], tmp_path: Path) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE}, form=form)
    assert read_cookie(reviewer)
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"since Monday" not in path.read_bytes()
    assert notes == []


def test_a_form_with_a_made_up_token_is_kept_for_nobody(sign_in: SignIn, notes: list[str]) -> None:
    reviewer = sign_in(Role.REVIEWER)
    form = open_form(reviewer)
    form.fields["csrf_token"] = ["made.up.token"]
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = reviewer.client.post(SEND, data={**form.fields, "note": NOTE}, base_url=ORIGIN, headers=headers)
    assert answer.status_code == 400
    assert open_form(reviewer).fields["note"] == [""]
    assert notes == []


def test_a_page_that_was_opened_before_is_the_one_that_opens_after(sign_in: SignIn, clock: Clock) -> None:
    reviewer = sign_in(Role.REVIEWER)
    clock.advance(minutes=16)
    reviewer.get("/clinic/account?from=1")
    assert reviewer.path == "/clinic/sign-in"
    sign_in_again(reviewer)
    assert reviewer.last is not None
    assert reviewer.last.request.full_path == "/clinic/account?from=1"


def test_a_sign_in_page_that_waited_for_hours_keeps_the_name(clinic_app: Flask, clock: Clock) -> None:
    visitor = make_visitor(clinic_app)
    visitor.get("/clinic/sign-in")
    form = visitor.find_form("/clinic/sign-in")
    clock.advance(hours=3)
    visitor.post({"login": "ann@clinic.example", "password": "kettle violin orbit"}, form=form)
    assert visitor.path == "/clinic/sign-in"
    assert "this page was open for a long time" in visitor.document.text
    assert visitor.find_form("/clinic/sign-in").fields["login"] == ["ann@clinic.example"]
    assert visitor.last is not None
    assert "kettle" not in visitor.last.text


def test_a_button_pressed_after_the_session_ended_leads_to_the_sign_in_page(sign_in: SignIn, clock: Clock) -> None:
    reviewer = sign_in(Role.REVIEWER)
    reviewer.get("/clinic/account")
    form = reviewer.find_form("/clinic/sign-out")
    clock.advance(minutes=16)
    reviewer.post(form=form)
    assert reviewer.path == "/clinic/sign-in"
    assert reviewer.status == 200


def test_what_goes_wrong_on_staff_pages_is_told_to_staff(sign_in: SignIn) -> None:
    reviewer = sign_in(Role.REVIEWER)
    for address in ("/clinic/nowhere", "/clinic/people/../x"):
        reviewer.get(address)
        assert reviewer.status == 404
        assert "Go to the first staff page" in reviewer.document.text
    reviewer.get("/nowhere")
    assert "first staff page" not in reviewer.document.text


def test_a_page_to_join_that_waited_for_hours_keeps_the_names(clinic_app: Flask, clock: Clock) -> None:
    with clinic_app.app_context(), begin_write(get_services().engine) as connection:
        secret = make_first_invitation(connection, clock.now)
    visitor = make_visitor(clinic_app)
    page = visitor.get(f"/clinic/join/{secret}")
    clock.advance(hours=3)
    typed = {"name": "Ann Lee", "login": "ann@clinic.example", "new-password": "kettle violin orbit"}
    visitor.post(typed, form=page.forms[-1])
    assert visitor.path == f"/clinic/join/{secret}"
    fields = visitor.document.forms[-1].fields
    assert (fields["name"], fields["login"]) == (["Ann Lee"], ["ann@clinic.example"])
    assert visitor.last is not None
    assert "kettle" not in visitor.last.text


def test_somebody_half_invited_is_kept(sign_in: SignIn, clock: Clock) -> None:
    administrator = sign_in(Role.ADMINISTRATOR)
    administrator.get("/clinic/people")
    form = administrator.find_form("/clinic/people")
    clock.advance(minutes=16)
    administrator.post({"name": "Ben Roe", "login": "ben@clinic.example", "role": ["auditor"]}, form=form)
    sign_in_again(administrator, "administrator")
    assert administrator.path == "/clinic/people"
    fields = administrator.find_form("/clinic/people").fields
    assert (fields["name"], fields["role"]) == (["Ben Roe"], ["auditor"])
    assert "What you typed is all below" in administrator.document.text


def test_a_note_that_a_busy_database_did_not_take_stands_on_the_page_and_is_sent_again(
    app: Flask, clock: Clock, sign_in: SignIn, tmp_path: Path
) -> None:
    # Given a reviewer who has written a note
    reference, reviewer = Sender(app, clock).send(), sign_in(Role.REVIEWER)
    address = f"/clinic/responses/{reference}/review"
    open_response(reviewer, reference)
    form = reviewer.find_form(address)
    # When nothing can be written as they save it
    with lock(tmp_path):
        page = reviewer.post({"note": NOTE}, form=form, action="note")
        # Then it stands on the page they get, with all that goes with it
        assert reviewer.status == 503
        assert NOTE in page.text
        again = reviewer.find_form(address)
        assert again.fields == {**form.fields, "note": [NOTE], "action": ["note"]}
    # And its button saves it, once
    for _ in range(2):
        reviewer.post(form=again, action="note")
        assert reviewer.status == 200
    assert open_response(reviewer, reference).text.count("since Monday") == 1


def test_a_database_that_is_gone_is_said_and_signs_nobody_out(app: Flask, sign_in: SignIn, tmp_path: Path) -> None:
    reviewer = sign_in(Role.REVIEWER)
    reviewer.get("/clinic/responses")
    cookie, form = read_cookie(reviewer), reviewer.find_form("/clinic/responses")
    with app.app_context():
        get_services().engine.dispose()
    database, aside = tmp_path / "foreword.sqlite3", tmp_path / "aside"
    database.rename(aside)
    database.mkdir()
    answer = reviewer.client.get("/clinic/account", base_url=ORIGIN)
    assert answer.status_code == 503
    assert "closed for a moment" in answer.text
    assert "Set-Cookie" not in answer.headers
    # Who writes has it on the page, though nobody can say who they are
    reviewer.post({"name": "Zoë"}, form=form)
    assert (reviewer.status, reviewer.find_form("/clinic/responses").fields["name"]) == (503, ["Zoë"])
    database.rmdir()
    aside.rename(database)
    reviewer.get("/clinic/account")
    assert (reviewer.path, read_cookie(reviewer)) == ("/clinic/account", cookie)
