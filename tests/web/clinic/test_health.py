"""The doctor's page: what is wrong and what to do, for an administrator."""

from app.storage.people import Role
from tests.web.clinic.conftest import SignIn


def test_an_administrator_reads_what_needs_somebody_and_what_is_in_order(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMINISTRATOR).get("/clinic/health")
    assert "this is a demonstration: anybody can sign in" in page.text
    assert "What to do: name an empty folder in FOREWORD_DATA and unset it before a patient comes." in page.text
    assert "none was made yet" in page.text
    assert "In order" in page.text
    assert "Keys in use, with how many responses and notes: " in page.text
    assert "Last good backup: none." in page.text
    assert "could not be looked at" not in page.text


def test_nobody_else_reads_it(sign_in: SignIn) -> None:
    for role in (Role.REVIEWER, Role.AUDITOR):
        assert sign_in(role).get("/clinic/health").title.startswith("This page is not")
