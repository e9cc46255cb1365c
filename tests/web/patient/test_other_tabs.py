"""User asks 8 to 11 and 111: stale tabs, and pages of another form on the same device, overwrite nothing unseen."""

from flask import Flask

from tests.web.patient.stored import read_answers
from tests.web.patient.visitor import Visitor

FIRST = "/questions/1"
OVERTAKEN = 409
GONE = 410


def test_a_page_of_another_form_on_this_device_is_never_saved_into_this_one(visitor: Visitor, app: Flask) -> None:
    # UA-9, UA-111: the person before left a tab open
    visitor.start()
    left_open = visitor.find_form(FIRST)
    visitor.get("/erase")
    visitor.post(form=visitor.find_form("/erase"))
    visitor.start()
    visitor.post({"age": "70"})
    page = visitor.post({"age": "34"}, form=left_open)
    assert visitor.status == GONE
    assert "34" in page.text
    assert "70" in str(read_answers(app, visitor)["age"])
    # Nor does the way out of that page put it there unseen.
    visitor.post(form=visitor.find_form("/start"))
    assert visitor.status == OVERTAKEN
    assert "70" in str(read_answers(app, visitor)["age"])


def test_a_stale_tab_with_a_problem_takes_nothing_away(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    stale = visitor.find_form(FIRST)
    visitor.post({"age": "34", "reason-for-visit": "ptsd"}, form=stale)
    before = read_answers(app, visitor)
    visitor.post({"age": "x34"}, form=stale)
    assert visitor.status == OVERTAKEN
    assert read_answers(app, visitor) == before


def test_a_stale_tab_does_not_wipe_what_could_not_be_read(visitor: Visitor) -> None:
    visitor.start()
    stale = visitor.find_form(FIRST)
    visitor.post({"age": "seventeen"}, form=stale)
    visitor.post({"reason-for-visit": "ptsd"}, form=stale)
    assert visitor.status == OVERTAKEN
    visitor.get(FIRST)
    assert visitor.find_form(FIRST).fields["age"] == ["seventeen"]


def test_a_post_about_other_questions_than_its_address_is_saved_as_theirs(visitor: Visitor, app: Flask) -> None:
    # UA-10: pages may be numbered otherwise in another edition
    visitor.start()
    visitor.post({"age": "34"})
    visitor.get("/questions/3")
    form = visitor.find_form()
    form.action = FIRST
    visitor.post({"heart-disease": "no"}, form=form)
    assert {"age", "heart-disease"} <= set(read_answers(app, visitor))
