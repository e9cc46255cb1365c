"""UA-28 to UA-31: however often the button is pressed, one response with one reference is there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.clinic.profile import DEMONSTRATION
from app.desk.rotation import make_newest_key
from app.server import prepare
from app.settings import load_settings
from app.storage.engine import begin_read, begin_write
from app.storage.letters import count_letters
from app.storage.responses import erase_response
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import SEND, WHO, answer, change_settings, find_services, list_responses, open_all, send
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

CONFLICT = 409
PAUSED = replace(DEMONSTRATION, is_receiving=False)
PRESSES = 10


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application on either database."""
    (tmp_path / "data").mkdir(mode=0o700)
    given = {"FOREWORD_DATA": f"{tmp_path}/data", "FOREWORD_DATABASE_URL": database_url, "FOREWORD_DEMO": "1"}
    app = create_app(load_settings({**given, "FOREWORD_PUBLIC_URL": ORIGIN}), now=clock)
    services = prepare(app)
    yield app
    services.engine.dispose()


@pytest.fixture
def sender(app: Flask) -> Visitor:
    """Return somebody who has answered the first page."""
    visitor = make_visitor(app)
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


def press(app: Flask, visitor: Visitor, forms: list[Form]) -> list[tuple[int, str]]:
    """Send all forms at the same moment, each over a connection of its own; return status and where it led."""
    cookie = visitor.cookie_header

    def post(form: Form) -> tuple[int, str]:
        client = FlaskClient(app, app.response_class, use_cookies=False)
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
        answered = client.post(SEND, data=form.fields, base_url=ORIGIN, headers=headers)
        return answered.status_code, answered.headers.get("Location", "")

    with ThreadPoolExecutor(PRESSES) as pool:
        return list(pool.map(post, forms))


def fill(visitor: Visitor, **typed: str) -> Form:
    """Return the page that sends, filled in."""
    visitor.get(SEND)
    form = visitor.find_form(SEND)
    named = {name.replace("_", "-"): value for name, value in typed.items()}
    return Form(form.action, {**form.fields, **{name: [f"{value}"] for name, value in {**WHO, **named}.items()}})


def test_what_is_sent_is_sealed_to_the_newest_key_from_its_first_moment_on(app: Flask, sender: Visitor) -> None:
    form = fill(sender)  # everything that is remembered of the clinic was read just now
    services = find_services(app)
    newest = make_newest_key(services.engine, services.settings, services.desk, services.now(), actor="command line")
    send(sender, form=form)
    with begin_read(services.engine) as connection:
        assert count_letters(connection) == {newest.id: 1}


def test_ten_presses_at_once_send_one_response(app: Flask, sender: Visitor) -> None:
    # UA-31
    form = fill(sender)
    assert press(app, sender, [form] * PRESSES) == [(303, "/done")] * PRESSES
    (response,) = list_responses(app)
    assert response.version == 1
    assert len(open_all(app, response.reference)) == 1


def test_a_newer_version_is_sent_once_too(app: Flask, sender: Visitor) -> None:
    send(sender)
    (first,) = list_responses(app)
    answer(sender, "/questions/1", {"age": "43"})
    form = fill(sender)
    assert form.fields["version"] == ["2"]
    assert press(app, sender, [form] * PRESSES) == [(303, "/done")] * PRESSES
    (response,) = list_responses(app)
    assert (response.reference, response.version) == (first.reference, 2)
    assert len(open_all(app, response.reference)) == 2


def test_two_tabs_with_two_names_send_one_and_the_other_is_told(app: Flask, sender: Visitor) -> None:
    # S35: one result, the second told why, and nothing that they typed is lost
    one, other = fill(sender), fill(sender, patient_name="Zoe Test")
    answers = press(app, sender, [one, other])
    assert sorted(status for status, _ in answers) == [303, CONFLICT]
    (response,) = list_responses(app)
    (opened,) = open_all(app, response.reference)
    assert opened.sent.patient.name in {WHO["patient-name"], "Zoe Test"}


