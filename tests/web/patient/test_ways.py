"""The ways out of a page and back: finishing later loses nothing typed, and a page beside the form leads back to it."""

import pytest
from flask import Flask

from tests.web.patient.sender import SEND, WHO, list_responses, send
from tests.web.patient.visitor import Visitor

BESIDE = ("/privacy", "/about-ketamine", "/for-clinicians", "/accessibility", "/support")


@pytest.mark.parametrize("path", ["/questions/1", "/check", SEND])
def test_where_something_is_typed_the_only_way_to_finish_later_saves_it(visitor: Visitor, path: str) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    page = visitor.get(path)
    assert page.text.count("Finish later") == 1
    assert "/resume" not in page.links
    assert (page.text.count("Someone to talk to"), page.text.count("Erase my answers")) == (1, 1)
    assert ({"/support", "/erase"} <= set(page.links)) is (path == SEND)  # else they are buttons, which save
    visitor.post(form=visitor.find_form(path), action="later")
    assert visitor.path == "/resume"


@pytest.mark.parametrize("path", ["/", "/share", "/summary", "/done", "/support"])
def test_every_other_page_has_it_at_its_foot(visitor: Visitor, path: str) -> None:
    visitor.start()
    assert "/resume" in visitor.get(path).links


def test_finishing_later_on_the_check_page_saves_what_was_ticked_there(visitor: Visitor) -> None:
    visitor.start()
    visitor.get("/check")
    visitor.post({"answers-checked": "yes"}, form=visitor.find_form("/check"), action="later")
    assert visitor.path == "/resume"
    visitor.get("/check")
    assert visitor.find_form("/check").fields["answers-checked"] == ["yes"]


def test_finishing_later_keeps_what_was_typed_to_send_and_sends_nothing(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    visitor.get(SEND)
    visitor.post({**WHO, "patient-birth-year": "19"}, form=visitor.find_form(SEND), action="later")
    assert visitor.path == "/resume"
    assert list_responses(app) == []
    visitor.get(SEND)
    fields = visitor.find_form(SEND).fields
    assert (fields["patient-name"], fields["patient-birth-year"]) == ([WHO["patient-name"]], ["19"])


@pytest.mark.parametrize("path", BESIDE)
def test_a_page_beside_the_form_leads_back_to_where_it_was_left(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert "Back to your form" not in page.text
    assert "/" in page.links
    visitor.start()
    visitor.post({"age": "34"})
    here = visitor.path
    page = visitor.get(path)
    assert page.text.count("Back to your form") == 1
    assert here in page.links
    # It says the same to everybody, also to who has sent
    send(visitor)
    assert visitor.get(path).text == page.text


def test_the_number_to_call_in_danger_is_a_link_on_every_page(visitor: Visitor) -> None:
    for path in ("/", "/support", "/resume", "/privacy"):
        document = visitor.get(path)
        assert "tel:911" in document.links, path
        assert "<a" not in document.text, path
