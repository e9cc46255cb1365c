"""After sending: what is shown of it, to whom, and until when; a correction, and *Was this read*."""

from dataclasses import replace

import pytest
from flask import Flask

from app.clinic.profile import DEMONSTRATION
from app.storage.engine import begin_write
from app.storage.responses import erase_response
from app.storage.review import claim, complete, hold_for_call, reopen
from app.vault.reference import format_reference
from tests.web.clinic.meanwhile import Act, try_every_moment
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import SEND, WHO, answer, change_settings, find_services, list_responses, open_all, send
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

GONE = 410
NAME = "Zoë O’Test"


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return somebody who answered a page and sent it."""
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    send(visitor)
    return visitor


def squeeze(text: str) -> str:
    """Return the text with single spaces."""
    return " ".join(text.split())


def read_code(visitor: Visitor) -> str:
    """Return the resume code of the form that is open."""
    visitor.get("/resume")
    assert visitor.last is not None
    return visitor.last.text.partition('<strong translate="no">')[2].partition("<")[0]


def resume(visitor: Visitor, code: str) -> str:
    """Type a resume code and return the page it opens."""
    visitor.get("/resume")
    return squeeze(visitor.post({"code": code}, form=visitor.find_form("/resume")).text)


def review(app: Flask, reviewed: str, clock: Clock) -> None:
    """Do at the clinic's side what the word says."""
    (response,) = list_responses(app)
    with begin_write(find_services(app).engine) as connection:
        match reviewed:
            case "claim":
                claim(connection, response, "nobody-else")
            case "hold":
                hold_for_call(connection, response, "nobody-else", clock.now.date())
            case "complete":
                complete(connection, response, "nobody-else", clock.now)
            case _:
                reopen(connection, response, "nobody-else")


def test_done_says_reference_reading_time_and_until_when(sender: Visitor, app: Flask) -> None:
    (response,) = list_responses(app)
    text = squeeze(sender.get("/done").text)
    for words in (
        format_reference(response.reference),
        "Version 1 was sent on",
        "Staff usually read forms within 2 working days.",
        "The clinic keeps what you sent until",
        "Your form here is deleted by itself on",
        "What you sent stays with the clinic.",
        DEMONSTRATION.contact,
    ):
        assert words in text
    assert NAME not in text
    # Printing comes before erasing, which asks once more
    assert "/erase" in sender.document.links
    assert [form.action for form in sender.document.forms] == []
    assert sender.last is not None
    assert '<a class="button" href="/summary">' in sender.last.text


def test_was_this_read_says_when_and_nothing_else(sender: Visitor, app: Flask, clock: Clock) -> None:
    untouched = squeeze(sender.get("/done").text)
    assert "There is no mark yet." in untouched
    clock.advance(hours=1)
    for step in ("claim", "hold"):
        review(app, step, clock)
        assert squeeze(sender.get("/done").text) == untouched
    clock.advance(hours=2)
    review(app, "complete", clock)
    text = squeeze(sender.get("/done").text)
    assert "Demonstration clinic marked it as read on" in text
    assert "nobody-else" not in text
    review(app, "reopen", clock)
    assert squeeze(sender.get("/done").text) == untouched


