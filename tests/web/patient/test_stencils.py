"""What is drawn once for everybody leaves a gap for what is each person's own, and keeps nothing of it."""

import re
from dataclasses import replace

import pytest
from flask import Flask, render_template
from flask.ctx import RequestContext

from app.web.patient.current import find_current
from app.web.patient.page import build_page, find_form, find_typed
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
HOSTILE = '"><script>{{ 7*7 }}</textarea>%(name)s&amp;\n\n end'
ONE = {
    "/questions/1": {"age": "34"},
    "/questions/7": {"bp-known": "yes"},
    "/questions/9": {"bp-systolic": "121", "bp-diastolic": "83", "bp-date-month": "March", "bp-date-year": "2021"},
    "/questions/60": {"other-conditions": HOSTILE, "questions-for-doctor": "Only mine."},
}
OTHER = {
    "/questions/1": {"age": "57"},
    "/questions/7": {"bp-known": "yes"},
    "/questions/9": {
        "bp-systolic": "141",
        "bp-diastolic": "95",
        "bp-date-day": "3",
        "bp-date-month": "5",
        "bp-date-year": "2022",
    },
    "/questions/60": {"other-conditions": "Another’s.", "questions-for-doctor": ""},
}


def read_page(visitor: Visitor) -> str:
    """Return the visitor's last page as it was sent, without its token, which tells the time."""
    assert visitor.last is not None
    return TOKEN.sub("", visitor.last.get_data(as_text=True))


def draw_whole(app: Flask, visitor: Visitor, path: str) -> str:
    """Return the page at an address as its template draws it at one go, for this visitor."""
    context: RequestContext = app.test_request_context(path, base_url=ORIGIN, headers={"Cookie": visitor.cookie_header})
    with context:
        current = find_current()
        assert current is not None
        page = current.served.edition.find_step(path.partition("?")[0].rpartition("/")[2])
        assert page is not None
        form = find_form(current, page, find_typed(current, page))
        view = build_page(current, page, form, is_changing=path.endswith("to=check"))
        return TOKEN.sub("", render_template("patient/question.html", page=view))


def fill_in(visitor: Visitor, typed: dict[str, dict[str, str]]) -> None:
    """Begin a form and save these pages."""
    visitor.start()
    for path, fields in typed.items():
        visitor.get(path)
        visitor.post(fields)


@pytest.mark.parametrize("suffix", ["", "?to=check"])
def test_a_page_from_pieces_is_the_page_drawn_at_one_go_and_shows_only_ones_own(app: Flask, suffix: str) -> None:
    people = [(make_visitor(app), ONE), (make_visitor(app), OTHER)]
    for visitor, typed in people:
        fill_in(visitor, typed)
    for visitor, typed in people + people:
        for path, fields in typed.items():
            visitor.get(path + suffix)
            page = read_page(visitor)
            assert page == draw_whole(app, visitor, path + suffix)
            shown = [text.replace("\r\n", "\n") for values in visitor.find_form().fields.values() for text in values]
            assert set(filter(None, fields.values())) <= set(shown), path
            other = ONE if typed is OTHER else OTHER
            assert not {text for text in other[path].values() if len(text) > 1} & {*shown} - {*fields.values()}, path


def test_each_page_has_a_token_that_its_own_session_can_send(app: Flask) -> None:
    first, second = make_visitor(app), make_visitor(app)
    fill_in(first, ONE)
    fill_in(second, OTHER)
    first.get("/questions/60")
    second.get("/questions/60")
    kept = first.find_form()
    second.post(
        {"questions-for-doctor": "Mine too."},
        form=replace(second.find_form(), fields={**second.find_form().fields, "csrf_token": kept.fields["csrf_token"]}),
    )
    assert second.status == 400
    second.get("/questions/60")
    second.post({"questions-for-doctor": "Mine too."})
    assert second.status == 200
    second.get("/questions/60")
    assert second.find_form().fields["questions-for-doctor"] == ["Mine too."]
