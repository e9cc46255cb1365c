"""The page of a response: everything the patient gave, as given, with reasons, notes, versions and its story."""

import re

import pytest
from flask import Flask
from sqlalchemy.event import listen

from app.questionnaire.answer import Coded, Text
from app.storage.audit import Event, append_event
from app.storage.engine import begin_write
from app.storage.people import Role
from app.vault.reference import parse_reference
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import act, open_response
from tests.web.clinic.sender import CONSENT, Sender, find_services, list_acts, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor


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


def test_words_stand_as_they_were_typed_escaped_and_in_their_own_direction(patient: Sender, reviewer: Visitor) -> None:
    open_response(reviewer, patient.send())
    html = read_html(reviewer)
    assert "“<bdi>Is it &lt;b&gt;safe&lt;/b&gt; with “tea” &amp; coffee?\nתמר</bdi>”" in html
    assert "<bdi>Ana María Ruiz</bdi>" in html
    assert "<bdi>ana@example.org</bdi>" in html


def test_number_and_address_are_each_named(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    open_response(reviewer, Sender(app, clock, contact="555 0100, ana@example.org").send())
    html = re.sub(r"\s+", "", read_html(reviewer))
    assert "<dt>Phonenumber</dt><dd><bdi>5550100</bdi></dd>" in html
    assert "<dt>E-mailaddress</dt><dd><bdi>ana@example.org</bdi></dd>" in html
    assert "<dt>Contact</dt>" not in html
    # And what staff wrote in their place stays whole
    open_response(reviewer, Sender(app, clock, contact="her sister, 555 0100").send())
    assert "<dt>Contact</dt><dd><bdi>hersister,5550100</bdi></dd>" in re.sub(r"\s+", "", read_html(reviewer))


def test_the_face_sheet_has_all_headings_for_everybody(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    # D-2: the same six headings in the same order, and one style
    yes = Sender(app, clock).send(heart_disease=Coded(("yes",)), suicidal_thoughts=Coded(("yes",)))
    plain = Sender(app, clock, name="Plain").send()
    seen = []
    for reference in (yes, plain):
        open_response(reviewer, reference)
        html = read_html(reviewer)
        seen.append(re.findall(r"<h3>([^<]+)</h3>", html)[:8])
        classes = set(re.findall(r'class="([^"]+)"', html.partition('class="face"')[2].partition('id="answers"')[0]))
        assert classes <= {"plain screen", "plain paper", "plain said screen", "plain said paper", "all"}
    assert seen[0][-6:] == ["Yes", "Not sure", "Prefer not to say", "No", "Does not apply", "Not answered"]
    assert seen[0][-6:] == seen[1][-6:]


def test_why_a_question_is_asked_stands_beside_it_and_is_about_nobody(patient: Sender, reviewer: Visitor) -> None:
    # W-15
    text = open_response(reviewer, patient.send()).text
    assert "general information, not about this patient, and not checked against these answers." in text
    assert "Ketamine raises blood pressure and heart rate" in text


@pytest.mark.parametrize("write", [str.lower, lambda text: text.replace("-", ""), lambda text: f" {text} "])
def test_every_way_of_writing_a_reference_leads_to_the_one_address(
    patient: Sender, reviewer: Visitor, write: object
) -> None:
    reference = patient.send()
    assert callable(write)
    reviewer.get(f"/clinic/responses/{write(reference)}")
    assert reviewer.path == f"/clinic/responses/{reference}"
    assert reviewer.status == 200


def test_what_is_not_there_is_the_same_page_whatever_was_asked(patient: Sender, reviewer: Visitor) -> None:
    # S2
    patient.send()
    bodies = set()
    for reference in ("0000000000", "00000-00000", "nothing", "77777-7777H", "0" * 400):
        answer = reviewer.client.get(f"/clinic/responses/{reference}", base_url=ORIGIN)
        assert answer.status_code == 404
        bodies.add(answer.data)
    assert len(bodies) == 1


def test_opening_is_accounted_for_each_time_also_in_vain(app: Flask, patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    open_response(reviewer, reference)
    open_response(reviewer, reference)
    assert list_acts(app, reference) == [("response.received", "done"), *[("response.opened", "done")] * 2]
    open_response(reviewer, "77777-7777H")
    assert list_acts(app, "77777-7777H") == [("response.opened", "not-found")]
    assert "Ruiz" not in repr(read_log(app))


def test_a_correction_is_shown_with_what_it_changed_and_the_old_one_stays(
    app: Flask, patient: Sender, reviewer: Visitor
) -> None:
    reference = patient.send()
    patient.send(heart_disease=Coded(("yes",)), questions_for_doctor=Text("Another question"))
    page = open_response(reviewer, reference)
    assert "What changed since version 1" in page.text
    changed = read_html(reviewer).partition('class="compared"')[2].partition("</table>")[0]
    assert re.sub(r"\s+", " ", changed).count("Another answer") == 2
    assert "Another question" in changed
    assert "coffee?" in changed
    # The version before can be read, and is told from the newest
    old = reviewer.get(f"/clinic/responses/{reference}?version=1")
    assert "This is version 1. A newer one is there." in old.text
    assert "Another question" not in old.text
    assert [entry.event.about["version"] for entry in read_log(app, reference, "response.opened")] == [2, 1]
    reviewer.get(f"/clinic/responses/{reference}?version=7")
    assert reviewer.status == 404


def test_the_same_persons_earlier_response_is_compared_and_both_are_accounted_for(
    app: Flask, clock: Clock, sign_in: SignIn
) -> None:
    earlier = Sender(app, clock).send()
    clock.advance(days=90)
    later = Sender(app, clock, name="ana maria RUIZ").send(heart_disease=Coded(("not-sure",)))
    other = Sender(app, clock, birth=(1990, 5, 4)).send()
    reviewer = sign_in(Role.REVIEWER)
    page = open_response(reviewer, later)
    assert "What changed since this person’s response of" in page.text
    assert f"Open {earlier}" in page.text
    assert list_acts(app, earlier)[-1] == ("response.opened", "done")
    assert read_log(app, earlier)[-1].event.about["by"] == "comparison"
    for reference in (earlier, other):
        assert "this person’s response of" not in open_response(reviewer, reference).text


def test_consent_language_edition_and_history_are_there(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    act(reviewer, reference, "claim")
    text = open_response(reviewer, reference).text
    for words in (CONSENT, "English", "Taken for review", "Demonstration reviewer", "The program", "Received"):
        assert words in text


def test_pages_are_not_kept_by_a_browser(patient: Sender, reviewer: Visitor) -> None:
    # S6
    open_response(reviewer, patient.send())
    assert reviewer.last is not None
    assert reviewer.last.headers["Cache-Control"] == "no-store"


def test_a_history_that_is_longer_than_the_page_says_so(app: Flask, patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    text = open_response(reviewer, reference).text
    assert "These are the newest" not in text
    services = find_services(app)
    event = Event(action="response.opened", actor="command line", subject=parse_reference(reference))
    with begin_write(services.engine) as connection:
        for _ in range(100):
            append_event(connection, services.desk.chain_key, event, services.now())
    text = open_response(reviewer, reference).text
    assert "These are the newest 100 entries. Those before them are in the audit log." in text


def test_the_responses_of_one_person_are_looked_up_at_once(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    asked: list[str] = []
    listen(find_services(app).engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = set()
    for _ in range(2):
        reference = [Sender(app, clock).send() for _ in range(3)][-1]
        open_response(reviewer, reference)
        asked.clear()
        assert "What changed since this person’s response" in open_response(reviewer, reference).text
        counts.add(len(asked))
    assert len(counts) == 1, counts
