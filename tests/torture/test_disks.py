"""A disk that is full or can only be read: patients are told and keep what they typed, operators get one sentence."""

from pathlib import Path

from tests.torture.conftest import MakeProgram
from tests.torture.faults import fill_disk, make_read_only, mount_small_disk
from tests.torture.person import begin, check_kept, visit
from tests.torture.program import Program

LAST = "/questions/60"
STORY = "Is it <b>safe</b> with “tea” & תמר? " * 40


def test_a_full_disk_below_the_database_costs_nothing_typed(make_program: MakeProgram) -> None:
    program = make_program(FOREWORD_DEMO="1")
    with mount_small_disk(program.data):
        program.start_well()
        person = begin(program)
        person.open(LAST)
        with fill_disk(program.data, program):
            reply = person.type(other_conditions=STORY)
            for _ in range(60):  # until what room the journal still had is used up
                if reply.status != 303:
                    break
                person.open(LAST)
                reply = person.type(other_conditions=STORY)
            check_kept(reply, STORY)
            assert visit(program).open("/").status == 200
        assert person.send_again().status == 303
        assert person.read(LAST)["other-conditions"] == [STORY]
        program.kill()
        program.start_well()
        assert person.read(LAST)["other-conditions"] == [STORY]
        program.kill()


def test_a_full_disk_below_log_and_temporary_files_costs_no_page(make_program: MakeProgram, tmp_path: Path) -> None:
    program = make_program(FOREWORD_DEMO="1")
    with mount_small_disk(program.folder / "temporary") as disk:
        program.start(disk / "log")
        assert program.is_ready()
        person = begin(program)
        with fill_disk(disk, program):
            person.open(LAST)
            assert person.type(other_conditions=STORY).status == 303
            assert person.read(LAST)["other-conditions"] == [STORY]
            paper = person.open("/summary.pdf")
            assert paper.status in {200, 503}, paper.status
            assert person.open("/summary").status == 200
        assert person.open("/summary.pdf").body.startswith(b"%PDF")
        program.kill()
    assert not list(tmp_path.glob("**/filler"))


def test_a_disk_that_can_only_be_read_stops_the_start_with_what_to_do(program: Program) -> None:
    person = begin(program)
    person.open(LAST)
    assert person.type(other_conditions=STORY).status == 303
    program.kill()
    with make_read_only(program.data):
        refused = program.refuse()
    assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
    assert "cannot be written to; look whose it is, and whether its disk can only be read" in refused.err
    program.start_well()
    assert person.read(LAST)["other-conditions"] == [STORY]
