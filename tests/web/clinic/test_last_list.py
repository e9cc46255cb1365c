"""Back to the list: where somebody was, with filters, search and page; and nothing of it in a response's address."""

import pytest
from flask import Flask

from app.questionnaire.answer import Coded
from app.storage.people import Role
from app.storage.worklist import PAGE
from app.web.clinic.asked import STATE_WORDS
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.filled import fill
from tests.web.clinic.review_steps import list_rows, press
from tests.web.clinic.sender import Sender
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor

OPEN = "/clinic/responses"


@pytest.fixture
def reviewer(sign_in: SignIn) -> Visitor:
    """Sign in as a reviewer."""
    return sign_in(Role.REVIEWER)


def find_back(visitor: Visitor) -> str:
    """Return where the link back to the list leads, below the head of the page."""
    assert visitor.last is not None
    [rest] = visitor.last.text.split("Back to the list")[:-1]
    return rest.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


def test_from_a_search_every_page_of_a_response_leads_back_to_it(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    found = Sender(app, clock).send(heart_disease=Coded(("yes",)))
    Sender(app, clock, name="Bo Chen").send()
    reviewer.get(OPEN)
    reviewer.post({"name": "Ruiz", "item": "heart-disease"}, form=reviewer.find_form(OPEN))
    assert reviewer.last is not None
    searched = reviewer.last.request.full_path
    [row] = [link for link in reviewer.document.links if found in link]
    # Beside a reference, the question would tell that this person answered it with something else than No
    assert row == f"{OPEN}/{found}"
    reviewer.get(row)
    assert find_back(reviewer) == searched
    reviewer.get(f"{row}/correct")
    press_back_to_response(reviewer, row)
    press(reviewer, found, "claim")
    assert find_back(reviewer) == searched
    press(reviewer, found, "complete")
    assert find_back(reviewer) == searched
    assert "1 response open" in reviewer.document.text
    reviewer.get(searched)
    assert list_rows(reviewer) == []  # it is reviewed, and the list shows what is open


def press_back_to_response(visitor: Visitor, address: str) -> None:
    assert address in visitor.document.links
    visitor.get(address)


def test_from_a_later_page_it_leads_to_that_page(app: Flask, reviewer: Visitor) -> None:
    fill(app, PAGE + 2)
    every = "&".join(f"state={word}" for word in STATE_WORDS)
    reviewer.get(f"{OPEN}?{every}&order=newest")
    [later] = [link for link in reviewer.document.links if "after=" in link]
    reviewer.get(later)
    rows = list_rows(reviewer)
    reviewer.get(f"{OPEN}/{rows[0]}")
    reviewer.get(find_back(reviewer))
    assert list_rows(reviewer) == rows


def test_it_is_always_a_list_of_ours(app: Flask, clock: Clock, reviewer: Visitor) -> None:
    # security.md S26
    reference = Sender(app, clock).send()
    reviewer.get(f"{OPEN}/{reference}?list=//evil.test&order=newest")
    assert find_back(reviewer) == OPEN
    reviewer.get(f"{OPEN}?order=newest&list=//evil.test&next=//evil.test")
    for broken in ("?state=urgent", "?restricted=shown"):  # of which there is none, and which is not for a reviewer
        reviewer.get(f"{OPEN}{broken}")
        assert reviewer.status in {403, 404}
    reviewer.get(f"{OPEN}/{reference}")
    assert find_back(reviewer) == f"{OPEN}?order=newest"


def test_whoever_signs_in_next_at_this_browser_begins_with_what_is_open(
    app: Flask, clock: Clock, reviewer: Visitor
) -> None:
    reference = Sender(app, clock).send()
    reviewer.get(f"{OPEN}?item=heart-disease")
    clock.advance(minutes=16)  # the session rests for too long
    reviewer.get(f"{OPEN}/{reference}")
    reviewer.post({"as": "lead"}, form=reviewer.find_form("/clinic/demonstration"))
    assert reviewer.path == f"{OPEN}/{reference}"
    assert find_back(reviewer) == OPEN
