"""A clinic that does not receive answers at the moment: said before anybody is asked to send, and the paper goes on."""

from dataclasses import replace

import pytest
from flask import Flask

from app.clinic.profile import DEMONSTRATION
from app.storage.engine import begin_write
from app.storage.review import complete
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import SEND, WHO, answer, change_settings, find_services, list_responses, send
from tests.web.patient.visitor import ORIGIN, Form, Visitor

CONFLICT = 409
NOTE = "We are back on <b>January 7</b>."
PAUSED = replace(DEMONSTRATION, is_receiving=False, pause_note=NOTE)
SENTENCE = "Demonstration clinic does not take answers over the internet at the moment"


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return somebody who has answered the first page."""
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


def squeeze(text: str) -> str:
    """Return the text with single spaces."""
    return " ".join(text.split())


def open_to_send(visitor: Visitor, **typed: str) -> Form:
    """Return the page that sends, with this typed and no more."""
    visitor.get(SEND)
    form = visitor.find_form(SEND)
    return Form(form.action, {**form.fields, **{name.replace("_", "-"): [value] for name, value in typed.items()}})


def test_it_is_said_on_the_first_page_and_where_one_would_send_in_the_clinic_s_own_words_too(
    app: Flask, visitor: Visitor
) -> None:
    assert SENTENCE not in squeeze(visitor.get("/").text)
    change_settings(app, PAUSED)
    for address in ("/", "/share"):
        page = visitor.get(address)
        assert SENTENCE in squeeze(page.text)
        assert NOTE in page.text  # as text: it is no markup
        assert "988" in page.text
        assert SEND not in page.links
        assert "What you send is deleted" not in page.text
        visitor.start()
    assert "print your summary and show it at your visit" in squeeze(visitor.get("/share").text)
    assert "send a newer version" not in visitor.get("/privacy").text
    visitor.get(SEND)
    assert visitor.path == "/share"
    change_settings(app, replace(PAUSED, is_receiving=True))
    for address in ("/", "/share"):
        page = visitor.get(address)
        assert SENTENCE not in squeeze(page.text)
        assert NOTE not in page.text
    assert SEND in visitor.document.links


def test_answering_pausing_and_printing_go_on(app: Flask, sender: Visitor) -> None:
    change_settings(app, PAUSED)
    answer(sender, "/questions/3", {"heart-disease": "yes"})
    assert "Your resume code" in sender.get("/resume").text
    assert "/summary" in sender.get("/share").links
    assert "Here are your answers" in sender.get("/summary").text
    paper = sender.client.get("/summary.pdf", base_url=ORIGIN)
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")


@pytest.mark.parametrize(
    ("typed", "action", "status", "path"),
    [
        ({"patient_name": "Zoë"}, "send", CONFLICT, SEND),
        ({"patient_name": "Zoë", "consent_to_share": "do-not-agree"}, "send", 200, "/share/kept"),
        ({"patient_name": "Zoë"}, "later", 200, "/resume"),
    ],
)
def test_whatever_is_pressed_on_a_page_opened_before_what_was_typed_is_kept(
    app: Flask, sender: Visitor, typed: dict[str, str], action: str, status: int, path: str
) -> None:
    form = open_to_send(sender, **typed)
    change_settings(app, PAUSED)
    page = sender.post(form=form, action=action)
    assert (sender.status, sender.path) == (status, path)
    assert SEND not in page.links
    assert not [one for one in page.forms if "patient-name" in one.fields]
    change_settings(app, DEMONSTRATION)
    sender.get(SEND)
    assert sender.find_form(SEND).fields["patient-name"] == ["Zoë"]
    assert list_responses(app) == []


def test_what_was_sent_before_is_read_and_no_newer_version_is_offered(
    app: Flask, sender: Visitor, clock: Clock
) -> None:
    send(sender)
    change_settings(app, PAUSED)
    (response,) = list_responses(app)
    with begin_write(find_services(app).engine) as connection:
        complete(connection, response, "somebody", clock.now)
    assert "Demonstration clinic marked it as read on" in sender.get("/done").text
    assert "send a newer version" not in sender.document.text
    answer(sender, "/questions/1", {"age": "43"})
    check = squeeze(sender.get("/check").text)
    assert "What you sent stays with the clinic as it is." in check
    assert "Go on to send it" not in check
    assert "What you sent before stays with the clinic as it is." in sender.get("/share").text
    assert "Send a newer version" not in sender.get("/done").text


def test_who_turns_out_too_young_to_send_keeps_what_they_typed(app: Flask, sender: Visitor) -> None:
    change_settings(app, replace(DEMONSTRATION, is_print_only_for_minors=True))
    sender.get(SEND)
    form = sender.find_form(SEND)
    answer(sender, "/questions/1", {"age": "17"})
    send(sender, WHO, form=form)
    assert sender.path == "/share"
    answer(sender, "/questions/1", {"age": "71"})
    sender.get(SEND)
    assert sender.find_form(SEND).fields["patient-name"] == ["Zoë O’Test"]
    assert list_responses(app) == []
