"""security.md S35, S1, S8: two changes of one's own account at once, from one browser, on both databases."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.storage.access import Access, find_access_by_login
from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.soft_key import SoftKey
from tests.web.clinic.staff import COOKIE, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN

NEW = ("orbit kettle seven violin", "lantern gravel seven oboe")
# Long enough that both have proved the password before either changes anything.
DEAR = "65536,3,4"


@pytest.fixture
def ann(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Colleague]:
    """Join a clinic whose passwords cost what they do in earnest, as its first administrator."""
    app = make_app(tmp_path, clock, DATABASE_URL=database_url, PASSWORD_COST=DEAR)
    yield join_first(app, clock.now)
    with app.app_context():
        get_services().engine.dispose()


def send_both(colleague: Colleague, page: str, both: Sequence[dict[str, str]]) -> list[bool]:
    """Send a form twice at once, each with something else typed; return of each whether it was said to be taken."""
    visitor, start = colleague.visitor, Barrier(2)
    visitor.get(page)
    cookie, fields = read_cookie(visitor), visitor.find_form(page).fields

    def send(typed: dict[str, str]) -> bool:
        client = colleague.app.test_client(use_cookies=False)
        start.wait()
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        answer = client.post(page, data={**fields, "password": PASSWORD, **typed}, base_url=ORIGIN, headers=headers)
        return answer.location == "/clinic/account"

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(send, both))


def read_outcomes(colleague: Colleague, action: str) -> list[str]:
    """Return how everything of a kind ended, as the log has it."""
    with colleague.app.app_context(), begin_read(get_services().engine) as connection:
        return [entry.event.outcome for entry in list_entries(connection, AuditFilter(action=action))]


def read_access(colleague: Colleague) -> Access:
    with colleague.app.app_context(), begin_read(get_services().engine) as connection:
        access = find_access_by_login(connection, colleague.login)
    assert access is not None
    return access


def test_of_two_passwords_at_once_one_is_taken_and_only_that_is_said(ann: Colleague, clock: Clock) -> None:
    both = [{"new-password": new, "new-password-again": new} for new in NEW]
    taken = send_both(ann, "/clinic/account/password", both)
    assert sum(taken) == 1
    assert read_outcomes(ann, "password.changed").count("done") == 1
    clock.advance(minutes=1)
    assert [ann.begin(password=new).path == "/clinic/sign-in/second" for new in NEW] == taken


def test_of_two_last_factors_removed_at_once_one_stays(ann: Colleague) -> None:
    SoftKey.register(ann.app, ann.login)
    (passkey,) = read_access(ann).passkeys
    taken = send_both(ann, "/clinic/account/remove", [{"factor": "app"}, {"factor": passkey.id}])
    assert sum(taken) == 1
    assert read_outcomes(ann, "factor.removed") == ["done"]
    left = read_access(ann)
    assert [left.totp_sealed is None, not left.passkeys] == taken
