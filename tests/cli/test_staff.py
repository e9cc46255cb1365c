"""`foreword staff`: what an operator can do for the people of a clinic, and that each of it is in the log."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.desk.staff import hash_invitation
from app.storage.access import find_access_by_login
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from app.storage.invitations import Purpose, find_invitation
from app.storage.people import find_person_by_login
from tests.cli.conftest import Outcome, Run

ANN = "ann@clinic.example"
Staff = Callable[..., Outcome]


@pytest.fixture
def database(tmp_path: Path) -> Engine:
    """Give the database of a clinic that was started once."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    engine = create_engine_for(f"sqlite:///{folder / 'foreword.sqlite3'}")
    migrate(engine)
    return engine


@pytest.fixture
def staff(run: Run, database: Engine) -> Staff:
    """Give a function that runs `foreword staff` with words."""
    assert database is not None
    return lambda *words: run("staff", *words)


def list_actions(database: Engine) -> list[tuple[str, str]]:
    with begin_read(database) as connection:
        entries = list_entries(connection, AuditFilter())
    return [(entry.event.action, entry.event.actor) for entry in reversed(entries) if "key." not in entry.event.action]


def test_somebody_is_invited_kept_out_let_in_and_reset(staff: Staff, database: Engine) -> None:
    invited = staff("invite", ANN, "--name", "Ann Lee", "--role", "administrator", "--role", "reviewer")
    assert (invited.code, invited.err) == (0, "")
    assert invited.out.startswith("http://127.0.0.1:8000/clinic/join/")
    assert staff("list").out == f"{ANN}  administrator,reviewer  invited  never  Ann Lee\n"
    assert staff("disable", ANN.upper()).out == f"{ANN} cannot sign in any more\n"
    assert "  closed  " in staff("list").out
    assert staff("reset", ANN).code == 2
    assert staff("enable", ANN).out == f"{ANN} can sign in again\n"
    again = staff("reset", ANN)
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("http://127.0.0.1:8000/clinic/join/")
    changes = ["person.invited", "people.listed", "person.disabled", "people.listed", "person.enabled"]
    actions = [*changes, "person.changed"]
    assert list_actions(database) == [(action, "command line") for action in actions]


def test_a_link_is_what_opens_the_page(staff: Staff, database: Engine) -> None:
    link = staff("invite", ANN, "--name", "Ann", "--role", "auditor").out.strip()
    with begin_read(database) as connection:
        person = find_person_by_login(connection, ANN)
        assert person is not None
        found = find_invitation(connection, hash_invitation(link.rpartition("/")[2]), person.created_at)
        access = find_access_by_login(connection, ANN)
    assert found is not None
    assert (found.purpose, found.person_id) == (Purpose.PERSON, person.id)
    assert access is not None
    assert access.password_hash is None


@pytest.mark.parametrize("command", ["disable", "enable", "reset"])
def test_somebody_who_is_not_there_is_one_sentence(staff: Staff, command: str) -> None:
    refused = staff(command, "nobody@clinic.example")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("nobody@clinic.example: nobody signs in with this name; ")


def test_a_sign_in_name_is_given_once(staff: Staff) -> None:
    assert staff("invite", ANN, "--name", "Ann", "--role", "auditor").code == 0
    refused = staff("invite", ANN, "--name", "Another", "--role", "reviewer")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"{ANN}: somebody signs in with this name already")


@pytest.mark.parametrize(
    ("login", "name", "place"),
    [
        ("", "Ann Lee", "LOGIN: "),
        ("ann", "Ann Lee", "LOGIN: "),
        ("\xdf" * 200 + "@x", "Ann Lee", "LOGIN: "),
        ("ann@clinic.example\x1b]0;owned\x07", "Ann Lee", "LOGIN: "),
        (ANN, " ", "--name: "),
        (ANN, "A\x1b]0;owned\x07", "--name: "),
        (ANN, "x" * 101, "--name: "),
    ],
)
def test_what_the_page_refuses_of_a_person_the_command_refuses(
    staff: Staff, database: Engine, login: str, name: str, place: str
) -> None:
    refused = staff("invite", login, "--name", name, "--role", "reviewer")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(place)
    assert "\x1b" not in refused.err
    assert list_actions(database) == []


def test_a_name_from_elsewhere_is_no_order_to_a_terminal(staff: Staff, database: Engine) -> None:
    assert staff("invite", ANN, "--name", "Ann", "--role", "auditor").code == 0
    with begin_write(database) as connection:
        connection.execute(text("UPDATE people SET name = :name"), {"name": "A\x1b]0;owned\x07\nB"})
    listed = staff("list").out
    assert listed.endswith("A[U+001B]]0;owned[U+0007] B\n")
    assert "\x1b" not in listed


def test_there_is_no_clinic_where_nobody_began_one(run: Run) -> None:
    refused = run("staff", "list")
    assert refused.code == 2
    assert "there is no database" in refused.err
