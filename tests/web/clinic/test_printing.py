"""The clinic's paper: one response or several, whole, without a blank page, and each accounted for."""

import io

import pypdf
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.output.pdf import MOST_IN_BATCH
from app.questionnaire.answer import Coded
from app.storage.people import Role
from app.vault.reference import make_reference
from app.web.clinic.printing import MOST_PRINTED
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.review_steps import act, use_tool
from tests.web.clinic.sender import Sender, list_acts, read_log
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


def fetch(visitor: Visitor, address: str) -> TestResponse:
    return visitor.client.get(f"/clinic/responses/{address}", base_url=ORIGIN)


def read_pages(answer: TestResponse) -> list[str]:
    assert answer.mimetype == "application/pdf", answer.get_data(as_text=True)
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages]


def test_the_clinics_copy_has_who_it_is_and_why_each_question_is_asked(
    app: Flask, patient: Sender, reviewer: Visitor
) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="A note for the file")
    answer = fetch(reviewer, f"{reference}.pdf?companion=1")
    text = "\n".join(read_pages(answer))
    for words in (reference, "Ana María Ruiz", "Why each question is asked", "coffee?"):
        assert words in text
    assert "A note for the file" not in text
    assert answer.headers["Content-Disposition"] == f'inline; filename="{reference}.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert list_acts(app, reference)[-1] == ("response.printed", "done")
    assert read_log(app, reference)[-1].event.about == {"by": "page", "notes": 0, "version": 1}


def test_nothing_is_ticked_in_advance_that_makes_the_paper_longer(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    reviewer.get(f"/clinic/responses/{reference}")
    assert set(reviewer.find_form(f"/clinic/responses/{reference}.pdf").fields) == {"version"}


def test_notes_are_on_the_paper_when_they_are_asked_for(app: Flask, patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    act(reviewer, reference, "note", note="A note for the file")
    text = "\n".join(read_pages(fetch(reviewer, f"{reference}.pdf?notes=1")))
    assert "A note for the file" in text
    assert "Demonstration reviewer" in text
    assert "Why each question is asked" not in text
    assert read_log(app, reference)[-1].event.about["notes"] == 1


def test_of_several_versions_the_paper_says_which_it_is(patient: Sender, reviewer: Visitor) -> None:
    reference = patient.send()
    assert "Version" not in read_pages(fetch(reviewer, f"{reference}.pdf"))[0]
    patient.send(heart_disease=Coded(("yes",)))
    for query, words in (("", "Version 2."), ("?version=1", "Version 1 of 2.")):
        assert words in " ".join(read_pages(fetch(reviewer, f"{reference}.pdf{query}"))[0].split())


def test_several_are_one_file_without_a_blank_page_and_one_entry_each(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    sent = [Sender(app, clock, name=f"Person {number}").send() for number in range(3)]
    pages = read_pages(fetch(reviewer, "print?" + "&".join(f"reference={one}" for one in sent[:2])))
    assert all(len(page.strip()) > 60 for page in pages), pages
    text = "\n".join(pages)
    assert ("Person 0" in text, "Person 1" in text, "Person 2" in text) == (True, True, False)
    printed = [entry.event.subject for entry in read_log(app, action="response.printed")]
    assert printed == [one.replace("-", "") for one in sent[:2]]


def test_what_cannot_be_printed_is_named_and_the_others_are_offered(
    app: Flask, clock: Clock, reviewer: Visitor, sign_in: SignIn
) -> None:
    fine, restricted = (Sender(app, clock, name=f"Person {number}").send() for number in range(2))
    lead = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    use_tool(lead, restricted, "restrict", reason="law")
    lead.post(form=lead.find_form(f"/clinic/responses/{restricted}/restrict"))
    page = reviewer.get(f"/clinic/responses/print?reference={fine}&reference={restricted}&reference=77777-7777H")
    assert reviewer.status == 422
    assert restricted in page.text
    assert "77777-7777H" in page.text
    assert reviewer.find_form("/clinic/responses/print").fields == {"reference": [fine]}
    outcomes = [entry.event.outcome for entry in read_log(app, action="response.printed")]
    assert outcomes == ["refused", "refused"]


def test_nothing_ticked_and_too_many_are_told(app: Flask, reviewer: Visitor) -> None:
    assert "Tick the responses to print" in reviewer.get("/clinic/responses/print").text
    assert MOST_PRINTED <= MOST_IN_BATCH
    many = "&".join(f"reference={make_reference()}" for _ in range(MOST_PRINTED + 1))
    page = reviewer.get(f"/clinic/responses/print?{many}&reference=no-reference")
    assert reviewer.status == 422
    assert "25 responses at most are printed together. Tick fewer." in page.text
    tried = [(one.event.outcome, one.event.about["chosen"]) for one in read_log(app, action="response.printed")]
    assert tried == [("incomplete", 0), ("incomplete", 26)]  # none of them was looked up


@pytest.mark.parametrize("query", ["?version=9", "?version=x", "?paper=a0"])
def test_a_paper_that_is_not_there_is_not_printed(app: Flask, patient: Sender, reviewer: Visitor, query: str) -> None:
    reference = patient.send()
    assert fetch(reviewer, f"{reference}.pdf{query}").status_code == 404
    assert read_log(app, action="response.printed") == []
