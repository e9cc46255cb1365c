"""What the clinic sets: kept as typed, refused in sentences, told apart when two people write, open at once."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from app.clinic.profile import DEMONSTRATION_COUNTRY, HALF_A_YEAR, ClinicSettings, load_contacts, load_settings
from app.storage.clinic_settings import StoredSettings, list_settings
from app.storage.engine import begin_read
from app.storage.people import Role
from app.storage.tables import AUDIT_ENTRIES
from app.web.services import get_services
from tests.web.clinic.colleague import Colleague, join_first
from tests.web.clinic.conftest import SignIn
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor

CANARY = "Canary Würger 7731"
FILLED = {
    "name": "Elm Clinic",
    "contact": "Call 555 0100\nMondays",
    "time_zone": "Europe/London",
    "country": "GB",
    "others": ["GB-SCT"],
    "reading_days": "3",
    "retention_days": "400",
    "protocol_owner": "Dr Ada Elm",
    "privacy": "We are Elm Clinic.",
    "minors": "print",
    "part_2": "no",
    "marked": ["suicidal-thoughts=yes", "suicidal-thoughts=not-sure"],
    "notice_to": "desk@elm.example\nnurse@elm.example",
}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return get_services().engine


@pytest.fixture
def opener(clinic_app: Flask, clock: Clock) -> Colleague:
    return join_first(clinic_app, clock.now)


@pytest.fixture
def administrator(sign_in: SignIn) -> Visitor:
    return sign_in(Role.ADMINISTRATOR)


def read_past(engine: Engine) -> list[StoredSettings]:
    with begin_read(engine) as connection:
        return list_settings(connection, 10)


def read_audit(engine: Engine) -> list[tuple[str, str]]:
    with begin_read(engine) as connection:
        rows = connection.execute(select(AUDIT_ENTRIES.c.action, AUDIT_ENTRIES.c.about))
        return [(row.action, row.about) for row in rows]


def save(visitor: Visitor, **typed: str | list[str]) -> None:
    visitor.get("/clinic/settings")
    visitor.post(FILLED | typed, form=visitor.find_form("/clinic/settings"))


def test_what_is_saved_holds_at_once_and_only_field_names_are_in_the_log(
    engine: Engine, administrator: Visitor, visitor: Visitor
) -> None:
    save(administrator, name=CANARY)
    assert administrator.path == "/clinic/settings"
    assert "Saved." in administrator.document.text
    [stored] = read_past(engine)
    assert load_settings(stored.content) == ClinicSettings(
        name=CANARY,
        contact="Call 555 0100\nMondays",
        time_zone="Europe/London",
        countries=("GB", "GB-SCT"),
        reading_days=3,
        retention_days=400,
        protocol_owner="Dr Ada Elm",
        privacy="We are Elm Clinic.",
        marked=("suicidal-thoughts=yes", "suicidal-thoughts=not-sure"),
        notice_to=("desk@elm.example", "nurse@elm.example"),
        is_print_only_for_minors=True,
    )
    visitor.get("/")
    assert CANARY in visitor.document.text
    assert "Samaritans" in visitor.document.text
    assert "Breathing Space" in visitor.document.text
    [(_, about)] = [entry for entry in read_audit(engine) if entry[0] == "settings.changed"]
    assert "time_zone" in about
    assert all(CANARY not in about and "elm.example" not in about for _, about in read_audit(engine))


def test_a_first_setup_with_everything_set_is_one_short_entry(clinic_app: Flask, opener: Colleague) -> None:
    visitor = opener.visitor
    visitor.get("/clinic/setup")
    everything = {"country": "ZZ", "others": ["GB-SCT"], "emergency": "155", "part_2": "yes"}
    visitor.post(FILLED | everything, form=visitor.find_form("/clinic/setup"))
    assert visitor.status == 200
    with clinic_app.app_context():
        engine = get_services().engine
    assert [about for action, about in read_audit(engine) if action == "settings.changed"] == [
        '{"fields":"all","revision":1}'
    ]
    two = {"name": "Oak Clinic", "retention_days": "30"}
    visitor.get("/clinic/settings")
    visitor.post(FILLED | everything | two, form=visitor.find_form("/clinic/settings"))
    assert read_audit(engine)[-1] == ("settings.changed", '{"fields":"name retention_days","revision":2}')


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("name", " ", "Enter the clinic’s name, as patients know it"),
        ("name", "x" * 201, "Shorten this to 200 characters"),
        ("contact", "", "Enter how patients reach the clinic"),
        ("time_zone", "London", "Choose the clinic’s time zone"),
        ("country", "", "Choose your patients’ country"),
        ("country", "XX", "Choose your patients’ country"),
        ("reading_days", "two", "Enter a whole number of days from 1 to 60"),
        ("retention_days", "", "Enter a whole number of days from 1 to 36,525"),
        ("retention_days", "0", "Enter a whole number of days from 1 to 36,525"),
        ("protocol_owner", "", "Enter who answers for how forms are handled"),
        ("receiving", "perhaps", "Choose one of the two"),
        ("pause_note", "x" * 201, "Shorten this to 200 characters"),
        ("minors", "perhaps", "Choose one of the two"),
        ("others", ["US", "XX"], "Choose from this list again: it has changed"),
        ("marked", ["age=62"], "Choose from this list again: it has changed"),
        ("notice_to", "desk at elm", "Enter one e-mail address a line, such as front.desk@clinic.example"),
    ],
)
def test_each_refusal_says_what_to_enter_and_keeps_everything_typed(
    engine: Engine, administrator: Visitor, name: str, typed: str | list[str], sentence: str
) -> None:
    save(administrator, **{"privacy": CANARY, name: typed})
    assert administrator.status == 422
    assert administrator.document.text.count(sentence) == 2  # in the summary and beside the field
    assert f"#{name}" in administrator.document.links
    assert name in administrator.document.ids
    fields = administrator.find_form("/clinic/settings").fields
    assert fields["privacy"] == [CANARY]
    if isinstance(typed, str) and name not in {"time_zone", "country", "minors", "receiving"}:
        assert fields[name] == [typed]
    assert read_past(engine) == []


def test_who_opens_the_clinic_is_told_what_is_missing_before_a_form_can_be_read(opener: Colleague) -> None:
    visitor = opener.visitor
    missing = ("no active person is reviewer", "questions are not yet reviewed by a clinician", "none was made yet")
    visitor.get("/clinic/setup")
    for sentence in (*missing, "You can open the clinic all the same"):
        assert visitor.document.text.count(sentence) == 1
        assert visitor.document.text.index(sentence) < visitor.document.text.index("Open the clinic")
    visitor.post(FILLED, form=visitor.find_form("/clinic/setup"))
    assert "Saved." in visitor.document.text
    for sentence in missing:
        assert visitor.document.text.count(sentence) == 1
        assert visitor.document.text.index(sentence) < visitor.document.text.index("Emergency number")
    assert "no active person is administrator" not in visitor.document.text
    assert {"/clinic/health", "/clinic/people"} <= set(visitor.document.links)
    assert "open /clinic" not in visitor.document.text
    visitor.get("/clinic/settings")
    for sentence in missing:
        assert visitor.document.text.count(sentence) == 1
        assert visitor.document.text.index(sentence) > visitor.document.text.index("Emergency number")


def test_what_comes_marked_is_said_until_it_is_saved(opener: Colleague) -> None:
    visitor = opener.visitor
    visitor.get("/clinic/setup")
    assert "The list comes with one answer marked" in visitor.document.text
    assert visitor.last is not None
    assert "<details open" not in visitor.last.get_data(as_text=True)  # the rest of the form is not far below
    visitor.post(FILLED, form=visitor.find_form("/clinic/setup"))
    visitor.get("/clinic/settings")
    assert "The list comes with one answer marked" not in visitor.document.text


def test_each_refusal_begins_with_the_name_of_its_field_in_the_list_only(administrator: Visitor) -> None:
    save(administrator, minors="perhaps", part_2="perhaps")
    for sentence in ("When a patient gives an age under 18: Choose one", "42 CFR Part 2: Choose one"):
        assert administrator.document.text.count(sentence) == 1


def test_a_country_without_an_emergency_number_needs_one(engine: Engine, administrator: Visitor) -> None:
    save(administrator, country="ZZ", others=[])
    assert administrator.document.text.count("Enter the emergency number of your patients’ country") == 2
    save(administrator, country="ZZ", others=[], emergency="155")
    assert load_settings(read_past(engine)[0].content).emergency == "155"


def test_the_second_of_two_is_told_who_was_first_and_loses_nothing(
    engine: Engine, administrator: Visitor, sign_in: SignIn
) -> None:
    lead = sign_in(Role.REVIEWER, Role.ADMINISTRATOR)
    lead.get("/clinic/settings")
    form = lead.find_form("/clinic/settings")
    save(administrator, name="First Clinic")
    lead.post(FILLED | {"privacy": CANARY}, form=form)
    assert lead.status == 409
    assert "Demonstration administrator changed the settings while you wrote" in lead.document.text
    assert "clinic’s name, paragraph in the privacy notice" in lead.document.text
    assert lead.find_form("/clinic/settings").fields["privacy"] == [CANARY]
    lead.post(form=lead.find_form("/clinic/settings"))
    assert [load_settings(stored.content).name for stored in read_past(engine)] == ["Elm Clinic", "First Clinic"]


def test_whoever_was_first_themselves_in_another_window_is_told_just_that(administrator: Visitor) -> None:
    administrator.get("/clinic/settings")
    form = administrator.find_form("/clinic/settings")
    save(administrator, name="First Clinic")
    administrator.post(FILLED | {"privacy": CANARY}, form=form)
    assert administrator.status == 409
    assert "You have changed the settings yourself since this page was opened" in administrator.document.text
    assert "clinic’s name, paragraph in the privacy notice" in administrator.document.text
    assert "administrator changed the settings" not in administrator.document.text
    assert administrator.find_form("/clinic/settings").fields["privacy"] == [CANARY]


def test_a_session_that_ended_meanwhile_costs_nothing_typed(administrator: Visitor, clock: Clock) -> None:
    administrator.get("/clinic/settings")
    form = administrator.find_form("/clinic/settings")
    clock.advance(minutes=16)
    administrator.post(FILLED | {"privacy": CANARY}, form=form)
    assert administrator.path == "/clinic/sign-in"
    administrator.post({"as": "administrator"}, form=administrator.find_form("/clinic/demonstration"))
    administrator.get("/clinic/settings")
    kept = administrator.find_form("/clinic/settings")
    assert kept.fields["privacy"] == [CANARY]
    assert kept.fields["country"] == ["GB"]
    administrator.post(form=kept)
    assert "Saved." in administrator.document.text


def test_past_settings_are_listed_with_who_and_what(administrator: Visitor, sign_in: SignIn) -> None:
    save(administrator)
    save(sign_in(Role.REVIEWER, Role.ADMINISTRATOR), retention_days="30")
    text = administrator.get("/clinic/settings").text
    assert "Demonstration lead" in text
    assert "days until a form is deleted" in text
    assert "Everything" in text
    assert not re.search(r"\d{4}-\d\d-\d\d \d", text)  # the other staff pages write no moment so


def test_saving_what_is_set_already_changes_nothing(engine: Engine, administrator: Visitor) -> None:
    save(administrator)
    save(administrator)
    assert len(read_past(engine)) == 1


def test_a_clinic_stops_receiving_and_everybody_is_told_until_it_receives_again(
    engine: Engine, administrator: Visitor, sign_in: SignIn, visitor: Visitor
) -> None:
    reviewer = sign_in(Role.REVIEWER)
    save(administrator)
    save(administrator, receiving="no", pause_note=CANARY)
    assert "receive answers from patients: not at the moment" in administrator.document.text
    stored = load_settings(read_past(engine)[0].content)
    assert (stored.is_receiving, stored.pause_note) == (False, CANARY)
    entries = [about for action, about in read_audit(engine) if action == "settings.changed"]
    assert entries[1:] == ['{"fields":"is_receiving pause_note","receiving":"no","revision":2}']
    assert "Nothing new comes in" in reviewer.get("/clinic/responses").text
    health = administrator.get("/clinic/health")
    assert "they are not received at the moment" in health.text
    assert health.links.count("/clinic/settings") == 2  # in the head, and as the remedy
    assert CANARY in visitor.get("/").text
    administrator.get("/clinic/settings")
    assert administrator.find_form("/clinic/settings").fields["receiving"] == ["no"]
    save(administrator, receiving="yes", pause_note=CANARY)
    assert "receive answers from patients: yes" in administrator.document.text
    assert read_audit(engine)[-1] == ("settings.changed", '{"fields":"is_receiving","receiving":"yes","revision":3}')
    assert "Nothing new comes in" not in reviewer.get("/clinic/responses").text
    assert "they are not received" not in administrator.get("/clinic/health").text
    assert CANARY not in visitor.get("/").text


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_only_an_administrator_opens_them(sign_in: SignIn, role: Role) -> None:
    assert sign_in(role).get("/clinic/settings").title.startswith("This page is not")


def test_an_old_help_line_is_named(sign_in: SignIn, clock: Clock) -> None:
    lines = load_contacts()[DEMONSTRATION_COUNTRY]
    oldest = min(lines.contacts, key=lambda line: line.checked_on)
    checked = datetime.combine(date.fromisoformat(oldest.checked_on), time(12), UTC)
    for passed, is_old in ((HALF_A_YEAR, False), (HALF_A_YEAR + timedelta(days=1), True)):
        clock.now = checked + passed
        text = sign_in(Role.ADMINISTRATOR).get("/clinic/settings").text
        assert ("Nobody checked them for half a year" in text) == is_old
        assert (f"{lines.country_name}: {oldest.name}" in text) == is_old
