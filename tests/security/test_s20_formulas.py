"""S20: whatever a patient types, no cell of an export is a formula; from the sealed response to the file's bytes.

What Excel and LibreOffice run is written down as rules of its own, apart from those of the program, and tried on the
cells that a strict reader of RFC 4180 finds. A real spreadsheet is asked in test_s20_in_a_spreadsheet.py.
"""

import csv
import io
import re
from datetime import timedelta
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clinic.sending import Submission, send_response
from app.desk.export import Office, Order, begin_export
from app.questionnaire.answer import Coded, Number, Rows, Text
from app.questionnaire.model import Sensitive
from app.questionnaire.sent import Patient
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_write
from app.vault.codes import make_secret
from tests.desk.conftest import NOW, Clinic, clinic
from tests.support.examples import count_examples

__all__ = ["clinic"]

# The signs that begin a formula in a spreadsheet, as security.md S20 and OWASP list them: also in other widths, and
# behind what a spreadsheet skips.
STARTS = "=+-@\t\r\n"
TYPED = (
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    '=HYPERLINK("http://127.0.0.1/?"&A1,"x")',
    "=cmd|' /C calc'!A0",
    '","=1+1',
    '"\r\n=1+1',
    "'=1+1",
    "DDE",
)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
LETTERS = st.text(st.sampled_from("=+-@\t\r\n,;\"'\uff1d\uff0b 1aA|!"), min_size=1, max_size=12)


def is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet would run a cell; a plain number is a number."""
    if NUMBER.fullmatch(cell):
        return False
    return normalize("NFKC", cell[:1])[:1] in tuple(STARTS) or cell[:1] in tuple(STARTS)


def export(clinic: Clinic, typed: str) -> list[list[str]]:
    """Send a response with a text in every place where a person can write one, and return the export's cells."""
    submission = Submission(
        secret=make_secret(),
        version=1,
        edition=clinic.edition,
        answers={
            "age": Number("-5"),
            "reason-for-visit": Coded(("something-else",), typed),
            "other-conditions": Text(typed),
            "questions-for-doctor": Text(typed),
            "current-medicines": Rows(((typed, typed, typed, typed),)),
        },
        language="en",
        patient=Patient(name=typed, birth=(1990, 5, 3), contact=typed),
        consent="yes",
    )
    with begin_write(clinic.engine) as connection:
        key = find_newest_key(connection)
        assert key is not None
        send_response(connection, key, submission, retention_days=30, now=NOW - timedelta(minutes=1))
    office = Office(
        engine=clinic.engine, desk=clinic.desk, find_edition=clinic.find_edition, clinic=None, language="en"
    )
    made = begin_export(
        office, Order(has_identity=True, sensitive=frozenset(Sensitive)), actor="someone", origin="", now=NOW
    )
    content = b"".join(made.write()).decode()
    return list(csv.reader(io.StringIO(content, newline=""), strict=True))


@pytest.mark.parametrize("typed", TYPED)
def test_no_cell_is_a_formula_and_what_was_typed_can_be_had_back(clinic: Clinic, typed: str) -> None:
    keys, _, *rows, end = export(clinic, typed)
    assert [cell for row in (keys, *rows, end) for cell in row if is_formula(cell)] == []
    row = dict(zip(keys, rows[-1], strict=True))
    for key in ("response.name", "response.contact", "other-conditions", "reason-for-visit/own-words"):
        assert row[key].removeprefix("'") == typed or row[key] == typed
    assert row["age"] == "-5"  # a number stays one
    assert {len(line) for line in (keys, *rows, end)} == {len(keys)}


@given(typed=LETTERS)
@settings(max_examples=count_examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_at_all_gets_out_of_its_cell(clinic: Clinic, typed: str) -> None:
    lines = export(clinic, typed)
    assert [cell for line in lines for cell in line if is_formula(cell)] == []
    assert {len(line) for line in lines} == {len(lines[0])}