def test_who_printed_is_led_to_sending_as_well_and_who_sent_reads_that_first(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    for path in ("/summary", "/done"):
        page = visitor.get(path)
        assert (SEND in page.links, "Send them to the clinic as well" in page.text) == (True, True), path
    change_settings(app, replace(DEMONSTRATION, is_receiving=False))
    for path in ("/summary", "/done"):
        assert SEND not in visitor.get(path).links
    change_settings(app, DEMONSTRATION)
    page = send(visitor)
    assert (visitor.path, page.headings) == ("/done", ["Your answers were sent"])
    assert page.title.startswith("Your answers were sent")
    assert visitor.last is not None
    assert '</h1>\n<p class="code"><span class="muted">Your reference</span>' in visitor.last.text
    # Nothing was changed since, so that nothing leads to sending
    for path in ("/summary", "/done"):
        assert SEND not in visitor.get(path).links


def test_what_would_be_sent_next_is_called_by_its_number(sender: Visitor) -> None:
    # Given somebody who has sent twice and changes an answer
    for age, version in (("43", "2"), ("44", "3")):
        answer(sender, "/questions/1", {"age": age})
        for path in ("/share", "/done", "/summary"):
            page = sender.get(path)
            assert (SEND in page.links, f"Send version {version}" in page.text) == (True, True), path
        text = sender.get("/share").text
        assert ("Only print" in text, "to yourself" in text, "myself" in text) == (True, False, False)
        page = sender.get(SEND)
        assert page.headings == [f"Send version {version} to the clinic"]
        assert page.title.startswith(page.headings[0])
        assert sender.last is not None
        assert f'name="action" value="send">Send version {version}</button>' in sender.last.text
        assert send(sender, {"consent-to-share": "agree"}).headings == [f"Version {version} was sent"]


def test_a_correction_is_a_newer_version_of_the_same_reference(sender: Visitor, app: Flask) -> None:
    # Given somebody who sent, nothing is offered before something was changed
    text = squeeze(sender.get("/share").text)
    assert "Nothing was changed since you sent your answers" in text
    assert "Nothing was changed since." in squeeze(sender.get("/check").text)
    assert "changed after sending" not in sender.get("/summary").text
    # When they change an answer, every page says that it is not with the clinic yet
    answer(sender, "/questions/1?to=check", {"age": "43"})
    for path in ("/check", "/share", "/done"):
        assert "You have changed answers since" in squeeze(sender.get(path).text), path
    assert "Answers on this paper were changed after sending." in squeeze(sender.get("/summary").text)
    # And it can be sent, with what was typed about oneself still there and the consent asked anew
    sender.get(SEND)
    fields = sender.find_form(SEND).fields
    assert fields["patient-name"] == [NAME]
    assert "consent-to-share" not in fields
    send(sender, {"consent-to-share": "agree"})
    assert "Version 2 was sent on" in squeeze(sender.document.text)
    (response,) = list_responses(app)
    first, second = open_all(app, response.reference)
    assert str(first.sent.response.answers["age"]).count("34") == 1
    assert str(second.sent.response.answers["age"]).count("43") == 1
    assert "changed after sending" not in sender.get("/summary").text


def test_nothing_new_is_accepted_when_nothing_was_changed(sender: Visitor, app: Flask) -> None:
    send(sender)
    assert sender.path == "/done"
    # Back and forth is no change either.
    answer(sender, "/questions/1", {"age": "43"})
    answer(sender, "/questions/1", {"age": "34", "reason-for-visit": ["ptsd"]})
    assert "Nothing was changed since." in squeeze(sender.get("/check").text)
    send(sender)
    assert list_responses(app)[0].version == 1
    # Another spelling of one's name is.
    send(sender, {**WHO, "patient-name": "Zoe O'Test"})
    assert list_responses(app)[0].version == 2


def test_who_no_longer_agrees_is_told_whom_to_ask(sender: Visitor, app: Flask) -> None:
    # L-11: what was sent stays until the clinic is asked, and nothing more is sent
    text = squeeze(send(sender, {"consent-to-share": "do-not-agree"}).text)
    (response,) = list_responses(app)
    assert response.version == 1
    assert f"give your reference, {format_reference(response.reference)}" in text


def test_a_changed_draft_does_not_change_whose_paper_it_is(sender: Visitor) -> None:
    send(sender, {**WHO, "patient-name": "Not Sent", "consent-to-share": ""})
    text = sender.get("/summary").text
    assert NAME in text
    assert "Not Sent" not in text


def test_after_a_day_the_resume_code_opens_only_the_receipt(sender: Visitor, app: Flask, clock: Clock) -> None:
    code = read_code(sender)
    clock.advance(hours=25)
    other = make_visitor(app)
    text = resume(other, code)
    assert other.status == 200
    assert "What you sent to the clinic" in text
    assert format_reference(list_responses(app)[0].reference) in text
    assert NAME not in text
    assert "34 years" not in text
    # And leaves nothing on that device
    assert "foreword-draft" not in other.cookie_header
    assert other.get("/done").title.startswith("No form is open")
    # The browser that sent it sees the same as long as it keeps its cookie, and never an answer
    for path in ("/summary", "/check", "/questions/1", "/share", SEND):
        assert "See whether it was read" in sender.get(path).text
        assert sender.status == GONE
    for path in ("/", "/erase"):
        assert "/done" in sender.get(path).links
    assert "What you sent to the clinic" in sender.get("/done").text


def test_erasing_erases_the_draft_and_not_what_was_sent(sender: Visitor, app: Flask) -> None:
    code = read_code(sender)
    (response,) = list_responses(app)
    text = squeeze(sender.get("/erase").text)
    assert "What you sent stays with the clinic until" in text
    assert format_reference(response.reference) in text
    sender.post(form=sender.find_form("/erase"))
    named = f"give your reference, {format_reference(response.reference)}."
    assert named in squeeze(sender.document.text)
    assert list_responses(app) == [response]
    assert len(open_all(app, response.reference)) == 1
    sender.get("/done")
    assert sender.status == GONE  # nothing is left in this browser
    sender.get("/erase")
    assert format_reference(response.reference) not in sender.document.text
    assert "foreword-draft" not in sender.cookie_header
    assert "What you sent to the clinic" in resume(sender, code)


def test_erasing_names_what_another_tab_sends_in_the_middle_of_it(app: Flask) -> None:
    known: set[str] = set()
    person, other = make_visitor(app), make_visitor(app)

    def prepare() -> Act:
        known.update(response.reference for response in list_responses(app))
        person.start()
        resume(other, read_code(person))
        other.get(SEND)
        person.get("/erase")
        form = person.find_form("/erase")
        return lambda: person.post(form=form)

    def act() -> None:
        send(other, form=other.find_form(SEND))

    def check() -> None:
        sent = [format_reference(one.reference) for one in list_responses(app) if one.reference not in known]
        assert [reference in person.document.text for reference in sent] == [True] * len(sent)

    assert try_every_moment(find_services(app).engine, prepare, act, check) >= 2
    assert len(known) == 1  # sent before it was erased; what was sent later came too late


def test_a_code_whose_response_the_clinic_deleted_says_so_too(sender: Visitor, app: Flask) -> None:
    code = read_code(sender)
    sender.get("/erase")
    sender.post(form=sender.find_form("/erase"))
    (response,) = list_responses(app)
    with begin_write(find_services(app).engine) as connection:
        erase_response(connection, response.reference)
    assert resume(sender, code).count("or the clinic has deleted what was sent") == 2


def test_what_the_clinic_deleted_is_said_nowhere_to_be_there(sender: Visitor, app: Flask) -> None:
    (response,) = list_responses(app)
    with begin_write(find_services(app).engine) as connection:
        erase_response(connection, response.reference)
    text = squeeze(sender.get("/done").text)
    assert format_reference(response.reference) not in text
    assert "Version" not in text
    # The draft is still the patient's, and can be sent anew
    send(sender)
    (again,) = list_responses(app)
    assert (again.version, again.reference == response.reference) == (1, False)


@pytest.mark.parametrize("path", ["/", "/check", "/share", "/erase"])
def test_who_has_sent_finds_the_way_back_to_what_happens_next(visitor: Visitor, path: str) -> None:
    visitor.start()
    assert "/done" not in visitor.get(path).links
    send(visitor)
    assert visitor.get(path).links.count("/done") == 1


@pytest.mark.usefixtures("sender")
def test_the_reference_opens_nothing(app: Flask) -> None:
    # S12
    (response,) = list_responses(app)
    stranger = make_visitor(app)
    for code in (response.reference, format_reference(response.reference)):
        for path in (f"/{code}", f"/done/{code}", f"/summary/{code}", f"/share/{code}", f"/clinic/responses/{code}"):
            stranger.get(path)
            assert stranger.last is not None
            assert NAME not in stranger.last.text
        text = resume(stranger, code)
        assert "What you sent" not in text
        assert NAME not in text


@pytest.mark.parametrize("age", ["17", "0"])
def test_a_clinic_can_take_answers_of_minors_on_paper_only(visitor: Visitor, app: Flask, age: str) -> None:
    # L-25, W-16: by the age answered, or by the date of birth; printing goes on
    change_settings(app, replace(DEMONSTRATION, is_print_only_for_minors=True))
    sentence = "This form was written for adults. You can still print it and ask the clinic."
    visitor.start()
    visitor.post({"age": age})
    text = squeeze(visitor.get("/share").text)
    assert sentence in text
    assert SEND not in visitor.document.links
    visitor.get(SEND)
    assert visitor.path == "/share"
    assert visitor.get("/summary").title.startswith("Summary for your visit")
    answer(visitor, "/questions/1", {"age": ""})
    page = send(visitor, {**WHO, "patient-birth-year": f"{find_services(app).today().year - 10}"})
    assert visitor.status == 422
    assert page.text.count(sentence.removesuffix(".")) >= 2
    assert list_responses(app) == []
    send(visitor)  # a slip in the year can be mended
    assert len(list_responses(app)) == 1


def test_by_default_age_is_no_bar(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    visitor.post({"age": "17"})
    send(visitor, {**WHO, "patient-birth-year": f"{find_services(app).today().year - 10}"})
    assert len(list_responses(app)) == 1


def test_pages_follow_what_the_clinic_sets_without_a_restart(visitor: Visitor, app: Flask) -> None:
    # What is drawn once and kept names the clinic too: header, footer, and the questions
    visitor.start()
    visitor.get(SEND)
    settings = replace(DEMONSTRATION, name="Elm Clinic", reading_days=1, retention_days=1, privacy="First.\nSecond.")
    change_settings(app, settings)
    text = squeeze(visitor.get(SEND).text)
    assert "I agree that staff at Elm Clinic may read my answers" in text
    assert "within 1 working day." in text
    assert "deleted 1 day after you send it" in text
    assert "Demonstration clinic" not in text
    assert "First. Second." in squeeze(visitor.get("/privacy").text)
    send(visitor)
    (response,) = list_responses(app)
    assert (response.delete_at - response.sent_at).days == 1
    (opened,) = open_all(app, response.reference)
    assert opened.sent.consent.text.startswith("I agree that staff at Elm Clinic")


def test_a_clinic_without_a_key_can_be_printed_for_and_not_sent_to(visitor: Visitor, app: Flask) -> None:
    services = find_services(app)
    visitor.start()
    with begin_write(services.engine) as connection:
        connection.exec_driver_sql("DELETE FROM clinic_keys")
    services.keeper.forget()
    assert "does not take answers over the internet yet" in squeeze(visitor.get("/share").text)
    visitor.get(SEND)
    assert visitor.path == "/share"


def test_where_a_draft_ends_is_counted_only_for_those_who_did_not_send(visitor: Visitor, app: Flask) -> None:
    def read_reached() -> int | None:
        with begin_write(find_services(app).engine) as connection:
            reached: int | None = connection.exec_driver_sql("SELECT reached FROM drafts").scalar_one()
        return reached

    visitor.start()
    assert read_reached() == 0
    answer(visitor, "/questions/3", {"heart-disease": "yes"})
    third = read_reached()
    # A page that only some answers open is counted as the one before it.
    visitor.post({"heart-kind": "valve"})
    assert read_reached() == third
    send(visitor)
    assert read_reached() is None
    answer(visitor, "/questions/1", {"age": "34"})
    assert read_reached() is None


def test_the_pages_after_sending_are_kept_by_nobody(sender: Visitor) -> None:
    for path in ("/done", "/summary", "/summary.svg", "/share", SEND):
        response = sender.client.get(path, base_url=ORIGIN)
        assert "no-store" in response.headers["Cache-Control"], path
