"""security.md S19, D-11: a canary in every field, header, address, name and password of a real clinic; in no log.

Patients and staff are served by a program each, on one database: all that both say is searched, and all that the
commands say which an operator runs beside them.
"""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.questionnaire.answer import Answer, Coded, Rows, Text
from tests.bench.walker import Walker
from tests.browser.review_desk import Correspondent
from tests.browser.scenes import merge_patients
from tests.security.grounds import Caller, Page, crawl, list_forms, sign_in
from tests.security.sending import WHO
from tests.support.server import COMMAND, Server, StartServer

CANARY = "ketamine-canary-71c9"
BREAKS = f"{CANARY}\r\n\x1b[31m\u2028{CANARY}\nGET / HTTP/1.1"
HEADERS = ("User-Agent", "Referer", "X-Request-Id", "Accept-Language", "Accept-Encoding", "X-Forwarded-For", CANARY)
# Each fails at whatever is written next, with what was to be written in the error's text.
FAULTS = ("drafts", "notes", "people", "clinic_settings", "throttles")
# Forms without a box, which would end the session that sends them.
ENDS = ("/sign-out", "/disable", "/reset", "/end")
TELLING = ("audit list", "audit verify", "audit head", "doctor", "keys list", "purge", "backup BACKUP")


def read_requests(server: Server) -> list[dict[str, object]]:
    """Return the log's lines about requests; fails where a line is no line of ours."""
    lines = [line for line in server.read_log().splitlines() if not line.startswith("Foreword is open at ")]
    return [about for about in map(json.loads, lines) if about["event"] == "request"]


def fill_with_canary() -> dict[str, Answer]:
    """Return the answers of somebody who has everything, and types the canary wherever there is room."""
    words = {link_id: Text(CANARY) for link_id in ("bladder-how-long", "other-conditions", "questions-for-doctor")}
    rows = {"current-medicines": Rows(((CANARY, CANARY, CANARY, CANARY),))}
    own = {"reason-for-visit": Coded(("something-else",), CANARY)}
    return {**merge_patients("ABHGL"), **words, **rows, **own}


def write_and_send(server: Server) -> None:
    """Have a patient type the canary everywhere, look at everything, and send it."""
    walker = Walker(server.url)
    with closing(walker.connection):
        walker.start()
        walker.walk(fill_with_canary())
        walker.ask("GET", "/share/send")
        who = {"patient-name": CANARY, "patient-phone": f"+44 {CANARY}", "patient-email": f"{CANARY}@clinic.example"}
        walker.send(walker.document.forms[0], {**WHO, **{name: [value] for name, value in who.items()}})
        assert walker.path == "/done", walker.body.decode()
    patient = Caller("patient", server, walker.cookies)
    for _ in crawl(patient, CANARY):
        pass
    patient.post("/resume", {"code": CANARY})


def send_everywhere(caller: Caller, pages: Iterator[Page]) -> int:
    """Send each form that the pages have: as it is with the canary typed, and with nothing but the canary."""
    sent = {}
    for page in pages:
        for form in list_forms(page.reply):
            kept = {name: values[0] for name, values in form.fields.items() if values}
            sent[form.action, *sorted(kept)] = (form.action, kept)
    for action, fields in sent.values():
        if action.endswith(ENDS):
            continue
        typed = {name: CANARY for name in fields if name not in {"csrf_token", "revision", "version"}}
        caller.post(action, {**fields, **typed, "csrf_token": fields.get("csrf_token", ""), "action": "note"})
        caller.post(action, dict.fromkeys([*fields, "action"], CANARY))
    return len(sent)


def send_headers(caller: Caller) -> None:
    """Ask for pages of every kind with the canary in each header, in the query, in the path and in the cookies."""
    about = dict.fromkeys(HEADERS, CANARY) | {"Cookie": f"{CANARY}={CANARY}; foreword-staff={CANARY}"}
    for path in (
        "/",
        "/check",
        "/clinic/",
        "/clinic/responses",
        f"/{CANARY}",
        f"/clinic/join/{CANARY}",
        f"/%0d%0a{CANARY}",
    ):
        caller.call("GET", f"{path}?{CANARY}={CANARY}", headers=about)
        caller.call("POST", path, urlencode({CANARY: BREAKS}).encode(), about)
        caller.call(CANARY, path, headers=about)


