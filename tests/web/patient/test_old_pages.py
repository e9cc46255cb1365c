"""security.md S38: a page that was open for so long that its form's token died does nothing, and loses nothing."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.web.patient.sender import SEND, WHO, answer, find_services, list_responses, send
from tests.web.patient.stored import read_answers
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

FIRST = "/questions/1"
CODE = "ABCD-EFGH-JKMN-PQRS-TUVW-XYZ2"
SAID = "This page was open for a long time"
DEAD, GONE, OVERTAKEN, UNREADABLE = 400, 410, 409, 422


def open_old(visitor: Visitor, path: str) -> Form:
    """Open a page and return its form with a token that has died since."""
    visitor.get(path)
    form = visitor.find_form(path.partition("?")[0])
    return Form(form.action, {**form.fields, "csrf_token": ["dead"]})


def come_to_the_support_page(app: Flask, visitor: Visitor) -> None:
    """Answer so that the page with someone to talk to is the next step."""
    page = find_services(app).editions.get_newest().edition.page_of["suicidal-thoughts"]
    answer(visitor, f"/questions/{page.slug}", {"suicidal-thoughts": "yes"})
    assert visitor.path == "/support"


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (FIRST, {"age": "seventeen"}),
        ("/check", {"answers-checked": "yes"}),
        ("/resume", {"code": CODE}),
        ("/erase", {}),
        ("/support", {}),
        (SEND, {**WHO, "patient-phone": "555 0100"}),
    ],
)
def test_an_old_page_comes_back_as_it_was_and_its_button_works(
    visitor: Visitor, path: str, typed: dict[str, str], app: Flask
) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    if path == "/support":
        come_to_the_support_page(app, visitor)
    form, before = open_old(visitor, path), read_answers(app, visitor)
    # When the button is pressed
    page = visitor.post(typed, form=form)
    # Then the same page says that nothing was done, nothing is, and all that was typed is there
    assert (visitor.path, visitor.status, page.text.count(SAID)) == (path, DEAD, 1)
    assert read_answers(app, visitor) == before
    assert list_responses(app) == []
    again = visitor.find_form(path)
    assert {name: again.fields[name] for name in typed} == {name: [value] for name, value in typed.items()}
    # And the button that stands there does what it says
    page = visitor.post(form=again, action="send" if path == SEND else "save")
    assert visitor.status == (UNREADABLE if path == "/resume" else 200)  # that code opens nothing
    assert SAID not in page.text
    assert (visitor.path == path) is (path in {FIRST, "/resume", "/erase"})
    assert visitor.get("/resume").text.count("Your resume code") == (path != "/erase")
    assert len(list_responses(app)) == (path == SEND)


def test_an_old_page_cannot_hide_what_another_tab_changed(visitor: Visitor, app: Flask) -> None:
    # UA-9: as if the token had lived
    visitor.start()
    form = open_old(visitor, FIRST)
    answer(visitor, FIRST, {"age": "34"})
    visitor.post({"age": "43"}, form=form)
    assert visitor.status == DEAD
    page = visitor.post(form=visitor.find_form(FIRST))
    assert visitor.status == OVERTAKEN
    assert "changed in another tab" in page.text
    assert "34" in str(read_answers(app, visitor)["age"])
    assert visitor.find_form(FIRST).fields["age"] == ["43"]


def test_an_old_page_sends_no_answers_that_were_changed_since_it_was_opened(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    form = open_old(visitor, SEND)
    answer(visitor, FIRST, {"age": "34"})
    send(visitor, form=form)
    assert visitor.status == DEAD
    page = send(visitor, {}, form=visitor.find_form(SEND))
    assert visitor.status == OVERTAKEN
    assert "Your answers were changed after this page was opened" in page.text
    assert list_responses(app) == []
    send(visitor, {}, form=visitor.find_form(SEND))
    assert (visitor.path, len(list_responses(app))) == ("/done", 1)


def test_an_old_page_keeps_what_was_typed_to_a_question_that_is_no_longer_asked(visitor: Visitor, app: Flask) -> None:
    # UA-16, UA-88
    visitor.start()
    answer(visitor, "/questions/3", {"heart-disease": "yes"})
    form = open_old(visitor, visitor.path)
    answer(visitor, "/questions/3", {"heart-disease": "no"})
    visitor.post({"heart-kind": "valve"}, form=form)
    assert visitor.status == DEAD
    visitor.post(form=visitor.find_form())
    assert visitor.status == 200
    assert "heart-kind" in read_answers(app, visitor)


def test_an_old_page_that_asks_before_it_clears_asks_again(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    visitor.post({"age": "34"})
    visitor.get(FIRST)
    visitor.post(action="clear")
    form = visitor.find_form()
    page = visitor.post(form=replace(form, fields={**form.fields, "csrf_token": ["dead"]}), action="empty")
    assert visitor.status == DEAD
    assert page.title.startswith("Clear your answers on this page?")
    assert SAID in page.text
    assert "age" in read_answers(app, visitor)
    visitor.post(action="empty")
    assert (visitor.path, read_answers(app, visitor)) == (FIRST, {})


def test_an_old_page_of_a_form_that_was_erased_puts_nothing_into_the_next_one(visitor: Visitor, app: Flask) -> None:
    # UA-111: on a shared device the next form is somebody else's
    visitor.start()
    form = open_old(visitor, FIRST)
    visitor.get("/erase")
    visitor.post(form=visitor.find_form("/erase"))
    visitor.start()
    page = visitor.post({"age": "34"}, form=form)
    assert visitor.status == GONE
    assert "34" in page.text
    assert read_answers(app, visitor) == {}


def test_a_dead_token_of_another_site_brings_back_nothing_that_was_sent(visitor: Visitor, app: Flask) -> None:
    visitor.start()
    code = next(word for word in visitor.get("/resume").text.split() if word.count("-") == 5)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {}):
        for stranger in (visitor, make_visitor(app)):
            answered = stranger.client.post("/resume", data={"code": CODE}, base_url=ORIGIN, headers=headers)
            assert answered.status_code == (403 if headers else DEAD)
            assert CODE not in answered.text
            assert code not in answered.text
