"""S36: all staff are locked out; an operator who follows the docs reads one response, and the log says so."""

from pathlib import Path

import pytest

from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run, run

__all__ = ["run"]


@pytest.fixture
def lived(run: Run, tmp_path: Path) -> Lived:
    return make_clinic(run, tmp_path)


def list_openings(lived: Lived) -> list[tuple[object, ...]]:
    return lived.ask("SELECT subject, outcome, about FROM audit_entries WHERE action = 'emergency.opened'")


def test_one_response_is_read_and_the_event_is_there_before_it(lived: Lived) -> None:
    reference = lived.list_references()[0]
    typed = f"{reference[:5]}-{reference[5:]}".lower()
    shown = lived.run("response", "show", typed, "--reason", "staff-locked-out")
    assert shown.code == 0, shown.err
    for heading in ("Date of birth: ", "How to reach them: ", "Summary for your visit", "All answers", reference[:5]):
        assert heading in shown.out
    assert shown.err == ""
    assert list_openings(lived) == [(reference, "done", '{"reason":"staff-locked-out"}')]
    assert lived.run("audit", "verify").code == 0


def test_it_needs_the_private_key(lived: Lived) -> None:
    for path in (lived.folder / "keys").glob("response-*.pem"):
        path.rename(path.with_suffix(".away"))
    refused = lived.run("response", "show", lived.list_references()[0], "--reason", "drill")
    assert (refused.code, refused.out) == (2, "")
    assert "is missing; put it back" in refused.err


def test_a_reason_is_needed_and_only_words_of_the_program_are_kept(lived: Lived) -> None:
    reference = lived.list_references()[0]
    unasked = lived.run("response", "show", reference)  # nobody is there to answer
    assert unasked.code != 0
    assert unasked.out == ""
    refused = lived.run("response", "show", reference, "--reason", "because of Mr Canary")
    assert refused.code == 2
    assert list_openings(lived) == []


def test_a_reference_that_is_none_or_nobody_s_is_told(lived: Lived) -> None:
    assert lived.run("response", "show", "12345", "--reason", "drill").code == 2
    gone = lived.run("response", "show", "77777-7777H", "--reason", "drill")
    assert gone.code == 2
    assert "there is no such response" in gone.err
    assert list_openings(lived) == [("777777777H", "refused", '{"reason":"drill"}')]


def test_where_only_patients_are_served_nothing_can_be_read(lived: Lived) -> None:
    refused = lived.run("response", "show", lived.list_references()[0], "--reason", "drill", FOREWORD_ROLE="patient")
    assert refused.code == 2
    assert "FOREWORD_ROLE" in refused.err
