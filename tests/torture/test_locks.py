"""Somebody else keeps the database locked: patients are told, keep what they typed, and go on when it is over."""

import os
import time

from tests.torture.conftest import MakeProgram
from tests.torture.faults import hold_lock
from tests.torture.person import begin, check_kept, visit
from tests.torture.program import Program

SECONDS = float(os.environ.get("TORTURE_LOCK_SECONDS", "8"))
LAST = "/questions/60"
STORY = "Is it <b>safe</b> with “tea” & תמר?"


def test_while_it_is_locked_nothing_typed_is_lost_and_a_start_waits(
    program: Program, make_program: MakeProgram
) -> None:
    person = begin(program)
    person.open(LAST)
    second = make_program(FOREWORD_DEMO="1", FOREWORD_DATA=str(program.data))
    with hold_lock(program.database):
        begun = time.monotonic()
        second.start()
        check_kept(person.type(questions_for_doctor=STORY), STORY)
        assert visit(program).open("/").status == 200  # who only reads waits for nobody
        time.sleep(max(0.0, SECONDS - (time.monotonic() - begun)))
        assert second.process is not None
        assert second.process.poll() is None, second.read_log()
    assert person.send_again().status == 303
    assert person.read(LAST)["questions-for-doctor"] == [STORY]
    assert second.is_ready(), second.read_log()
