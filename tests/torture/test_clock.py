"""A clock set a day ahead while the program runs, and back: what is kept and what ends is what a person expects.

Only what is past its 24 hours by the clock that is there goes; nobody is locked out, and the log stays in order.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.torture.client import Traffic
from tests.torture.clinic import Member, open_clinic
from tests.torture.conftest import MakeProgram
from tests.torture.ledger import Ledger
from tests.torture.patients import Patient
from tests.torture.person import begin
from tests.torture.program import Program, shift_clock

LAST = "/questions/60"
STORY = "typed before the clock was set"
DAY_AND_HOUR = timedelta(hours=25)
SIGN_IN = "/clinic/sign-in"


class Clock:
    """The clock of one program."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(timedelta())

    def set(self, ahead: timedelta) -> None:
        """Set it so far ahead of ours."""
        self.file.write_text(f"{ahead.total_seconds():+.0f}")


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def program(clock: Clock, make_program: MakeProgram) -> Program:
    made = make_program(**shift_clock(clock.file))
    made.start_well()
    return made


def send(program: Program, number: int, ledger: Ledger) -> str:
    """Have a patient send, and return their name."""
    patient = Patient(number, "9", program.url, Traffic(), ledger)
    patient.fill_in()
    patient.send()
    patient.client.close()
    return patient.name


def guess(member: Member) -> None:
    """Try wrong passwords until one has to wait."""
    for _ in range(8):
        if member.type_password("kettle violin orbit nine").status == 429:
            return
    pytest.fail("nobody has to wait")


def test_a_day_ahead_and_back(clock: Clock, program: Program, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    admin = open_clinic(program, Traffic())
    names = [send(program, 1, ledger)]
    old = begin(program)
    old.open(LAST)
    assert old.type(other_conditions=STORY).status == 303
    old.open(LAST)
    head = program.run("audit", "head").out.strip()

    clock.set(DAY_AND_HOUR)
    lost = old.type(other_conditions=f"{STORY} ahead")  # past its 24 hours: the draft is gone, and the page says so
    assert lost.status == 410
    assert f"{STORY} ahead" in lost.body.decode()
    assert admin.client.open("/clinic/settings")[0].startswith(SIGN_IN)  # signed out, as after a night
    admin.late = DAY_AND_HOUR
    assert not admin.sign_in()[0].startswith(SIGN_IN)
    young = begin(program)
    young.open(LAST)
    names.append(send(program, 2, ledger))
    other = Member(admin.client, "eve@clinic.example")
    admin.client.cookies.clear()
    guess(other)

    clock.set(timedelta())
    shown = young.type(other_conditions=STORY)  # signed tomorrow: no token is good, and nothing typed is lost
    assert shown.status == 400
    assert STORY in shown.body.decode()
    assert young.type(other_conditions=STORY).status == 303
    assert young.read(LAST)["other-conditions"] == [STORY]
    admin.client.cookies.clear()
    assert other.type_password("kettle violin orbit nine").status == 422  # nobody waits for tomorrow
    admin.late = timedelta()
    where, page = admin.sign_in()
    assert page.status == 422, where  # a later code was used: an earlier one is never taken again
    assert not admin.sign_in(admin.codes[0])[0].startswith(SIGN_IN)
    names.append(send(program, 3, ledger))
    admin.client.close()
    check_all(program, names, head)
    ledger.close()


def check_all(program: Program, names: list[str], head: str) -> None:
    """Fail unless everything that was sent is there, and the log whole and in the order in which things were done."""
    assert program.stop() == 0
    program.environ = {}
    program.start_well()
    said = program.run("export", "-", "--format", "json-lines", "--include", "identity")
    assert [name for name in names if said.out.count(f'"{name}"') == 1] == names
    verified = program.run("audit", "verify", "--head", head)
    assert verified.code == 0, verified.out
    numbers = [int(line.split()[0]) for line in program.run("audit", "list", "--limit", "1000").out.splitlines()]
    assert numbers == sorted(numbers, reverse=True)
