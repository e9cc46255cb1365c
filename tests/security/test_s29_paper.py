"""S29: the paper shows what was typed and does nothing with it: from the form to the file, on a real server."""

import io
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from pypdf import PdfReader

from app.questionnaire.answer import Text
from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.cli.conftest import Run, run
from tests.output.paper import Paper, squash
from tests.security.hostile import MARKUP, PAPER, SHEET, TEMPLATE, Ear, answer_all, listen
from tests.security.sending import WHO
from tests.support.server import Server, StartServer

__all__ = ["run"]

ACTS = {
    "/JS",
    "/JavaScript",
    "/OpenAction",
    "/AA",
    "/URI",
    "/Launch",
    "/EmbeddedFiles",
    "/SubmitForm",
    "/GoToR",
    "/Annots",
}
FILES = 'file:///etc/passwd <iframe src=file:///etc/passwd> #include "/etc/passwd" #import "@preview/x:1.0.0"'
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\x08"
DIRECTIONS = "\u202eevil\u202c \u2067x\u2069 zero\u200bwidth \u200dj مرحبا"
NAME = "Zoë O’Kanarienvogel"
MAIL = f"kanarienpost{ESCAPES}@example.test"


@dataclass(frozen=True, slots=True)
class Sent:
    """A server, what was typed in each field of a response there, its reference, and both copies of its paper."""

    server: Server
    typed: str
    reference: str
    patients: bytes
    clinics: bytes
    ear: Ear


@pytest.fixture(scope="module")
def sent(start_shared_server: StartServer) -> Iterator[Sent]:
    """Have somebody write all of it wherever one can, print and send it, and staff print it."""
    server = start_shared_server()
    with listen() as ear:
        typed = f"{ESCAPES} {ear.lures} {FILES} {PAPER} {TEMPLATE} {MARKUP} {SHEET}\n{DIRECTIONS}"
        patient = Walker(server.url)
        with closing(patient.connection):
            patient.start()
            patient.walk(answer_all(typed))
            patient.ask("GET", "/share/send")
            patient.send(patient.document.forms[0], {**WHO, "patient-name": [NAME], "patient-email": [MAIL]})
            assert (patient.status, patient.path) == (200, "/done"), patient.body.decode()
            found = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", patient.document.text)
            assert found
            patient.ask("GET", "/summary.pdf")
            assert patient.status == 200
        clinics = print_as_staff(server, found.group())
        yield Sent(server, typed, found.group(), patient.body, clinics, ear)
    assert ear.heard == []


def print_as_staff(server: Server, reference: str) -> bytes:
    """Return the clinic's copy as a member of staff prints it."""
    staff = Walker(server.url)
    with closing(staff.connection):
        staff.ask("GET", "/clinic/sign-in")
        form = next(form for form in staff.document.forms if form.action == "/clinic/demonstration")
        staff.ask("POST", form.action, encode({**form.fields, "as": ["reviewer"]}))
        staff.ask("GET", f"/clinic/responses/{reference}.pdf")
        assert staff.status == 200
        return staff.body


def read_with_poppler(data: bytes) -> str:
    """Return the text that another reader of PDF finds."""
    done = subprocess.run(["/usr/bin/pdftotext", "-", "-"], input=data, capture_output=True, check=True)
    assert done.stderr == b""
    return squash(done.stdout.decode())


@pytest.fixture(params=["patients", "clinics"])
def paper(sent: Sent, request: pytest.FixtureRequest) -> Paper:
    """Give each copy."""
    copy: bytes = getattr(sent, request.param)
    return Paper(copy)


def test_what_was_typed_stands_on_it_as_text_for_any_reader(sent: Sent, paper: Paper) -> None:
    # Characters that draw nothing are shown by their numbers, so the pieces between them are compared.
    pieces = [squash(piece) for piece in (sent.ear.lures, FILES, PAPER, TEMPLATE, MARKUP, SHEET)]
    for text in (paper.text, read_with_poppler(paper.data)):
        assert [piece for piece in pieces if text.count(piece) < 20] == []
        assert "root:" not in text
        assert "[U+202E]evil[U+202C]" in text
        assert "[U+001B][2J[U+001B]]0;owned[U+0007][U+009B]31m" in text


def test_nothing_in_it_acts(paper: Paper) -> None:
    keys = {key for key, _ in paper.walk_objects()}
    values = {str(value) for key, value in paper.walk_objects() if key in {"/S", "/Subtype", "/Type"}}
    assert (keys | values) & ACTS == set()
    # What is not packed, read as plain bytes.
    assert not re.search(rb"/(JS|JavaScript|OpenAction|URI|Launch)\b", paper.data)
    assert paper.reader.attachments == {}


def test_whoever_sent_it_stands_in_no_property(sent: Sent, paper: Paper) -> None:
    assert paper.reader.metadata is not None
    about = f"{dict(paper.reader.metadata)} {paper.properties}"
    for word in (NAME, "Kanarienvogel", "kanarienpost", sent.reference, sent.reference.replace("-", "")):
        assert word not in about
    assert not re.search("Date|D:20", about)


def test_nobody_was_asked_for_anything(sent: Sent) -> None:
    assert sent.ear.heard == []


def test_ten_megabytes_of_one_letter_are_refused_and_the_limit_of_each_field_is_drawn(sent: Sent) -> None:
    patient = Walker(sent.server.url)
    with closing(patient.connection):
        patient.start()
        form = patient.document.forms[0]
        patient.connection.request(
            "POST",
            form.action,
            encode({**form.fields, "age": ["W" * 10_000_000]}),
            {"Cookie": patient.cookie_header, "Content-Type": "application/x-www-form-urlencoded"},
        )
        assert patient.connection.getresponse().status == 413
        patient.connection.close()
        patient.walk({"other-conditions": Text("W" * 2000)})
        patient.ask("GET", "/summary.pdf")
        assert patient.status == 200
        text = squash(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(patient.body)).pages))
        assert "W" * 1000 in text


def test_no_answer_steers_the_terminal_of_whoever_reads_it_there(sent: Sent, run: Run) -> None:
    environ = {"FOREWORD_DATA": str(sent.server.data), "FOREWORD_DEMO": "1"}
    shown = run("response", "show", sent.reference, "--reason", "drill", **environ)
    assert shown.code == 0, shown.err
    assert [sign for sign in shown.out if (ord(sign) < 32 and sign != "\n") or 127 <= ord(sign) < 160] == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", shown.out)
    assert "kanarienpost[U+001B][2J" in shown.out
    for command in (("audit", "list"), ("staff", "list"), ("doctor", "--offline"), ("keys", "list")):
        said = run(*command, **environ)
        assert "\x1b" not in said.out + said.err, command
