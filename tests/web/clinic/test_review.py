"""Reviewing: one person at a time, the second is told who and what, and nothing that anybody typed is ever lost."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.questionnaire.answer import Coded
from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.responses import ReviewStatus, StoredResponse, erase_response
from app.storage.tables import RESPONSE_VERSIONS
from app.vault.reference import parse_reference
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.meanwhile import Act, try_every_moment
from tests.web.clinic.review_steps import act, list_rows, open_response, press, use_tool
from tests.web.clinic.sender import Sender, find_services, find_stored, list_acts, read_log
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Form, Visitor

LEAST_MOMENTS = 3
NOTE = "Called – “much better” <b>\n\nsince Monday \U0001f33b"


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


@pytest.fixture
def lead(sign_in: SignIn) -> Visitor:
    """Sign in as somebody who is both reviewer and administrator."""
    return sign_in(Role.REVIEWER, Role.ADMINISTRATOR)


@pytest.fixture
def patient(app: Flask, clock: Clock) -> Sender:
    """Return somebody who has not sent yet."""
    return Sender(app, clock)


@pytest.fixture
def reference(patient: Sender) -> str:
    """Return the reference of a response that has come in."""
    return patient.send()


def read_stored(app: Flask, reference: str) -> StoredResponse:
    stored = find_stored(app, reference)
    assert stored is not None
    return stored


def find_review(visitor: Visitor, reference: str) -> Form:
    return visitor.find_form(f"/clinic/responses/{reference}/review")


def read_facts(visitor: Visitor) -> dict[str, str]:
    """Return what stands at the head of a response's page."""
    assert visitor.last is not None
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", visitor.last.get_data(as_text=True)))


def test_a_review_from_the_first_look_to_the_last(app: Flask, reference: str, reviewer: Visitor, clock: Clock) -> None:
    act(reviewer, reference, "claim")
    assert read_stored(app, reference).review_status is ReviewStatus.IN_PROGRESS
    due = (clock.now + timedelta(days=3)).date().isoformat()
    press(reviewer, reference, "call", call_on=due)
    assert (read_stored(app, reference).review_status, read_stored(app, reference).call_on) == ("on-hold", due)
    assert "Needs a call by" in reviewer.document.text
    press(reviewer, reference, "release")
    assert (read_stored(app, reference).owner, read_stored(app, reference).call_on) == (None, None)
    press(reviewer, reference, "complete")
    assert reviewer.path == f"/clinic/responses/{reference}/reviewed"
    assert read_stored(app, reference).reviewed_at == clock.now
    act(reviewer, reference, "reopen")
    assert read_stored(app, reference).review_status is ReviewStatus.IN_PROGRESS
    done = [action for action, _ in list_acts(app, reference) if action not in {"response.opened", "response.received"}]
    assert done == [f"response.{word}" for word in ("claimed", "held-for-call", "released", "reviewed", "reopened")]


def test_a_call_is_due_today_unless_another_day_is_chosen(app: Flask, reference: str, reviewer: Visitor) -> None:
    services = find_services(app)
    with app.app_context():
        today = services.today().isoformat()
    act(reviewer, reference, "call")
    assert read_stored(app, reference).call_on == today
    press(reviewer, reference, "call", call_on="2099-01-01")
    assert find_review(reviewer, reference).fields["call-on"] == ["2099-01-01"]


def test_reviewed_leaves_the_list_in_one_step_and_offers_the_one_that_waits_longest(
    app: Flask, clock: Clock, reference: str, reviewer: Visitor
) -> None:
    # UA-103
    following = Sender(app, clock, name="Bo Chen").send()
    Sender(app, clock, name="Cy Diaz").send()
    act(reviewer, reference, "complete")
    assert f"Response {reference} is reviewed" in reviewer.document.text
    assert "Bo Chen" in reviewer.document.text
    assert f"/clinic/responses/{following}" in reviewer.document.links
    reviewer.post(form=reviewer.find_form("/clinic/responses/next/claim"))
    assert reviewer.path == f"/clinic/responses/{following}"
    reviewer.get("/clinic/responses")
    assert reference not in list_rows(reviewer)


