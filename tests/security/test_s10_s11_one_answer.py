"""security.md S10 and S11: somebody unknown, a wrong password and a closed account look the same, and cost the same.

Times are compared by `make bench`; here the work is counted, for it is what takes the time.
"""

import re

from werkzeug.test import TestResponse

from app.storage.engine import begin_write
from app.storage.people import Role, change_activity, create_person, find_person_by_login
from app.web.clinic.identity.passwords import get_hasher
from app.web.services import get_services
from tests.security.test_s09_throttles import attempt
from tests.web.clinic.colleague import PASSWORD, Colleague, join_as
from tests.web.patient.conftest import Clock

CLOSED, INVITED, UNKNOWN = "ben@clinic.example", "eve@clinic.example", "not@clinic.example"


def arrange(administrator: Colleague, clock: Clock) -> list[str]:
    """Return the names of somebody who has joined, one who was closed, one only invited and one who is nobody."""
    join_as(administrator.app, clock.now, CLOSED, Role.REVIEWER)
    with administrator.app.app_context(), begin_write(get_services().engine) as connection:
        closed = find_person_by_login(connection, CLOSED)
        assert closed is not None
        change_activity(connection, closed.id, is_active=False)
        create_person(connection, login=INVITED, name="Eve", roles={Role.REVIEWER}, now=clock.now)
    return [administrator.login, CLOSED, INVITED, UNKNOWN]


def mask(answer: TestResponse, login: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Return an answer without what is another one for everybody: tokens, challenges, numbers and the typed name."""
    text = re.sub(r'(name="csrf_token" value|data-passkey)="[^"]*"', r"\1", answer.text).replace(login, "NAME")
    own = {"Set-Cookie", "Content-Length", "Date", "X-Request-Id"}
    headers = [(name, "…" if name in own else value) for name, value in answer.headers]
    return answer.status_code, text, headers


def test_every_failure_has_the_same_answer_at_the_first_try_and_at_the_seventh(
    administrator: Colleague, clock: Clock
) -> None:
    names = arrange(administrator, clock)
    for number in range(1, 8):
        answers = []
        for name in names:
            last = attempt(administrator.app, name).last
            assert last is not None
            answers.append(mask(last, name))
        assert all(answer == answers[0] for answer in answers), f"try {number}"
        assert answers[0][0] == (422 if number <= 5 else 429)


def test_the_right_password_of_a_closed_account_is_as_wrong_as_any(administrator: Colleague, clock: Clock) -> None:
    arrange(administrator, clock)
    answers = []
    for name in (CLOSED, UNKNOWN):
        last = attempt(administrator.app, name, PASSWORD).last
        assert last is not None
        answers.append(mask(last, name))
    assert answers[0] == answers[1]


def test_every_failure_costs_one_hash_and_what_is_slowed_costs_none(administrator: Colleague, clock: Clock) -> None:
    names = arrange(administrator, clock)
    hasher = get_hasher(administrator.app)
    for number in range(1, 8):
        for name in names:
            before = hasher.work
            attempt(administrator.app, name)
            assert hasher.work - before == (1 if number <= 5 else 0), (number, name)


def test_a_success_costs_one_hash_too(administrator: Colleague) -> None:
    hasher = get_hasher(administrator.app)
    before = hasher.work
    assert administrator.begin().path == "/clinic/sign-in/second"
    assert hasher.work - before == 1


def test_a_link_that_is_dead_and_one_that_never_was_are_told_the_same(administrator: Colleague) -> None:
    visitor = administrator.visitor
    pages = []
    for secret in ("A" * 43, "%00", "x"):
        visitor.get(f"/clinic/join/{secret}")
        assert visitor.last is not None
        pages.append(mask(visitor.last, "none"))
    assert all(page == pages[0] for page in pages)
