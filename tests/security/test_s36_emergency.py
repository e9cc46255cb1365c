"""S36: all staff are locked out; an operator who follows the docs reads one response, and the log says so."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from app.desk.demonstration import DEMONSTRATION_STAFF
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run, run
from tests.support.server import COMMAND, Server, StartServer
from tests.support.source import ROOT
from tests.web.raw import FORM, build_request, send_raw

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


# ---- the drill: what stands in docs/emergency.md is typed, and nothing else ------------------------------------------

EXAMPLE = "7K3XN-4ZQ2P"
REFERENCE = re.compile(r"response\.received +([0-9A-Z]{10})")


def read_commands() -> list[str]:
    """Return what an operator types, in order, as the page has it."""
    page = (ROOT / "docs/emergency.md").read_text()
    return re.findall(r"^ +\$ (.+)$", page, re.MULTILINE)


def type_commands(commands: list[str], folder: Path) -> str:
    """Type commands one after the other into one shell, and return what the screen showed."""
    # What is this machine's own: where the program is, and where its data.
    typed = "\n".join(commands).replace("/opt/foreword", str(folder)).replace("/var/lib/foreword", str(folder / "data"))
    environ = {"PATH": f"{COMMAND.parent}:/usr/bin:/bin", "HOME": str(folder), "FOREWORD_DEMO": "1"}
    done = subprocess.run(
        ["/bin/bash", "-e"], input=typed, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def try_to_sign_in(server: Server, role: str) -> int:
    port = int(server.url.rpartition(":")[2])
    host = server.url.removeprefix("http://")
    shown = send_raw(port, build_request(host, "/clinic/sign-in"))
    token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    body = f"csrf_token={token}&as={role}".encode()
    about = {"Content-Type": FORM, "Content-Length": f"{len(body)}", "Cookie": shown.cookie, "Origin": server.url}
    signed = send_raw(port, build_request(host, "/clinic/demonstration", "POST", body, about))
    opened = send_raw(port, build_request(host, "/clinic/responses", headers={"Cookie": signed.cookie}))
    return opened.status


def test_when_all_staff_are_locked_out_whoever_follows_the_page_reads_one_response(
    lived: Lived, start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(data=lived.folder)
    assert 200 in {try_to_sign_in(server, role) for role in DEMONSTRATION_STAFF}
    logins = [line.split()[0] for line in lived.run("staff", "list").out.splitlines()]
    assert len(logins) == len(DEMONSTRATION_STAFF)
    for login in logins:
        assert lived.run("staff", "disable", login).code == 0
    assert {try_to_sign_in(server, role) for role in DEMONSTRATION_STAFF} == {303}  # to the sign-in page
    commands = read_commands()
    listing = next(number for number, command in enumerate(commands) if "response.received" in command)
    [reference, *_] = REFERENCE.findall(type_commands(commands[: listing + 1], tmp_path))
    screen = type_commands([command.replace(EXAMPLE, reference) for command in commands], tmp_path)
    for heading in ("Date of birth: ", "How to reach them: ", "Summary for your visit", "All answers"):
        assert heading in screen
    last = screen.rstrip().splitlines()[-1]
    assert re.search(rf"command line +emergency\.opened +{reference} +done +reason=staff-locked-out$", last)
    assert list_openings(lived) == [(reference, "done", '{"reason":"staff-locked-out"}')]
    assert lived.run("audit", "verify").code == 0


def test_the_page_has_every_step_and_every_reason() -> None:
    commands = read_commands()
    assert any(EXAMPLE in command for command in commands)
    page = (ROOT / "docs/emergency.md").read_text()
    help_text = subprocess.run(
        [COMMAND, "response", "show", "--help"], capture_output=True, text=True, check=True, env=dict(os.environ)
    ).stdout
    reasons = re.search(r"\[([a-z|-]+)\]", help_text.replace("\n", "").replace(" ", ""))
    assert reasons is not None
    assert all(f"`{reason}`" in page for reason in reasons.group(1).split("|"))