def test_two_reviewers_at_once_are_one_result_and_neither_note_is_lost(
    app: Flask, reference: str, reviewer: Visitor, lead: Visitor
) -> None:
    # S35
    open_response(reviewer, reference)
    open_response(lead, reference)
    press(lead, reference, "complete", note="Lead’s note")
    page = press(reviewer, reference, "claim", note=NOTE, note_heart_disease="Beside an answer")
    assert reviewer.status == 409
    assert "Demonstration lead was first: marked reviewed" in page.text
    assert read_stored(app, reference).review_status is ReviewStatus.COMPLETED
    fields = find_review(reviewer, reference).fields
    assert fields["note"] == [NOTE]
    assert "Beside an answer" in page.text
    # Pressed again on what is shown now, it is done, and both notes stand there
    press(reviewer, reference, "reopen", note=NOTE, note_heart_disease="Beside an answer")
    text = open_response(reviewer, reference).text
    for words in ("Lead’s note", "since Monday", "Beside an answer"):
        assert words in text
    assert [outcome for action, outcome in list_acts(app, reference) if action == "response.claimed"] == ["stale"]


def test_a_note_is_saved_whoever_changed_the_state_meanwhile(
    app: Flask, reference: str, reviewer: Visitor, lead: Visitor
) -> None:
    open_response(reviewer, reference)
    act(lead, reference, "claim")
    press(reviewer, reference, "note", note=NOTE)
    assert reviewer.status == 200
    assert "since Monday" in reviewer.document.text
    assert read_stored(app, reference).owner


def test_a_second_click_does_nothing_more_and_scares_nobody(app: Flask, reference: str, reviewer: Visitor) -> None:
    open_response(reviewer, reference)
    form = find_review(reviewer, reference)
    for _ in range(2):
        reviewer.post({"note": NOTE}, form=form, action="complete")
        assert reviewer.path == f"/clinic/responses/{reference}/reviewed"
    acts = [action for action, _ in list_acts(app, reference)]
    assert (acts.count("response.reviewed"), acts.count("response.noted")) == (1, 1)


def test_a_newer_version_that_came_meanwhile_is_not_marked_reviewed_unread(
    app: Flask, patient: Sender, reference: str, reviewer: Visitor
) -> None:
    open_response(reviewer, reference)
    patient.send(heart_disease=Coded(("yes",)))
    page = press(reviewer, reference, "complete", note=NOTE)
    assert reviewer.status == 409
    assert "A newer version came in while you had this open" in page.text
    assert "What changed since version 1" in page.text
    assert find_review(reviewer, reference).fields["note"] == [NOTE]
    assert read_stored(app, reference).review_status is ReviewStatus.REQUESTED
    press(reviewer, reference, "complete", note=NOTE)
    assert read_stored(app, reference).review_status is ReviewStatus.COMPLETED


