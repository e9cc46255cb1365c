"""S20 in a real spreadsheet: LibreOffice opens an export, and no cell is a formula; also after it saved and opened it.

What came out of `foreword export` is converted to XLSX and its cells are read from there. Then the spreadsheet saves it
as CSV, as people do, and the same is done with that.
"""

import re
import shutil
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.walker import Walker
from tests.cli.conftest import Run, run
from tests.security.hostile import answer_all
from tests.security.sending import WHO
from tests.security.test_s20_formulas import TYPED, is_formula
from tests.support.server import Server, StartServer

__all__ = ["run"]

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
COMMA_QUOTE_UTF8 = "CSV:44,34,76,1,,0,false,true,false"  # as a person would choose when it asks; 76 is UTF-8
COMMA_QUOTE_UTF8_TEXT = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"


def convert(path: Path, kind: str, filtered: str = "") -> Path:
    """Have LibreOffice open a file and save it as another kind, without a window."""
    office = shutil.which("soffice")
    if office is None:
        pytest.fail("LibreOffice is not installed: make test installs it", pytrace=False)
    folder = path.parent / f"as-{kind}"
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    reading = [f"--infilter={COMMA_QUOTE_UTF8}"]
    command = [
        office,
        profile,
        "--headless",
        *reading,
        "--convert-to",
        filtered or kind,
        "--outdir",
        str(folder),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    made = folder / f"{path.stem}.{kind}"
    assert made.is_file(), done.stderr
    return made


def read_cells(path: Path) -> tuple[list[str], list[str], int]:
    """Return the texts of a sheet, its formulas, and how many of its cells are numbers."""
    with zipfile.ZipFile(path) as book:
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314  the spreadsheet on this machine wrote it
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  as above
    words = ["".join(part.text or "" for part in entry.iter(f"{SHEET}t")) for entry in shared]
    cells = list(sheet.iter(f"{SHEET}c"))
    formulas = [found.text or "" for cell in cells for found in cell.iter(f"{SHEET}f")]
    texts = [words[int(cell.findtext(f"{SHEET}v") or 0)] for cell in cells if cell.get("t") == "s"]
    return texts, formulas, sum(cell.get("t") == "n" and cell.find(f"{SHEET}v") is not None for cell in cells)


@pytest.fixture(scope="module")
def server(start_shared_server: StartServer) -> Server:
    """Start a server that received every text that could begin a formula, in one field or another."""
    server = start_shared_server()
    everything = [answer_all(typed) for typed in TYPED]
    answers = {link_id: everything[turn % len(TYPED)][link_id] for turn, link_id in enumerate(everything[0])}
    patient = Walker(server.url)
    with closing(patient.connection):
        patient.start()
        patient.walk(answers)
        patient.ask("GET", "/share/send")
        patient.send(patient.document.forms[0], {**WHO, "patient-name": ["=1+1"]})
        assert (patient.status, patient.path) == (200, "/done"), patient.body.decode()
    return server


def test_a_spreadsheet_takes_no_cell_for_a_formula_also_after_it_saved_it(
    server: Server, run: Run, tmp_path: Path
) -> None:
    environ = {"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1"}
    path = tmp_path / "all.csv"
    kinds = [word for kind in ("identity", "substance-use", "pregnancy") for word in ("--include", kind)]
    made = run("export", str(path), *kinds, **environ)
    assert made.code == 0, made.err
    texts, formulas, numbers = read_cells(convert(path, "xlsx"))
    assert formulas == []
    assert [text for text in texts if is_formula(text)] == []
    kept = {text.removeprefix("'").lstrip() for text in texts if text.startswith("'")}
    assert {typed.lstrip() for typed in TYPED if is_formula(typed)} <= kept
    assert numbers > 0  # a number stays one
    # Saved as CSV by the spreadsheet and opened once more: it keeps the apostrophes (docs/export.md).
    again = convert(path, "csv", COMMA_QUOTE_UTF8_TEXT)
    shutil.copy(again, tmp_path / "again.csv")
    texts, formulas, _ = read_cells(convert(tmp_path / "again.csv", "xlsx"))
    assert formulas == []
    assert [text for text in texts if is_formula(text)] == []


def test_the_reader_sees_a_formula(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text('a,b\n=1+1,"=2+2"\n-5,word\n')
    texts, formulas, numbers = read_cells(convert(tmp_path / "bad.csv", "xlsx"))
    assert len(formulas) >= 1
    assert numbers == 1 + len(formulas)
    assert "word" in texts
    assert not re.search("[=]", "".join(texts))
