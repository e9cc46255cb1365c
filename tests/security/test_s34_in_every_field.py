"""S34: what would end a statement, match anything or break a text is stored and shown as it was typed, or refused.

In every field where a patient or the clinic can write, on a real server, on SQLite and on PostgreSQL.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus

import pytest

from app.questionnaire.answer import Answer, dump_answer
from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.cli.conftest import Run, run
from tests.security.hostile import SQL, answer_all, squash
from tests.security.sending import WHO
from tests.support.server import Server, StartServer

__all__ = ["run"]

# Each has its reason: quotes and comments; wildcards of LIKE; escapes of either database; a statement of its own; signs
# of four bytes and of several code points; both directions; what normalisation would change; an end of a text in C.
TYPED = (
    f"{SQL} %% _ \\ \\' \\x27 $$x$$ E'\\'' '); -- \U0001f600\U00020000 \U0001f468\u200d\U0001f469"
    " e\u0301\u00e9 \ufb01 \u202eabc\u202c \u200b\u061f \u062a\u0645\u0631"
)
NUL = "before\x00after"
SURROGATES = (b"%ED%A0%80", b"%ED%B0%80", b"%ED%A0%BD%ED%B8%80", b"\xed\xa0\x80", b"%FF%FE%00")
REFERENCE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")


@contextmanager
def sign_in(server: Server) -> Iterator[Walker]:
    """Sign in as somebody who may do everything."""
    staff = Walker(server.url)
    with closing(staff.connection):
        staff.ask("GET", "/clinic/sign-in")
        send_to(staff, "/clinic/demonstration", {"as": ["lead"]})
        yield staff


def send_to(walker: Walker, action: str, typed: dict[str, list[str]], button: str = "save") -> None:
    """Send the form of a page that goes to an address; whatever comes is a page."""
    form = next(form for form in walker.document.forms if form.action == action)
    walker.ask("POST", action, encode({**form.fields, **typed, "action": [button]}))
    assert walker.status in {HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY}, walker.body.decode()


def send_all(server: Server, answers: dict[str, Answer], name: str, typed: str) -> str:
    """Walk and send with this name, and return the reference; what was typed is on the check page and the summary."""
    patient = Walker(server.url)
    with closing(patient.connection):
        patient.start()
        patient.walk(answers)
        assert squash(typed) in squash(patient.document.text)
        patient.ask("GET", "/summary")
        assert squash(typed) in squash(patient.document.text)
        patient.ask("GET", "/share/send")
        patient.send(patient.document.forms[0], {**WHO, "patient-name": [name]})
        assert (patient.status, patient.path) == (200, "/done"), patient.body.decode()
        found = REFERENCE.search(patient.document.text)
        assert found
        return found.group()


def export(run: Run, server: Server, url: str) -> list[dict[str, dict[str, object]]]:
    """Return each response as an export has it."""
    environ = {"FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1", "FOREWORD_DATABASE_URL": url}
    kinds = [word for kind in ("identity", "substance-use", "pregnancy") for word in ("--include", kind)]
    made = run("export", "-", "--format", "json-lines", *kinds, **environ)
    assert made.code == 0, made.err
    *lines, end = (json.loads(line) for line in made.out.splitlines())
    assert end == {"rows": len(lines)}
    return lines


def list_written(value: object) -> list[str]:
    """Return every text in a JSON value that somebody wrote."""
    if isinstance(value, str):
        return [value] if "DROP TABLE" in value else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in list_written(part)]


def test_every_answer_comes_back_letter_for_letter(run: Run, start_server: StartServer, database_url: str) -> None:
    # Given a server that received what was typed wherever a patient can write
    server = start_server(database_url=database_url)
    typed = f"{TYPED} {NUL}"
    answers = answer_all(typed)
    reference = send_all(server, answers, TYPED[:200], TYPED)
    # Then the export has each of it, exactly
    [line] = export(run, server, database_url)
    assert line["response"]["name"] == TYPED[:200]
    came = {link_id: list_written(answer) for link_id, answer in line["answers"].items()}
    assert came == {link_id: list_written(dump_answer(answers[link_id])) for link_id in came}
    assert sum(text == typed for texts in came.values() for text in texts) > 30
    # And the staff page shows it, and no statement of it was one
    with sign_in(server) as staff:
        staff.ask("GET", "/clinic/responses")
        assert squash(TYPED[:200]) in squash(staff.document.text)
        staff.ask("GET", f"/clinic/responses/{reference}")
        assert squash(staff.document.text).count(squash(TYPED)) > 30
        assert NUL in staff.document.text  # as it is: a browser draws nothing for it, and paper its number
    patient = Walker(server.url)
    with closing(patient.connection):
        patient.start()
        assert (patient.status, patient.path) == (200, "/questions/1")


def test_what_staff_write_comes_back_letter_for_letter(start_server: StartServer, database_url: str) -> None:
    server = start_server(database_url=database_url)
    reference = send_all(server, {}, "Zoë O'Test", "")
    line = TYPED.partition("\u202e")[0][:80].strip()
    with sign_in(server) as staff:
        page = f"/clinic/responses/{reference}"
        staff.ask("GET", page)
        send_to(staff, f"{page}/review", {"note": [TYPED], "note-age": [TYPED]}, "note")
        staff.ask("GET", page)
        assert squash(staff.document.text).count(squash(TYPED)) == 2
        staff.ask("GET", "/clinic/settings")
        fields = ("name", "contact", "protocol_owner", "privacy", "pause_note")
        send_to(staff, "/clinic/settings", {field: [line] for field in fields})
        staff.ask("GET", "/clinic/settings")
        form = next(form for form in staff.document.forms if form.action == "/clinic/settings")
        assert {field: form.fields[field] for field in fields} == {field: [line] for field in fields}
        staff.ask("GET", "/privacy")
        assert squash(line) in squash(staff.document.text)


@pytest.mark.parametrize("wild", ["%", "_", "%%", "O_Test", "O%", "' OR 1=1 --", "\\", "*", "[a-z]", "Zo"])
def test_no_sign_in_a_search_means_more_than_itself(full: tuple[Server, str], wild: str) -> None:
    server, reference = full
    with sign_in(server) as staff:
        staff.ask("GET", "/clinic/responses")
        send_to(staff, "/clinic/responses", {"name": ["O'Test"]})
        assert reference in staff.document.text
        for name in ("name", "reference", "birth"):
            staff.ask("GET", "/clinic/responses")
            send_to(staff, "/clinic/responses", {name: [wild]})
            assert reference not in staff.document.text, name


@pytest.fixture(scope="module")
def full(start_shared_server: StartServer) -> tuple[Server, str]:
    """Start a server that has one response."""
    server = start_shared_server()
    return server, send_all(server, {}, "Zoë O'Test", "")


@pytest.mark.parametrize("raw", [*SURROGATES, b"a%00b", b"%u0041%", b"\xff\xfe\x00"])
def test_bytes_that_are_no_text_are_kept_as_far_as_they_are_one_or_refused(
    full: tuple[Server, str], raw: bytes
) -> None:
    server, _ = full
    patient = Walker(server.url)
    with closing(patient.connection):
        patient.start()
        while "reason-for-visit" not in patient.document.forms[0].fields.get("asked", [""])[0]:
            patient.send(patient.document.forms[0])
        form = patient.document.forms[0]
        form.fields.pop("reason-for-visit-something-else")
        fields = encode({**form.fields, "reason-for-visit": ["something-else"], "action": ["save"]})
        patient.ask("POST", form.action, fields + b"&reason-for-visit-something-else=QX" + raw + b"QY")
        assert patient.status in {200, 400, 422}
        if patient.status == HTTPStatus.OK:
            patient.ask("GET", "/check")
            assert re.search("QX.{0,20}QY", squash(patient.document.text))
            patient.ask("GET", "/summary.pdf")
            assert patient.status == 200