@pytest.mark.parametrize(
    ("before", "action", "call_on"),
    [
        ("", "note", ""),
        ("", "claim", ""),
        ("", "complete", ""),
        ("", "call", ""),
        ("", "call", "2020-01-01"),
        ("", "call", "2099-01-01"),
        ("claim", "release", ""),
        ("complete", "reopen", ""),
    ],
)
def test_nothing_is_done_to_a_newer_version_before_it_was_shown(
    app: Flask, patient: Sender, reference: str, reviewer: Visitor, before: str, action: str, call_on: str
) -> None:
    # Given the page of version 1, and a version 2 that came in meanwhile
    if before:
        act(reviewer, reference, before)
    open_response(reviewer, reference)
    assert "Version" not in read_facts(reviewer)
    patient.send(heart_disease=Coded(("yes",)))
    stored = read_stored(app, reference)
    # When anything is pressed, also what has to be looked at again
    typed = {"note": NOTE, "note_heart_disease": "Beside an answer", "call_on": call_on}
    page = press(reviewer, reference, action, **typed)
    # Then it is told above all, nothing was done, and all that was typed is there
    assert reviewer.status == 409
    assert "A newer version came in while you had this open" in page.text
    assert read_facts(reviewer)["Version"].startswith("2, sent ")
    fields = find_review(reviewer, reference).fields
    assert (fields["note"], fields["version"]) == ([NOTE], ["2"])
    assert "Beside an answer" in page.text
    assert read_stored(app, reference) == stored
    assert ("response.noted", "done") not in list_acts(app, reference)
    # And what is pressed on what is shown now is not told so again
    assert "A newer version came in" not in press(reviewer, reference, "note", **typed).text
    assert list_acts(app, reference).count(("response.noted", "done")) == 2


@pytest.mark.parametrize("action", ["note", "call", "claim", "complete"])
def test_at_whatever_moment_a_newer_version_comes_nothing_is_written_about_it_unseen(
    app: Flask, clock: Clock, reviewer: Visitor, action: str
) -> None:
    senders, before = list[tuple[Sender, str]](), list[int]()

    def prepare() -> Act:
        sender = Sender(app, clock, name=f"Ana {'abcdefghijklmnopqrstuvwxyz'[len(senders)]}")
        senders.append((sender, sender.send()))
        open_response(reviewer, senders[-1][1])
        return lambda: press(reviewer, senders[-1][1], action, note=NOTE, call_on="2099-01-01")

    def check() -> None:
        reference = senders[-1][1]
        after = list_acts(app, reference)[before[-1] :]
        assert not {("response.noted", "done"), ("response.reviewed", "done")} & set(after)
        if reviewer.status == 409:
            assert "A newer version came in" in reviewer.document.text

    def send() -> None:
        before.append(len(list_acts(app, senders[-1][1])))
        senders[-1][0].send(heart_disease=Coded(("yes",)))

    assert try_every_moment(find_services(app).engine, prepare, send, check) >= LEAST_MOMENTS


def test_a_newer_version_is_told_to_whoever_signs_in_again_to_what_they_typed(
    clock: Clock, patient: Sender, reference: str, reviewer: Visitor
) -> None:
    open_response(reviewer, reference)
    form = find_review(reviewer, reference)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE}, form=form, action="complete")
    patient.send(heart_disease=Coded(("yes",)))
    reviewer.post({"as": "reviewer"}, form=reviewer.find_form("/clinic/demonstration"))
    assert reviewer.path == f"/clinic/responses/{reference}"
    assert "A newer version came in while you had this open" in reviewer.document.text
    assert find_review(reviewer, reference).fields["note"] == [NOTE]


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_note_beside_an_answer_that_the_newer_version_does_not_have_is_still_there(
    app: Flask, patient: Sender, reviewer: Visitor, *, is_broken: bool
) -> None:
    # Given a note beside an answer that is asked for only by another
    reference = patient.send(pregnancy=Coded(("yes",)))
    open_response(reviewer, reference)
    assert "note-pregnancy-weeks" in reviewer.document.ids
    # When a version comes in meanwhile in which it is not asked, or which does not open
    patient.send(pregnancy=Coded(("no",)))
    if is_broken:
        with begin_write(find_services(app).engine) as connection:
            newest = RESPONSE_VERSIONS.c.version == 2
            connection.execute(update(RESPONSE_VERSIONS).where(newest).values(sealed=b"x" * 99))
    press(reviewer, reference, "claim", note_pregnancy_weeks=NOTE)
    # Then what was typed stands in a box under the note on the whole, and is stored with the next act
    assert reviewer.status == 409
    assert find_review(reviewer, reference).fields["note-pregnancy-weeks"] == [NOTE]
    press(reviewer, reference, "claim")
    assert "since Monday" in open_response(reviewer, reference).text


