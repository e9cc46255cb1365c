"""The words that are agreed to are those that were read: what the clinic changes meanwhile is read first (L-11)."""

from dataclasses import replace

import pytest
from flask import Flask

from app.clinic.profile import DEMONSTRATION
from tests.web.patient.sender import FULL, SEND, WHO, change_settings, list_responses, open_all, send
from tests.web.patient.visitor import Form, Visitor

UNREADABLE = 422
OLD_PAGE = 400
CONSENT = "consent-to-share"
CHANGED = "Agreement to share answers: the text has changed since you opened this page. Read it again"
RENAMED = replace(DEMONSTRATION, name="Elm Street clinic")


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return somebody who has answered the first page."""
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


@pytest.fixture
def shown(app: Flask, sender: Visitor) -> Form:
    """Return the page that sends as it was shown before the clinic took another name, which stands in the consent."""
    sender.get(SEND)
    form = sender.find_form(SEND)
    change_settings(app, RENAMED)
    return form


def test_what_was_agreed_to_and_changed_since_is_read_before_it_is_sent(
    app: Flask, sender: Visitor, shown: Form
) -> None:
    # When somebody agrees to words that are the clinic's no more
    page = send(sender, FULL, form=shown)
    # Then nothing is sent, and they are told why, at the head of the page and beside the new words
    assert (sender.status, list_responses(app)) == (UNREADABLE, [])
    assert page.text.count(CHANGED) == 2
    assert "I agree that staff at Elm Street clinic may read my answers" in page.text
    # And all that they typed is there, but for what they agreed to
    again = sender.find_form(SEND)
    assert {name: again.fields.get(name) for name in FULL} == {
        name: None if name == CONSENT else [value] for name, value in FULL.items()
    }
    # When they agree once more
    send(sender, {CONSENT: "agree"}, form=again)
    # Then the record has the words that they read
    (response,) = list_responses(app)
    (opened,) = open_all(app, response.reference)
    assert opened.sent.consent.text.startswith("I agree that staff at Elm Street clinic may read")


def test_another_fault_on_the_page_hides_it_not(app: Flask, sender: Visitor, shown: Form) -> None:
    page = send(sender, {**WHO, "patient-name": ""}, form=shown)
    assert sender.status == UNREADABLE
    assert page.text.count(CHANGED) == 2
    assert CONSENT not in sender.find_form(SEND).fields
    assert list_responses(app) == []


def test_a_page_whose_token_died_agrees_to_nothing_new(app: Flask, sender: Visitor, shown: Form) -> None:
    send(sender, {**WHO, "csrf_token": "dead"}, form=shown)
    assert sender.status == OLD_PAGE
    again = sender.find_form(SEND)
    assert again.fields["patient-name"] == [WHO["patient-name"]]
    assert CONSENT not in again.fields
    assert list_responses(app) == []


def test_a_page_that_does_not_say_what_it_showed_is_read_again(app: Flask, sender: Visitor) -> None:
    sender.get(SEND)
    form = sender.find_form(SEND)
    del form.fields["words"]
    assert send(sender, form=form).text.count(CHANGED) == 2
    assert list_responses(app) == []


def test_who_does_not_agree_need_not_read_it_again(sender: Visitor, shown: Form) -> None:
    send(sender, {**WHO, CONSENT: "do-not-agree"}, form=shown)
    assert sender.path == "/share/kept"


def test_what_changed_elsewhere_is_no_reason_to_ask_again(app: Flask, sender: Visitor) -> None:
    sender.get(SEND)
    form = sender.find_form(SEND)
    change_settings(app, replace(DEMONSTRATION, privacy="Other words."))
    send(sender, form=form)
    assert sender.path == "/done"
