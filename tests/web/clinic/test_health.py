"""The doctor's page: what is wrong and what to do, for an administrator."""

import re

from flask import Flask

from app.desk.doctor_backup import LAST_GOOD
from app.storage.chores import note_time
from app.storage.engine import begin_write
from app.storage.people import Role
from app.web.clinic.words import write_moment
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn
from tests.web.patient.conftest import Clock


def test_an_administrator_reads_what_needs_somebody_and_what_is_in_order(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMINISTRATOR).get("/clinic/health")
    assert "this is a demonstration: anybody can sign in" in page.text
    assert "What to do: name an empty folder in FOREWORD_DATA and unset it before a patient comes." in page.text
    assert "none was made yet" in page.text
    assert "In order" in page.text
    assert "Keys in use, with how many responses and notes: " in page.text
    assert "Last good backup: none." in page.text
    assert "could not be looked at" not in page.text


def test_it_has_one_clock_the_clinics_and_names_it(app: Flask, sign_in: SignIn, clock: Clock) -> None:
    administrator = sign_in(Role.ADMINISTRATOR)
    with app.app_context():
        services = get_services()
        with begin_write(services.engine) as connection:
            note_time(connection, LAST_GOOD, clock.now.date(), clock.now)
        local = write_moment(clock.now)
        assert services.clinic is not None
        zone = services.clinic.time_zone
    page = administrator.get("/clinic/health")
    assert f"Times on this page are those of {zone}." in page.text
    assert f"Last good backup: {local} (0 h ago)" in page.text
    assert f"Looked at {local}." in page.text
    assert " UTC" not in page.text
    assert not re.search(r"\d{4}-\d\d-\d\d", page.text)  # the other staff pages write no date so


def test_nobody_else_reads_it(sign_in: SignIn) -> None:
    for role in (Role.REVIEWER, Role.AUDITOR):
        assert sign_in(role).get("/clinic/health").title.startswith("This page is not")
