"""security.md S35, S1: pressed at once from one browser, a password is changed once, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from flask import Flask

from app.storage.audit import AuditFilter, list_entries
from app.storage.engine import begin_read
from app.web.services import get_services
from tests.web.clinic.colleague import PASSWORD, Colleague, join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.staff import COOKIE, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN

PAGE = "/clinic/account/password"
NEW = ("orbit kettle seven violin", "lantern gravel seven oboe")
# Long enough that both have proved the old password before either stores a new one.
DEAR = "65536,3,4"


def press_both(colleague: Colleague) -> list[bool]:
    """Send two new passwords at once, with one session; return of each whether it was said to be taken."""
    visitor, start = colleague.visitor, Barrier(2)
    visitor.get(PAGE)
    cookie, fields = read_cookie(visitor), visitor.find_form(PAGE).fields

    def press(new: str) -> bool:
        client = colleague.app.test_client(use_cookies=False)
        typed = {**fields, "password": PASSWORD, "new-password": new, "new-password-again": new}
        start.wait()
        answer = client.post(PAGE, data=typed, base_url=ORIGIN, headers={"Cookie": f"{COOKIE}={cookie}"})
        return answer.location == "/clinic/account"

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(press, NEW))


def read_outcomes(app: Flask) -> list[str]:
    """Return how each change of a password ended, as the log has it."""
    with app.app_context(), begin_read(get_services().engine) as connection:
        return [entry.event.outcome for entry in list_entries(connection, AuditFilter(action="password.changed"))]


def test_of_two_changes_at_once_one_is_made_and_only_that_is_said(
    tmp_path: Path, clock: Clock, database_url: str
) -> None:
    app = make_app(tmp_path, clock, DATABASE_URL=database_url, PASSWORD_COST=DEAR)
    try:
        ann = join_first(app, clock.now)
        taken = press_both(ann)
        assert sum(taken) == 1
        assert read_outcomes(app).count("done") == 1
        clock.advance(minutes=1)
        assert [ann.begin(password=new).path == "/clinic/sign-in/second" for new in NEW] == taken
    finally:
        with app.app_context():
            get_services().engine.dispose()
