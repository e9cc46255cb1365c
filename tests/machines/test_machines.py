"""Several machines, everything that can go wrong with them once, and the checker; then that the checker can say no."""

import base64
import hashlib
import json
import signal
import subprocess
import sys
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from app.settings import load_settings
from app.web.security import list_headers
from tests.machines.balancer import SHIPPED
from tests.machines.checker import Verdict, check_drafts, check_export
from tests.machines.exchange import Reply
from tests.machines.faults import FAULTS
from tests.machines.ledger import Entry, Ledger
from tests.machines.places import FOLDERS, PREFIX, clear_stale
from tests.support.source import ROOT
from tests.web.patient.visitor import Document

_SECONDS = 400
MARK, OTHER = "mark-0000-00000", "mark-0000-00001"
PAGE = f'<h1>Page</h1><form action="/questions/1"><input name="other-conditions" value="{MARK} words"></form>'


def test_nothing_acknowledged_is_missing_doubled_or_mixed_up_whatever_machine_fails() -> None:
    command = [sys.executable, "-m", "tests.machines", "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS)
    print(done.stdout, done.stderr)  # noqa: T201  which kind of machines, and all figures
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"\n{name} " in done.stdout for name in FAULTS)
    assert "\nmissing 0, doubled 0, mixed up 0\n" in done.stdout


def test_the_balancer_s_own_page_is_whole_says_what_to_do_and_loads_nothing() -> None:
    head, _, body = (SHIPPED / "503.http").read_bytes().partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert int(headers["Content-Length"]) == len(body)
    document = Document(body.decode())
    assert "load this page again" in document.text
    assert document.links == ["/"]
    style = body.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in headers["Content-Security-Policy"]
    # What guards the program's own pages guards this one, but for what may be loaded: nothing but its style
    ours = dict(list_headers(load_settings({"FOREWORD_PUBLIC_URL": "https://clinic.example"})))
    loading = {"Content-Security-Policy", "Permissions-Policy"}
    assert {name: headers[name] for name in ours if name not in loading} == {
        name: value for name, value in ours.items() if name not in loading
    }


class Machine:
    """A machine that answers each address with the same page."""

    def __init__(self, status: int = 200, page: str = PAGE) -> None:
        self.cookies: dict[str, str] = {}
        self._reply = Reply(status, HTTPMessage(), page.encode())

    def ask(self, method: str, path: str, body: bytes | None = None) -> Reply:  # noqa: ARG002  all the same
        """Return the page."""
        return self._reply


def make_entry(**values: Any) -> Entry:  # noqa: ANN401  whatever an entry has
    """Return somebody who saved one page and sent it."""
    known = {
        "pages": {"/questions/1": {"other-conditions": [f"{MARK} words"]}},
        "answers": {"other-conditions": {"text": f"{MARK} words"}, "heart-disease": {"codes": ["no"]}, "age": None},
        "tried_to_send": True,
        "reference": "77777-7777H",
    }
    return Entry(mark=MARK, **{**known, **values})


@pytest.mark.parametrize(
    ("machine", "missing", "mixed_up"),
    [
        (Machine(), 0, 0),
        (Machine(410), 1, 0),
        (Machine(page=PAGE.replace("words", "word")), 1, 0),
        (Machine(page=PAGE.replace(MARK, OTHER)), 1, 1),
        (Machine(page=PAGE + OTHER), 0, 1),
    ],
)
def test_the_checker_finds_a_page_that_is_missing_or_shows_another_s_words(
    machine: Machine, missing: int, mixed_up: int
) -> None:
    verdict = Verdict()
    check_drafts(verdict, [make_entry(reference="")], {"one": Machine(), "two": machine})
    assert (len(verdict.missing), len(verdict.doubled), len(verdict.mixed_up)) == (missing, 0, mixed_up)
    assert verdict.is_clean is (missing + mixed_up == 0)


def make_row(**answers: Any) -> dict[str, Any]:  # noqa: ANN401  whatever an answer is
    """Return what the clinic exports of them."""
    known = {"other-conditions": {"text": f"{MARK} words"}, "heart-disease": {"codes": ["no"]}}
    return {
        "response": {"reference": "77777-7777H", "name": f"Test {MARK}"},
        "answers": {**known, "consent-to-share": {"codes": ["agree"]}, **answers},
    }


STRANGER = {**make_row(), "response": {"reference": "88888-88888", "name": "Test nobody"}}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([make_row()], (0, 0, 0)),
        ([], (1, 0, 0)),
        ([make_row(), make_row()], (0, 2, 0)),
        ([make_row(), STRANGER], (0, 0, 1)),
        ([make_row(age={"number": 40})], (0, 0, 1)),
        ([make_row(**{"heart-disease": {"codes": ["yes"]}})], (0, 0, 1)),
        ([make_row(**{"other-conditions": {"text": f"{OTHER} words"}})], (0, 0, 2)),
        ([{**make_row(), "unreadable": True}], (1, 0, 0)),
    ],
)
def test_the_checker_finds_a_response_that_is_missing_doubled_or_mixed_up(
    rows: list[dict[str, Any]], found: tuple[int, int, int], tmp_path: Path
) -> None:
    out = tmp_path / "export.jsonl"
    out.write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, {"rows": len(rows)}]))
    verdict = Verdict()
    check_export(verdict, [make_entry()], out)
    assert (len(verdict.missing), len(verdict.doubled), len(verdict.mixed_up)) == found


def test_an_export_that_was_cut_off_is_found(tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    out.write_text(f"{json.dumps(make_row())}\n")
    verdict = Verdict()
    check_export(verdict, [make_entry()], out)
    assert len(verdict.missing) == 1


def test_the_longest_time_without_service_also_counts_at_both_ends() -> None:
    ledger = Ledger(acknowledged_at=[1.0, 12.0, 13.0, 30.0])
    assert ledger.find_longest_gap(10, 20) == 7
    assert ledger.find_longest_gap(2, 11) == 9


_HOLDER = """
import signal, sys, time
from tests.machines.places import make_folder, make_places
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background is started deaf to it
with make_folder() as folder, make_places(["one", "two"]) as places:
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_leaves_nothing_behind_however_it_ends(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline().strip()
        run.send_signal(number)
        run.wait(60)
    if number is signal.SIGKILL:
        assert list_left(run.pid)
        clear_stale()  # as the next run does
    assert not list_left(run.pid)


def list_left(owner: int) -> list[str]:
    """Return the namespaces and folders of a run."""
    return [path.name for place in (Path("/run/netns"), *FOLDERS) for path in place.glob(f"{PREFIX}{owner}-*")]
