"""Sending: who one is and whether one agrees is asked only then, nothing typed is lost, and what is sent is whole."""

import pytest
from flask import Flask

from app.questionnaire.answer import Coded, Number
from app.storage.engine import begin_write
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import FULL, NEXT_YEAR, SEND, WHO, answer, find_services, list_responses, open_all, send
from tests.web.patient.stored import read_answers
from tests.web.patient.visitor import ORIGIN, Document, Visitor

UNREADABLE = 422
CONFLICT = 409
GONE = 410


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return somebody who has answered the first page."""
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


def test_what_is_sent_is_what_was_typed_and_only_the_desk_opens_it(sender: Visitor, app: Flask, clock: Clock) -> None:
    # Given somebody who answered, and then changed an answer so that another is off the path
    answer(sender, "/questions/3", {"heart-disease": "yes"})
    sender.post({"heart-kind": "valve"})
    answer(sender, "/questions/3?to=check", {"heart-disease": "no"})
    # When they send it
    page = send(sender, FULL)
    # Then they get to the end with a reference
    assert sender.path == "/done"
    (response,) = list_responses(app)
    assert f"{response.reference[:5]}-{response.reference[5:]}" in page.text
    # And the clinic has just what they said, who they are, and what they agreed to
    (opened,) = open_all(app, response.reference)
    assert opened.sent.response.answers["age"] == Number("34")
    assert opened.sent.response.answers["consent-to-share"] == Coded(("agree",))
    assert "heart-kind" not in opened.sent.response.answers
    assert opened.sent.response.dropped == ("heart-kind",)
    assert "heart-kind" in read_answers(app, sender)  # D-5: it stays in the draft
    patient = opened.sent.patient
    assert (patient.name, patient.birth) == ("Zoë O’Test", (1990, 5, 3))
    assert patient.contact == "555 0100, zoe@example.test"
    assert patient.appointment == (NEXT_YEAR, 12, 1)
    consent = opened.sent.consent
    assert consent.text.startswith("I agree that staff at Demonstration clinic may read my answers")
    assert "You can ask Demonstration clinic for a copy" in consent.text
    assert (consent.language, consent.edition, consent.agreed_at) == ("en", response.edition_hash, clock.now)


def test_only_sending_asks_who_somebody_is(visitor: Visitor) -> None:
    # Every other page has neither such a box nor a token that makes a browser fill one in (S6, WCAG 1.3.5)
    visitor.start()
    for address in ("/questions/1", "/questions/2", "/check", "/share", "/summary", "/done", "/resume"):
        visitor.get(address)
        assert [control for control in visitor.document.controls if control.get("autocomplete", "off") != "off"] == []
        assert "patient-name" not in visitor.document.ids
    visitor.get(SEND)
    tokens = {
        control["name"]: control["autocomplete"] for control in visitor.document.controls if "autocomplete" in control
    }
    assert tokens == {
        "patient-name": "name",
        "patient-birth-day": "bday-day",
        "patient-birth-month": "bday-month",
        "patient-birth-year": "bday-year",
        "patient-phone": "tel",
        "patient-email": "email",
        "patient-appointment-day": "off",
        "patient-appointment-month": "off",
        "patient-appointment-year": "off",
    }


def test_the_example_of_a_date_of_birth_is_one(sender: Visitor) -> None:
    page = sender.get(SEND)
    assert page.text.count("For example, 3 May 1974.") == 1
    # And the appointment is still to come, which a day with a fixed year soon is not
    assert page.text.count("For example") == 1
    assert page.text.count("Write the month as a word or a number, and the year with four digits.") == 1


def test_nothing_is_chosen_and_nothing_filled_in_beforehand(sender: Visitor) -> None:
    sender.get(SEND)
    fields = sender.find_form(SEND).fields
    assert {name: values for name, values in fields.items() if name.startswith("patient-") and any(values)} == {}
    assert "consent-to-share" not in fields


BIRTH = ("patient-birth-day", "patient-birth-month", "patient-birth-year")
LACKING = {
    "no name": (
        {"patient-name": " "},
        "patient-name",
        "Name: enter it, so that the clinic knows whose answers these are",
    ),
    "no birth": (dict.fromkeys(BIRTH, ""), BIRTH[0], "Date of birth: enter it"),
    "not born yet": ({BIRTH[2]: "2990"}, BIRTH[0], "Date of birth: enter a date that is today or earlier"),
    "no such day": (
        {BIRTH[0]: "31", BIRTH[1]: "June"},
        BIRTH[0],
        "Date of birth: enter a date that is in the calendar",
    ),
    "half a year": ({BIRTH[2]: "90"}, BIRTH[2], "Date of birth: enter the year with four digits"),
    "a word for a day": (
        {"patient-appointment-day": "soon"},
        "patient-appointment-day",
        "Appointment: enter a day, a month and a year",
    ),
    "too long": (
        {"patient-phone": "5" * 201},
        "patient-phone",
        "Phone number: shorten this to 200 characters or fewer",
    ),
    "a phone without digits": (
        {"patient-phone": "my mobile"},
        "patient-phone",
        "Phone number: enter it in digits, or leave this blank",
    ),
    "an address without an @": (
        {"patient-email": "zoe.example.test"},
        "patient-email",
        "E-mail address: enter it with an @",
    ),
    "no consent": (
        {"consent-to-share": ""},
        "consent-to-share",
        "Agreement to share answers: choose “I agree” to send your answers",
    ),
}


@pytest.mark.parametrize(("typed", "control", "sentence"), LACKING.values(), ids=LACKING)
def test_what_is_lacking_is_said_at_the_top_and_beside_the_box(
    sender: Visitor, app: Flask, typed: dict[str, str], control: str, sentence: str
) -> None:
    page = send(sender, {**FULL, **typed})
    assert sender.status == UNREADABLE
    assert page.title.startswith("Error: ")
    assert page.text.count(sentence) == 2
    assert f"#{control}" in page.links
    assert control in page.ids
    assert list_responses(app) == []


def test_an_appointment_that_is_past_is_asked_about_and_can_stay(sender: Visitor, app: Flask) -> None:
    past = {**FULL, "patient-appointment-year": "2020"}
    page = send(sender, past)
    assert (sender.status, list_responses(app)) == (UNREADABLE, [])
    assert page.title.startswith("Is this right? Send your answers to the clinic – ")
    assert page.text.count("Appointment: this day is before today. Is it right?") == 2
    assert "patient-appointment-day" in page.ids
    assert "Yes, 1 12 2020 is right" in page.text
    assert "aria-invalid" not in str(page.controls)
    # When they put another day that is past, saying that the first was right says nothing about it
    kept = {**past, "patient-appointment-confirmed": "1 12 2020"}
    send(sender, {**kept, "patient-appointment-day": "2"}, form=sender.find_form(SEND))
    assert (sender.status, list_responses(app)) == (UNREADABLE, [])
    # And when it is right, it is sent
    send(sender, kept, form=sender.find_form(SEND))
    (response,) = list_responses(app)
    (opened,) = open_all(app, response.reference)
    assert opened.sent.patient.appointment == (2020, 12, 1)


def test_today_is_no_day_that_is_past(sender: Visitor, app: Flask) -> None:
    today = find_services(app).today()
    parts = {"day": today.day, "month": today.month, "year": today.year}
    send(sender, {**WHO, **{f"patient-appointment-{part}": f"{number}" for part, number in parts.items()}})
    assert len(list_responses(app)) == 1


def test_a_failed_check_another_page_and_a_day_keep_what_was_typed(sender: Visitor, clock: Clock) -> None:
    # D-4
    typed = {**FULL, "patient-name": ' Zo"ë\u202e <b>', "patient-birth-year": "19"}
    send(sender, typed)
    assert sender.status == UNREADABLE
    for _ in range(2):
        fields = sender.find_form(SEND).fields
        assert {name: fields[name] for name in FULL} == {
            name: [value] if isinstance(value, str) else value for name, value in typed.items()
        }
        clock.advance(hours=23)
        sender.get(SEND)


def test_what_was_typed_is_sealed_like_an_answer(sender: Visitor, app: Flask, clock: Clock) -> None:
    # A token that died over it keeps it too, and so does a form that is gone (S38)
    sender.get(SEND)
    form = sender.find_form(SEND)
    form.fields["csrf_token"] = ["dead"]
    page = send(sender, WHO, form=form)
    assert sender.status == 400
    assert sender.find_form(SEND).fields["patient-name"] == ["Zoë O’Test"]
    assert "This page was open for a long time" in page.text
    clock.advance(hours=25)
    page = send(sender, WHO, form=sender.find_form(SEND))
    assert sender.status == GONE
    assert "Zoë O’Test" in page.text
    sender.post(form=sender.find_form("/start"))
    sender.get(SEND)
    assert sender.find_form(SEND).fields["patient-name"] == ["Zoë O’Test"]
    assert "consent-to-share" not in sender.find_form(SEND).fields
    assert list_responses(app) == []


def test_what_breaks_on_our_side_shows_what_was_typed_and_is_sent_once_when_it_works(
    sender: Visitor, app: Flask
) -> None:
    # Given a database that is there, and refuses a response for a reason that only a fault of ours can have
    with begin_write(find_services(app).engine) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON responses BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    # When somebody sends
    page = send(sender)
    # Then all they typed stands there, with a button that sends it again and a number to tell the clinic
    assert sender.status == 500
    assert page.headings == ["This is not saved yet"]
    assert "The number of this fault is " in page.text
    kept = sender.find_form(SEND)
    assert {name: kept.fields[name] for name in WHO} == {name: [value] for name, value in WHO.items()}
    assert sender.last is not None
    assert "Retry-After" not in sender.last.headers
    # And when it works again, that sends it, once
    with begin_write(find_services(app).engine) as connection:
        connection.exec_driver_sql("DROP TRIGGER refuse")
    for _ in range(2):
        sender.post(form=kept, action="send")
        assert (sender.path, sender.status) == ("/done", 200)
    assert len(list_responses(app)) == 1


def test_who_does_not_agree_sends_nothing_and_still_prints(sender: Visitor, app: Flask) -> None:
    # L-11: and is asked for nothing more
    page = send(sender, {"consent-to-share": "do-not-agree", "patient-name": "Zoë"})
    assert sender.status == 200
    assert "nothing was sent" in page.text
    assert "/summary" in page.links
    assert list_responses(app) == []
    sender.get(SEND)
    assert sender.find_form(SEND).fields["patient-name"] == ["Zoë"]
    assert sender.get("/summary").title.startswith("Summary for your visit")


def test_what_cannot_be_read_is_left_out_only_when_the_person_says_so(sender: Visitor, app: Flask) -> None:
    answer(sender, "/questions/1", {"age": "seventeen", "reason-for-visit": ["ptsd"]})
    page = send(sender)
    assert sender.status == UNREADABLE
    assert "it cannot be sent" in page.text
    # It can be gone to from there, and what was typed is kept
    assert sender.last is not None
    assert 'name="action" value="visit:visit">' in sender.last.text
    sender.post(form=sender.find_form(SEND), action="visit:visit")
    assert sender.path == "/questions/1"
    assert list_responses(app) == []
    sender.get(SEND)
    send(sender, {**WHO, "patient-unread": "leave-out"})
    (response,) = list_responses(app)
    (opened,) = open_all(app, response.reference)
    assert "age" not in opened.sent.response.answers
    # And next time they are asked anew
    answer(sender, "/questions/2", {})
    sender.get(SEND)
    assert "patient-unread" not in sender.find_form(SEND).fields


def test_an_answer_changed_in_another_tab_is_never_sent_unseen(sender: Visitor, app: Flask) -> None:
    sender.get(SEND)
    stale = sender.find_form(SEND)
    answer(sender, "/questions/1", {"age": "43"})
    page = send(sender, WHO, form=stale)
    assert sender.status == CONFLICT
    assert "Nothing was sent yet" in page.text
    assert list_responses(app) == []
    send(sender, WHO, form=sender.find_form(SEND))
    assert len(list_responses(app)) == 1


def test_a_page_left_open_by_somebody_else_sends_nothing(visitor: Visitor, app: Flask) -> None:
    # UA-111
    visitor.start()
    visitor.get(SEND)
    left_open = visitor.find_form(SEND)
    visitor.get("/erase")
    visitor.post(form=visitor.find_form("/erase"))
    visitor.start()
    send(visitor, WHO, form=left_open)
    assert visitor.status == GONE
    assert list_responses(app) == []


def test_the_decision_says_who_reads_how_soon_and_until_when(sender: Visitor) -> None:
    page = sender.get("/share")
    for words in (
        "Staff at Demonstration clinic who prepare or run your visit",
        "Staff usually read forms within 2 working days.",
        "days after you send it",
    ):
        assert words in " ".join(page.text.split())
    assert "/share/send" in page.links


def test_the_address_of_the_staff_page_is_on_the_paper_only_after_sending(sender: Visitor, app: Flask) -> None:
    assert sender.client.get("/summary.svg", base_url=ORIGIN).status_code == 404
    before = sender.get("/summary")
    assert "Date of birth" in before.text
    send(sender, FULL)
    (response,) = list_responses(app)
    page: Document = sender.get("/summary")
    text = " ".join(page.text.split())
    assert f"{response.reference[:5]}-{response.reference[5:]}" in text
    assert "Zoë O’Test" in text
    assert "May 3, 1990" in text
    assert "555 0100" not in text  # a paper is easily left lying
    code = sender.client.get("/summary.svg", base_url=ORIGIN)
    assert code.mimetype == "image/svg+xml"
    assert "no-store" in code.headers["Cache-Control"]
