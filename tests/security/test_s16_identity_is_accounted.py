"""security.md S16: each act about who somebody is becomes one entry, also a refused one, without a name in it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.storage.audit import AuditFilter, Entry, list_entries
from app.storage.engine import begin_read
from app.storage.people import Person, Role, find_person_by_login
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, join_as
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.staff import make_codes
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import Visitor

BEN = "ben@clinic.example"
OTHER = "orbit kettle seven violin"


def read_log(colleague: Colleague) -> list[Entry]:
    with colleague.app.app_context(), begin_read(get_services().engine) as connection:
        return list(reversed(list_entries(connection, AuditFilter())))


def watch(colleague: Colleague, act: Callable[[], object]) -> list[tuple[str, str, str]]:
    """Return what an act added to the log: what was done, by whom, and how it ended."""
    before = len(read_log(colleague))
    act()
    return [(entry.event.action, entry.event.actor, entry.event.outcome) for entry in read_log(colleague)[before:]]


def find(colleague: Colleague, login: str) -> Person:
    with colleague.app.app_context(), begin_read(get_services().engine) as connection:
        person = find_person_by_login(connection, login)
    assert person is not None
    return person


def press(visitor: Visitor, page: str, action: str, **typed: str | list[str]) -> None:
    visitor.get(page)
    visitor.post({name.replace("_", "-"): value for name, value in typed.items()}, form=visitor.find_form(action))


def test_what_an_administrator_does_to_people_is_one_entry_each(administrator: Colleague, clock: Clock) -> None:
    visitor, ann = administrator.visitor, find(administrator, administrator.login).id
    typed: dict[str, str | list[str]] = {"name": "Ben", "login": BEN, "role": ["reviewer"]}
    invited = watch(administrator, lambda: press(visitor, "/clinic/people", "/clinic/people", **typed))
    assert invited == [("person.invited", ann, "done")]
    page = f"/clinic/people/{find(administrator, BEN).id}"
    acts = {
        "roles": "person.changed",
        "disable": "person.disabled",
        "enable": "person.enabled",
        "reset": "person.changed",
    }
    for name, action in acts.items():
        asked = watch(administrator, lambda name=name: press(visitor, page, f"{page}/{name}", role=["auditor"]))  # type: ignore[misc]  # mypy takes the default for a parameter
        done = asked
        if name in {"disable", "reset"}:
            assert asked == []
            form = visitor.find_form(f"{page}/{name}")
            done = watch(administrator, lambda form=form: visitor.post(form=form))  # type: ignore[misc]  # as above
        assert done == [(action, ann, "done")], name
    assert watch(administrator, lambda: visitor.get("/clinic/people")) == []
    assert clock.now == clock()


def test_joining_is_one_entry_for_each_thing_that_happens(administrator: Colleague, clock: Clock) -> None:
    done = watch(administrator, lambda: join_as(administrator.app, clock.now, BEN, Role.REVIEWER))
    ben = find(administrator, BEN).id
    actions = ["person.joined", "factor.added", "factor.added", "person.signed-in"]
    assert done == [(action, ben, "done") for action in actions]


def test_signing_in_and_out_and_failing_to_are_one_entry_each(administrator: Colleague, clock: Clock) -> None:
    clock.advance(minutes=1)
    ann = find(administrator, administrator.login).id
    assert watch(administrator, lambda: administrator.begin(password="wrong, as it happens")) == [
        ("person.sign-in-failed", "nobody", "refused")
    ]
    assert watch(administrator, lambda: administrator.begin(login="nobody@clinic.example")) == [
        ("person.sign-in-failed", "nobody", "refused")
    ]
    assert watch(administrator, administrator.begin) == []  # nothing is done yet
    visitor = administrator.visitor
    form = visitor.find_form("/clinic/sign-in/code")
    assert watch(administrator, lambda: visitor.post({"code": "000000"}, form=form)) == [
        ("person.sign-in-failed", "nobody", "refused")
    ]
    (code,) = make_codes(administrator.key, clock.now, 0)
    again = visitor.find_form("/clinic/sign-in/code")
    came_in = watch(administrator, lambda: visitor.post({"code": code}, form=again))
    assert came_in[0] == ("person.signed-in", ann, "done")  # and then the first page was viewed
    assert [action for action, _, _ in came_in].count("person.signed-in") == 1
    left = watch(administrator, lambda: press(visitor, "/clinic/account", "/clinic/sign-out"))
    assert left == [("person.signed-out", ann, "done")]


def test_what_somebody_does_to_their_account_is_one_entry_each(administrator: Colleague, clock: Clock) -> None:
    visitor, ann = administrator.visitor, find(administrator, administrator.login).id
    page = "/clinic/account/recovery-codes"
    assert watch(administrator, lambda: press(visitor, page, page, password=PASSWORD)) == [
        ("factor.added", ann, "done")
    ]
    page = "/clinic/account/password"
    typed: dict[str, str | list[str]] = {"new_password": OTHER, "new_password_again": OTHER}
    refused = watch(administrator, lambda: press(visitor, page, page, password="wrong", **typed))
    assert refused == [("person.sign-in-failed", ann, "refused")]
    done = watch(administrator, lambda: press(visitor, page, page, password=PASSWORD, **typed))
    assert done == [("password.changed", ann, "done")]
    assert clock.now == clock()


def test_a_page_that_is_not_for_somebodys_role_is_one_refused_entry(administrator: Colleague, clock: Clock) -> None:
    ben = join_as(administrator.app, clock.now, BEN, Role.REVIEWER)
    done = watch(administrator, lambda: ben.visitor.get("/clinic/people"))
    assert done == [("page.refused", find(administrator, BEN).id, "refused")]


def test_the_log_names_nobody_and_repeats_nothing_that_was_typed(
    administrator: Colleague, clock: Clock, tmp_path: Path
) -> None:
    clock.advance(minutes=1)
    administrator.begin(login="canary-login@clinic.example", password="canary password, wrong")
    administrator.begin(password="canary password, wrong too")
    press(administrator.sign_in(clock.now), "/clinic/account", "/clinic/sign-out")
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        rows = str(connection.execute("SELECT * FROM audit_entries").fetchall())
    for typed in ("canary", administrator.login, "Ann Lee", *administrator.codes):
        assert typed not in rows


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_a_demonstration_is_accounted_for_like_anything(sign_in: SignIn, role: Role) -> None:
    visitor = sign_in(role)
    with visitor.client.application.app_context(), begin_read(get_services().engine) as connection:
        newest = list_entries(connection, AuditFilter(action="person.signed-in"))[0]
    assert newest.event.about == {"by": "demonstration"}
    assert newest.event.actor == newest.event.subject