def test_pressing_again_and_again_leads_to_the_end_each_time(app: Flask, sender: Visitor) -> None:
    # UA-28 to UA-30: a double click, F5, a retry after a lost answer
    form = fill(sender)
    for _ in range(3):
        assert "Was this read?" in send(sender, {}, form=form).text
        assert (sender.status, sender.path) == (200, "/done")
    assert len(list_responses(app)) == 1
    # And the consent that went with it is not kept for another time
    sender.get(SEND)
    assert "consent-to-share" not in sender.find_form(SEND).fields


def test_an_old_page_that_says_something_else_is_shown_again_and_not_sent(app: Flask, sender: Visitor) -> None:
    form = fill(sender)
    send(sender, {}, form=form)
    page = send(sender, {"patient-name": "Somebody Else"}, form=form)
    assert sender.status == CONFLICT
    assert "were sent before" in page.text
    assert sender.find_form(SEND).fields["patient-name"] == ["Somebody Else"]
    assert len(open_all(app, list_responses(app)[0].reference)) == 1
    # Pressed again, it is a newer version.
    send(sender, {"consent-to-share": "agree"}, form=sender.find_form(SEND))
    assert [version.sent.patient.name for version in open_all(app, list_responses(app)[0].reference)] == [
        WHO["patient-name"],
        "Somebody Else",
    ]


def test_what_the_clinic_erased_does_not_come_back_by_itself(app: Flask, sender: Visitor) -> None:
    form = fill(sender)
    send(sender, {}, form=form)
    (response,) = list_responses(app)
    services = app.extensions["foreword-services"]
    with begin_write(services.engine) as connection:
        assert erase_response(connection, response.reference)
    said = sender.get("/done").text
    assert "What you sent was deleted at" in said
    assert "Nothing was sent to anyone" not in said
    send(sender, {}, form=form)
    assert sender.status == CONFLICT
    assert list_responses(app) == []
    # Only whoever agrees once more sends again: under another reference.
    send(sender, {"consent-to-share": "agree"}, form=sender.find_form(SEND))
    assert [one.reference != response.reference for one in list_responses(app)] == [True]


def test_a_version_that_nobody_could_mean_is_not_sent(app: Flask, sender: Visitor) -> None:
    for number in ("0", "7", "-1", "x", "9" * 30):
        form = fill(sender)
        send(sender, {"version": number}, form=form)
        assert sender.status == CONFLICT
    assert list_responses(app) == []


def test_a_page_opened_before_the_clinic_stopped_receiving_sends_nothing_loses_nothing_and_sends_later(
    app: Flask, sender: Visitor
) -> None:
    form = fill(sender, patient_phone="555 0100")
    change_settings(app, PAUSED)
    assert press(app, sender, [form] * PRESSES) == [(CONFLICT, "")] * PRESSES
    page = send(sender, form=form)
    assert sender.status == CONFLICT
    assert "Nothing was sent now" in page.text
    assert SEND not in page.links
    assert list_responses(app) == []
    change_settings(app, DEMONSTRATION)
    sender.get(SEND)
    kept = sender.find_form(SEND).fields
    assert (kept["patient-name"], kept["patient-phone"]) == (["Zoë O’Test"], ["555 0100"])
    send(sender, {}, form=sender.find_form(SEND))
    assert sender.path == "/done"
    (response,) = list_responses(app)
    (opened,) = open_all(app, response.reference)
    assert (opened.sent.patient.name, opened.sent.patient.contact) == ("Zoë O’Test", "555 0100")


def test_who_had_sent_when_the_clinic_stopped_receiving_is_still_told_that_it_arrived(
    app: Flask, sender: Visitor
) -> None:
    # UA-28: the answer to the first press was lost on the way
    form = fill(sender)
    send(sender, form=form)
    change_settings(app, PAUSED)
    send(sender, form=form)
    assert sender.path == "/done"
    answer(sender, "/questions/1", {"age": "43"})
    page = send(sender, form=form)
    assert sender.status == CONFLICT
    assert "Nothing was sent now" in page.text
    assert "What you sent before stays with the clinic as it is." in page.text
    (response,) = list_responses(app)
    assert response.version == 1
