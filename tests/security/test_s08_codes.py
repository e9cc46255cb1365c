"""security.md S8: a code is taken once, now or 30 seconds late, and its seed is seen once."""

import base64
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from app.storage.people import Role
from tests.web.clinic.colleague import PASSWORD, Colleague, join_as, read_key
from tests.web.clinic.staff import make_codes, read_cookie
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor


def send(colleague: Colleague, code: str) -> Visitor:
    visitor = colleague.begin()
    visitor.post({"code": code}, form=visitor.find_form("/clinic/sign-in/code"))
    return visitor


def is_in(visitor: Visitor) -> bool:
    visitor.get("/clinic/account")
    return visitor.path == "/clinic/account"


def test_a_code_is_not_taken_again_after_a_later_one(administrator: Colleague, clock: Clock) -> None:
    clock.advance(minutes=2)
    first, second = make_codes(administrator.key, clock.now, -1, 0)
    assert is_in(send(administrator, first))
    assert is_in(send(administrator, second))
    assert not is_in(send(administrator, first))
    assert not is_in(send(administrator, second))


@pytest.mark.parametrize("step", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("second", [0, 1, 15, 29])
def test_codes_of_now_and_of_the_step_before_are_taken(
    administrator: Colleague, clock: Clock, step: int, second: int
) -> None:
    clock.advance(minutes=5)
    clock.now = clock.now.replace(second=second, microsecond=0)
    (code,) = make_codes(administrator.key, clock.now, step)
    assert is_in(send(administrator, code)) is (step in {-1, 0})


def test_of_fifty_requests_with_one_code_one_gets_in(administrator: Colleague, clock: Clock) -> None:
    clock.advance(minutes=2)
    (code,) = make_codes(administrator.key, clock.now, 0)
    visitors = []
    for number in range(50):
        visitor = make_visitor(administrator.app)
        visitor.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        visitor.get("/clinic/sign-in")
        typed = {"login": administrator.login, "password": PASSWORD}
        visitor.post(typed, form=visitor.find_form("/clinic/sign-in"))
        visitors.append((visitor, visitor.find_form("/clinic/sign-in/code")))
    start = Barrier(10)

    def send_one(number: int) -> int:
        visitor, form = visitors[number]
        if number < 10:
            start.wait()
        fields = {**form.fields, "code": [code]}
        return visitor.client.post("/clinic/sign-in/code", data=fields, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(10) as threads:
        statuses = list(threads.map(send_one, range(50)))
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 422, 429}


def test_a_code_is_not_spent_by_a_wrong_password(administrator: Colleague, clock: Clock) -> None:
    clock.advance(minutes=2)
    (code,) = make_codes(administrator.key, clock.now, 0)
    assert administrator.begin(password="not the right password").status == 422
    assert is_in(send(administrator, code))


def test_twenty_wrong_codes_are_slowed_and_the_right_one_opens_in_time(administrator: Colleague, clock: Clock) -> None:
    clock.advance(minutes=2)
    right = set(make_codes(administrator.key, clock.now, -1, 0))
    wrong = [code for code in (f"{number:06}" for number in range(30)) if code not in right][:20]
    statuses = [send(administrator, code).status for code in wrong]
    assert statuses[:5] == [422] * 5
    assert set(statuses[5:]) == {429}
    clock.advance(minutes=16)
    (code,) = make_codes(administrator.key, clock.now, 0)
    assert is_in(send(administrator, code))


def test_the_seed_is_in_no_page_after_it_was_set_up_and_not_in_the_database(
    administrator: Colleague, clock: Clock, tmp_path: Path
) -> None:
    key = administrator.key
    raw = base64.b32decode(key)
    clock.advance(minutes=1)
    visitor = administrator.sign_in(clock.now)
    for page in ("account", "account/app", "account/password", "account/passkey", "people", "enrol"):
        visitor.get(f"/clinic/{page}")
        assert visitor.last is not None
        assert key not in visitor.last.text.replace("-", "")
    picture = visitor.client.get("/clinic/enrol/code.svg", base_url=ORIGIN)
    visitor.get("/clinic/account/app")
    assert read_key(visitor) != key
    assert picture.status_code in {200, 404}
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database = b"".join(path.read_bytes() for path in tmp_path.glob("foreword.sqlite3*"))
    for trace in (key.encode(), raw, raw.hex().encode(), base64.b64encode(raw)[:24]):
        assert trace not in database


def test_a_seed_moved_to_another_person_opens_nothing(administrator: Colleague, clock: Clock, tmp_path: Path) -> None:
    ben = join_as(administrator.app, clock.now, "ben@clinic.example", Role.REVIEWER)
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        connection.execute(
            "UPDATE people SET totp_sealed = (SELECT totp_sealed FROM people WHERE login = ?) WHERE login = ?",
            (ben.login, administrator.login),
        )
        connection.commit()
    clock.advance(minutes=1)
    (code,) = make_codes(ben.key, clock.now, 0)
    assert not is_in(send(administrator, code))


def test_a_recovery_code_works_once(administrator: Colleague) -> None:
    code = administrator.codes[3]
    for is_taken in (True, False):
        visitor = administrator.begin()
        visitor.post({"recovery-code": code.lower()}, form=visitor.find_form("/clinic/sign-in/recovery"))
        assert is_in(visitor) is is_taken
        assert read_cookie(visitor)


def test_recovery_codes_are_stored_as_hashes(administrator: Colleague, tmp_path: Path) -> None:
    database = b"".join(path.read_bytes() for path in tmp_path.glob("foreword.sqlite3*"))
    for code in administrator.codes:
        assert code.encode() not in database
        assert code.replace("-", "").encode() not in database