def test_a_correction_of_what_is_reviewed_comes_back_to_the_list(
    patient: Sender, reference: str, reviewer: Visitor
) -> None:
    act(reviewer, reference, "complete")
    patient.send(heart_disease=Coded(("yes",)))
    reviewer.get("/clinic/responses")
    assert list_rows(reviewer) == [reference]


@pytest.mark.parametrize(
    ("action", "typed", "advice"),
    [
        ("call", {"call_on": ""}, "Enter the day by which somebody has to call"),
        ("call", {"call_on": "2020-01-01"}, "Enter a day from today on"),
        ("note", {}, "Write the note before you save it"),
    ],
)
def test_what_is_missing_is_told_and_what_was_typed_stays(
    app: Flask, reference: str, reviewer: Visitor, action: str, typed: dict[str, str], advice: str
) -> None:
    kept = {} if action == "note" else {"note": NOTE, "note_heart_disease": "Beside an answer"}
    page = act(reviewer, reference, action, **typed, **kept)
    assert reviewer.status == 422
    assert advice in page.text
    if kept:
        assert find_review(reviewer, reference).fields["note"] == [NOTE]
        assert "Beside an answer" in page.text
    last = [outcome for name, outcome in list_acts(app, reference) if name != "response.opened"][-1]
    assert last == "incomplete"


def test_a_session_that_ends_under_a_note_keeps_it(app: Flask, clock: Clock, reference: str, reviewer: Visitor) -> None:
    # S38
    open_response(reviewer, reference)
    form = find_review(reviewer, reference)
    clock.advance(minutes=16)
    reviewer.post({"note": NOTE, "note-heart-disease": "Beside an answer"}, form=form, action="complete")
    assert reviewer.path == "/clinic/sign-in"
    assert read_stored(app, reference).review_status is ReviewStatus.REQUESTED
    reviewer.post({"as": "reviewer"}, form=reviewer.find_form("/clinic/demonstration"))
    assert reviewer.path == f"/clinic/responses/{reference}"
    assert "Save it again" in reviewer.document.text
    assert find_review(reviewer, reference).fields["note"] == [NOTE]
    press(reviewer, reference, "complete", note_heart_disease="Beside an answer")
    assert [action for action, _ in list_acts(app, reference)].count("response.noted") == 2
    assert "Save it again" not in open_response(reviewer, reference).text


def test_what_was_typed_on_a_response_that_is_gone_is_shown_again(
    app: Flask, reference: str, reviewer: Visitor
) -> None:
    open_response(reviewer, reference)
    with begin_write(find_services(app).engine) as connection:
        erase_response(connection, parse_reference(reference))
    page = press(reviewer, reference, "complete", note=NOTE)
    assert reviewer.status == 410
    assert "since Monday" in page.text


def test_what_was_typed_on_a_response_that_was_restricted_is_shown_again(
    reference: str, reviewer: Visitor, lead: Visitor
) -> None:
    open_response(reviewer, reference)
    use_tool(lead, reference, "restrict", reason="patient-asked")
    lead.post(form=lead.find_form(f"/clinic/responses/{reference}/restrict"))
    page = press(reviewer, reference, "note", note=NOTE)
    assert reviewer.status == 403
    assert "since Monday" in page.text


def test_a_button_that_nobody_drew_does_nothing(app: Flask, reference: str, reviewer: Visitor) -> None:
    act(reviewer, reference, "escalate")
    assert reviewer.status == 404
    assert read_stored(app, reference).revision == 0


def test_taking_over_names_who_had_it(app: Flask, reference: str, reviewer: Visitor, lead: Visitor) -> None:
    # UA-106
    act(reviewer, reference, "claim")
    page = open_response(lead, reference)
    assert "Take it over from Demonstration reviewer" in page.text
    press(lead, reference, "claim")
    assert read_log(app, reference, "response.claimed")[-1].event.actor == read_stored(app, reference).owner
