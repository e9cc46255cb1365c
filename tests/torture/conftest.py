"""A clinic's program in a folder of its own for each scene, ended whatever happens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ports import find_free_port
from tests.torture.client import Traffic
from tests.torture.clinic import open_clinic
from tests.torture.program import Program

MakeProgram = Callable[..., Program]


@pytest.fixture
def make_program(tmp_path: Path) -> Iterator[MakeProgram]:
    """Give a function that makes a program which does not run yet: `make_program(FOREWORD_ROLE="patient")`."""
    made: list[Program] = []

    def make(**environ: str) -> Program:
        program = Program(tmp_path / f"program-{len(made)}", find_free_port(), environ)
        program.folder.mkdir(mode=0o700)
        made.append(program)
        return program

    yield make
    for program in made:
        program.kill()


@pytest.fixture
def program(make_program: MakeProgram) -> Program:
    """Give a program that serves a demonstration's patients."""
    made = make_program(FOREWORD_DEMO="1")
    made.start_well()
    return made


@pytest.fixture
def clinic(make_program: MakeProgram) -> Program:
    """Give a program that serves a real clinic."""
    made = make_program()
    made.start_well()
    open_clinic(made, Traffic()).client.close()
    return made
