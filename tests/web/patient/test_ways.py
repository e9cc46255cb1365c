"""The ways out of a page and back: finishing later and clearing lose nothing typed, a change leads back to its answer.

And a page beside the form leads back to it.
"""

import pytest
from flask import Flask

from tests.web.patient.sender import SEND, WHO, find_services, list_responses, send
from tests.web.patient.stored import read_answers
from tests.web.patient.visitor import Visitor

FIRST = "/questions/1"
BESIDE = ("/privacy", "/about-ketamine", "/for-clinicians", "/accessibility", "/support")


@pytest.mark.parametrize("path", ["/questions/1", "/check", SEND])
def test_where_something_is_typed_the_only_way_to_finish_later_saves_it(visitor: Visitor, path: str) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    page = visitor.get(path)
    assert page.text.count("Finish later") == 1
    assert "/resume" not in page.links
    assert (page.text.count("Someone to talk to"), page.text.count("Erase my answers")) == (1, 1)
    assert not {"/support", "/erase", "/privacy", "/summary", "/share"} & set(page.links)  # buttons, which save
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


@pytest.mark.parametrize(
    ("action", "leads_to"),
    [
        *((f"visit:{path[1:]}", path) for path in (*BESIDE, "/erase", "/summary")),
        ("visit:nowhere", "/resume"),
        ("back", "/share"),
        ("visit:visit", FIRST),
    ],
)
def test_whoever_looks_elsewhere_before_sending_finds_what_they_typed_and_has_sent_nothing(
    visitor: Visitor, app: Flask, action: str, leads_to: str
) -> None:
    # Design D-4: also the name, half a date, and the way back to the page that could not be read
    visitor.start()
    visitor.post({"age": "seventeen"})
    visitor.get(SEND)
    typed = {**WHO, "patient-birth-year": "19"}
    visitor.post(typed, form=visitor.find_form(SEND), action=action)
    assert (visitor.path, visitor.status) == (leads_to, 200)
    assert list_responses(app) == []
    visitor.get(SEND)
    fields = visitor.find_form(SEND).fields
    assert {name: fields[name] for name in typed} == {name: [value] for name, value in typed.items()}


@pytest.mark.parametrize("action", ["add:current-medicines", "remove:current-medicines:2", "empty"])
def test_whoever_leaves_after_a_line_more_or_fewer_goes_on_with_that_page(
    visitor: Visitor, app: Flask, action: str
) -> None:
    # Given somebody in the middle of a list
    visitor.start()
    page = find_services(app).editions.get_newest().edition.page_of["current-medicines"]
    visitor.get(f"/questions/{page.slug}")
    visitor.post({"current-medicines-1-medicine-name": "Sertraline"}, action=action)
    assert visitor.path == f"/questions/{page.slug}"
    # When they leave without a further press, then the page is not skipped
    visitor.get("/")
    visitor.post(form=visitor.find_form("/start"))
    assert visitor.path == f"/questions/{page.slug}"


def test_whoever_goes_back_and_finishes_later_goes_on_where_they_stopped(visitor: Visitor) -> None:
    visitor.start()
    for _ in range(4):
        visitor.post()
    visitor.post(action="back")
    visitor.post(action="back")
    assert visitor.path == "/questions/3"
    visitor.post(action="later")
    code = next(word for word in visitor.document.text.split() if word.count("-") == 5)
    page = visitor.post({"code": code}, form=visitor.find_form("/resume"))
    assert "This is where you stopped." in page.text
    assert visitor.path == "/questions/3"


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


def test_the_page_of_resume_codes_is_called_by_what_one_came_for(visitor: Visitor) -> None:
    # Whoever comes with a code goes on, also with the code of another form, and mistyped
    assert visitor.get("/resume").headings == ["Go on with your form"]
    visitor.start()
    assert visitor.post(action="later").headings == ["Finish later"]
    assert "/resume?other#other" in visitor.get("/").links
    page = visitor.get("/resume?other")
    assert (page.headings, "other" in page.ids) == (["Go on with your form"], True)
    page = visitor.post({"code": "ABCD"}, form=visitor.find_form("/resume"))
    assert (page.headings, page.title.startswith("Error: Go on with your form")) == (["Go on with your form"], True)


def test_the_number_to_call_in_danger_is_a_link_on_every_page(visitor: Visitor) -> None:
    for path in ("/", "/support", "/resume", "/privacy"):
        document = visitor.get(path)
        assert "tel:911" in document.links, path
        assert "<a" not in document.text, path


def test_change_returns_to_the_check_page_by_way_of_what_it_opened_only(visitor: Visitor) -> None:
    # UA-19
    visitor.start()
    visitor.post({"age": "34"})
    visitor.get("/questions/3?to=check")
    visitor.post({"heart-disease": "no"})
    assert visitor.path == "/check"
    visitor.get("/questions/3?to=check")
    visitor.post({"heart-disease": "yes"})
    assert "heart-kind" in visitor.find_form().fields["asked"][0]
    visitor.post({"heart-kind": "valve"})
    assert visitor.path == "/check"


@pytest.mark.parametrize("action", ["save", "back"])
def test_who_changed_an_answer_comes_back_to_where_it_stands(visitor: Visitor, action: str) -> None:
    # UA-19
    visitor.start()
    page = visitor.get("/check")
    assert "/questions/3?to=check#aneurysm-or-avm" in page.links
    assert "aneurysm-or-avm" in page.ids
    for typed in ({"stroke-or-brain-bleed": "no", "aneurysm-or-avm": "no"}, {"aneurysm-or-avm": "prefer-not"}, {}):
        visitor.get("/questions/3?to=check")
        visitor.post(typed, action=action)
        assert visitor.last is not None
        # Where several were changed, to the first; where none was, to the page's first
        place = next(iter(typed), "heart-disease")
        assert visitor.last.history[-1].headers["Location"] == f"/check#{place}"


def test_a_choice_made_by_mistake_can_be_undone(visitor: Visitor, app: Flask) -> None:
    # UA-69
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": "ptsd"})
    visitor.get(FIRST)
    visitor.post(action="clear")
    visitor.post(action="empty")
    assert visitor.path == FIRST
    assert read_answers(app, visitor) == {}


def test_a_slip_of_the_thumb_clears_nothing(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": "ptsd"})
    before = read_answers(app, visitor)
    # Given somebody who comes back from the check page, types, and presses the wrong button
    visitor.get(f"{FIRST}?to=check")
    page = visitor.post({"age": "thirty-five"}, action="clear")
    # Then nothing is gone, also not what they had just typed
    assert page.title.startswith("Clear your answers on this page?")
    assert read_answers(app, visitor) == {"reason-for-visit": before["reason-for-visit"]}
    assert f"{FIRST}?to=check" in page.links
    visitor.get(f"{FIRST}?to=check")
    assert visitor.find_form().fields["age"] == ["thirty-five"]
    # And a page with nothing on it has nothing to ask about
    visitor.get("/questions/3")
    visitor.post(action="clear")
    assert visitor.path == "/questions/3"
    # And the check page, which has no such button, is saved and left as with the one it has
    visitor.get("/check")
    visitor.post({"answers-checked": "yes"}, form=visitor.find_form("/check"), action="clear")
    assert (visitor.status, visitor.path) == (200, "/share")
