"""The overview: numbers for reviewers and administrators, and answers counted for reviewers alone."""

import re

from flask import Flask

from app.questionnaire.model import Face
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read
from app.storage.people import Role
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.filled import fill, reach_services
from tests.web.patient.visitor import Visitor


def read_html(visitor: Visitor) -> str:
    assert visitor.last is not None
    return visitor.last.get_data(as_text=True)


def test_a_reviewer_sees_every_plot_with_its_table(app: Flask, sign_in: SignIn) -> None:
    fill(app, 40)
    reviewer = sign_in(Role.REVIEWER)
    page = reviewer.get("/clinic/overview")
    assert page.title.startswith("Overview")
    assert "40 responses came in since" in page.text
    html = read_html(reviewer)
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", html)
    assert titles == [
        "Responses a week",
        "Time until reviewed",
        "States now",
        "Where drafts end",
        "Answered other than No",
        "Editions of the questionnaire in use",
    ]
    assert html.count("<svg role=") == html.count("Show as a table") == 5
    assert "<script" not in html


def test_answers_are_counted_in_questionnaire_order_and_few_are_hidden(app: Flask, sign_in: SignIn) -> None:
    fill(app, 40)
    reviewer = sign_in(Role.REVIEWER)
    reviewer.get("/clinic/overview")
    html = read_html(reviewer)
    table = html[html.index("Answered other than No") :]
    names = re.findall(r'<th scope="row">([^<]+)</th>', table[table.index("<tbody>") : table.index("</tbody>")])
    edition = reach_services(app).editions.get_newest().edition
    labels = [item.label.to("en") for item in edition.questions if item.face is Face.SCREENING]
    assert names == labels
    numbers = re.findall(r"<td>([^<]+)</td>", table[table.index("<tbody>") : table.index("</tbody>")])
    assert "fewer than 5" in numbers
    assert all(int(number) >= 5 for number in numbers if number != "fewer than 5")


def test_an_administrator_sees_no_count_of_answers(app: Flask, sign_in: SignIn) -> None:
    fill(app, 40)
    administrator = sign_in(Role.ADMINISTRATOR)
    page = administrator.get("/clinic/overview")
    assert "Answered other than No" not in page.text
    assert "Heart problem" not in page.text
    assert "How questions were answered is for reviewers." in page.text
    assert "Where drafts end" in page.text


def test_an_empty_clinic_has_an_overview(sign_in: SignIn) -> None:
    page = sign_in(Role.REVIEWER).get("/clinic/overview")
    assert "0 responses came in since" in page.text
    assert "No response is kept yet." in page.text


def test_who_looked_is_accounted_for_and_what_they_saw_of_answers(app: Flask, sign_in: SignIn) -> None:
    sign_in(Role.REVIEWER).get("/clinic/overview")
    sign_in(Role.ADMINISTRATOR).get("/clinic/overview")
    sign_in(Role.AUDITOR).get("/clinic/overview")
    with begin_read(reach_services(app).engine) as connection:
        entries = list_entries(connection, AuditFilter(action="overview.viewed"))
    assert [entry.event.about for entry in entries] == [
        {"items": "no"},
        {"items": "no"},
        {"items": "yes"},
    ]  # home, then the page