def fail_at(database: Path, table: str) -> None:
    """Make the next change of a table fail with an error that is nobody's fault, and that quotes what it likes."""
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        for act in ("INSERT", "UPDATE"):
            connection.execute(
                f"CREATE TRIGGER fail_{table}_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{CANARY}'); END"
            )


def run(data: Path, words: str, folder: Path) -> str:
    """Return all that a command says."""
    settings: Mapping[str, str] = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": str(data), "PATH": os.environ["PATH"]}
    command = [str(COMMAND), *words.replace("BACKUP", str(folder / "backup")).split()]
    done = subprocess.run(command, env=settings, capture_output=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return (done.stdout + done.stderr).decode()


def break_everything(staff: Server, patients: Server) -> None:
    """Have a patient and staff send the canary to pages that fail while they store it."""
    shown = f"/clinic/responses/{Correspondent(staff, answers=fill_with_canary()).send()}"
    patient, lead = Walker(patients.url), sign_in(staff, "lead")
    with closing(patient.connection):
        patient.start()
        for table in FAULTS:
            fail_at(staff.data / "foreword.sqlite3", table)
        patient.send(patient.document.forms[0], {"reason-for-visit-something-else": [CANARY]})
    assert patient.status == 500
    [form] = [form for form in list_forms(lead.call("GET", shown)) if form.action == f"{shown}/review"]
    note = {**{name: values[0] for name, values in form.fields.items() if values}, "note": CANARY, "action": "note"}
    broken = [
        lead.post(f"{shown}/review", note),
        lead.post("/clinic/people", {"name": CANARY, "login": f"x{CANARY}@clinic.example", "role": "reviewer"}),
        Caller("nobody", staff).post("/clinic/sign-in", {"login": CANARY, "password": CANARY}),
    ]
    assert [reply.status for reply in broken] == [500] * len(broken)
    assert not [reply for reply in broken if CANARY in reply.text]


def test_a_canary_sent_everywhere_comes_out_nowhere(start_server: StartServer, tmp_path: Path) -> None:
    # Given a clinic with patients on one program and staff on another
    staff = start_server(password_cost="test")
    patients = start_server(role="patient", database_url=f"sqlite:///{staff.data / 'foreword.sqlite3'}")
    # When the canary is typed and sent wherever it can be
    write_and_send(patients)
    reference = Correspondent(staff, name=CANARY, answers=fill_with_canary()).send()
    lead = sign_in(staff, "lead")
    assert send_everywhere(lead, crawl(lead, reference)) > 25
    for server in (staff, patients):
        send_headers(Caller("nobody", server))
    Caller("nobody", staff).post("/clinic/sign-in", {"login": f"{CANARY}@clinic.example", "password": CANARY})
    Caller("nobody", staff).post("/clinic/demonstration", {"as": CANARY})
    # And when things break while it is on the way
    break_everything(staff, patients)
    # Then nothing that either program said has it, and no line is broken
    said = {server: server.read_log() for server in (staff, patients)}
    assert [text for text in said.values() if CANARY in text or "Traceback" in text or "\x1b" in text] == []
    assert len(read_requests(staff)) > 100
    assert len(read_requests(patients)) > 100
    # Nor what an operator is told beside them
    for words in TELLING:
        assert CANARY not in run(staff.data, words, tmp_path), words
    for server in (staff, patients):
        server.stop(may_have_failed=True)


@pytest.mark.parametrize("field", ["login", "password"])
def test_line_breaks_in_a_name_make_one_line(field: str, live_server: Server) -> None:
    nobody = Caller("nobody", live_server)
    nobody.find_token("/clinic/sign-in")
    before = len(read_requests(live_server))
    lines = len(live_server.read_log().splitlines())
    nobody.post("/clinic/sign-in", {"login": "x", "password": "y", field: BREAKS})
    assert len(read_requests(live_server)) == before + 1
    assert len(live_server.read_log().splitlines()) == lines + 1
    assert CANARY not in live_server.read_log()
