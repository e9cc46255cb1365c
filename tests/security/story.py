"""Everything that people and operators do, once, with the real program: `python -m tests.security.story FOLDER`.

For whoever watches from outside what its processes do meanwhile. It says `done` at its end, or what went wrong.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.load import encode
from tests.bench.walker import Walker
from tests.browser.patient import list_examples, read_answers
from tests.security.sending import WHO
from tests.support.server import COMMAND, Server, launch_server
from tests.web.clinic.colleague import PASSWORD
from tests.web.clinic.staff import make_codes

REFERENCE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")
READING = ("/about-ketamine", "/for-clinicians", "/privacy", "/accessibility", "/support", "/resume")
STAFF = ("/clinic/overview", "/clinic/export", "/clinic/people", "/clinic/settings", "/clinic/audit", "/clinic/health")


def post(walker: Walker, action: str, typed: Mapping[str, list[str]], button: str = "save") -> None:
    """Send the form of a page that goes to an address; anything but a page that answers is a fault."""
    form = next(form for form in walker.document.forms if form.action == action)
    walker.ask("POST", action, encode({**form.fields, **typed, "action": [button]}))
    expect(walker)


def expect(walker: Walker) -> None:
    """Stop at an answer that is none."""
    if walker.status != 200:
        sys.exit(f"{walker.path} answered {walker.status}")


def visit(walker: Walker, *paths: str) -> None:
    """Open addresses."""
    for path in paths:
        walker.ask("GET", path)
        expect(walker)


def be_patient(server: Server) -> str:
    """Answer, read, print, send, look again, and have another form erased; return the reference."""
    patient = Walker(server.url)
    with closing(patient.connection):
        visit(patient, *READING)
        patient.start()
        patient.walk(read_answers(list_examples()[-1]))
        visit(patient, "/summary", "/summary.pdf", "/share", "/share/send")
        patient.send(patient.document.forms[0], WHO)
        expect(patient)
        found = REFERENCE.search(patient.document.text)
        visit(patient, "/summary.pdf", "/summary.svg", "/done")
    other = Walker(server.url)
    with closing(other.connection):
        other.start()
        visit(other, "/erase")
        post(other, "/erase", {})
    return found.group() if found else sys.exit("no reference")


def be_staff(server: Server, reference: str) -> None:
    """Find, open, note, review, print and export it, and look at every page there is."""
    staff = Walker(server.url)
    with closing(staff.connection):
        visit(staff, "/clinic/sign-in")
        post(staff, "/clinic/demonstration", {"as": ["lead"]})
        post(staff, "/clinic/responses", {"name": ["O’Test"]})
        page = f"/clinic/responses/{reference}"
        visit(staff, page)
        post(staff, f"{page}/review", {"note": ["Called."]}, "note")
        visit(staff, page)
        post(staff, f"{page}/review", {}, "complete")
        visit(staff, f"{page}.pdf", f"/clinic/responses/print?reference={reference}", *STAFF)
        visit(staff, "/clinic/people")
        post(staff, "/clinic/people", {"name": ["Ann Lee"], "login": ["ann@clinic.example"], "role": ["reviewer"]})
        visit(staff, "/clinic/export")
        post(staff, "/clinic/export", {})
        visit(staff, "/clinic/audit")
        post(staff, "/clinic/audit/verify", {})


def be_first_administrator(server: Server) -> None:
    """Join by the link of the first start, with password and authenticator app, and sign in with a recovery code."""
    link = re.search(r"open http://\S+?(/clinic/join/\S+)", server.read_log())
    if link is None:
        sys.exit("no link")
    first = Walker(server.url)
    with closing(first.connection):
        visit(first, link.group(1))
        typed = {"name": ["Ann Lee"], "login": ["ann@clinic.example"]}
        post(first, link.group(1), {**typed, "new-password": [PASSWORD], "new-password-again": [PASSWORD]})
        key = first.body.decode().partition('<strong translate="no">')[2].partition("<")[0].replace("-", "")
        post(first, "/clinic/enrol/app", {"code": make_codes(key, datetime.now(UTC), 0)})
        recovery = first.body.decode().partition('<code translate="no">')[2].partition("<")[0]
    again = Walker(server.url)
    with closing(again.connection):
        visit(again, "/clinic/sign-in")
        post(again, "/clinic/sign-in", {"login": ["ann@clinic.example"], "password": [PASSWORD]})
        # The app's code was taken, and its next one may be half a minute away
        post(again, "/clinic/sign-in/recovery", {"recovery-code": [recovery]})


def be_operator(server: Server, reference: str, folder: Path) -> None:
    """Call every command that works beside a server."""
    environ = {**os.environ, "FOREWORD_DATA": str(server.data), "FOREWORD_DEMO": "1", "FOREWORD_PUBLIC_URL": server.url}
    commands = (
        ("check",),
        ("preview", "--example", "BASE", "--pdf", str(folder / "paper.pdf")),
        ("export", str(folder / "all.csv"), "--include", "identity"),
        ("backup", str(folder / "backup")),
        ("audit", "verify"),
        ("keys", "rotate"),
        ("staff", "invite", "bo@clinic.example", "--name", "Bo", "--role", "reviewer"),
        ("response", "show", reference, "--reason", "drill"),
        ("doctor",),
    )
    for words in commands:
        done = subprocess.run([COMMAND, *words], env=environ, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode > (words == ("doctor",)):
            sys.exit(f"{words} ended with {done.returncode}: {done.stderr}")


def main() -> None:
    """Be everybody."""
    folder = Path(sys.argv[1])
    (folder / "demonstration").mkdir()
    (folder / "real").mkdir()
    server = launch_server(folder / "demonstration", {})
    try:
        reference = be_patient(server)
        be_staff(server, reference)
        be_operator(server, reference, folder)
    finally:
        server.stop()
    real = launch_server(folder / "real", {"demo": 0, "password_cost": "test"})
    try:
        be_first_administrator(real)
    finally:
        real.stop()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
