"""The numbers for Prometheus: right, bounded, about nobody, and never where people open the pages."""

import re
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.counters import BOUNDS, COUNTERS, PDF_STARTS, Counters
from app.output.pdf import PdfRenderer, PdfTooLargeError
from app.settings import load_settings
from app.web import build_web_app, problems
from tests.cli.clinic import Lived, make_clinic
from tests.cli.conftest import Run, run
from tests.output import samples
from tests.security.sending import walk_and_send
from tests.support.ports import find_free_port
from tests.support.server import COMMAND, Server, StartServer
from tests.web.raw import build_request, send_raw

__all__ = ["run"]

CANARY = "metricscanary"

Numbers = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(port: int) -> tuple[Numbers, str]:
    """Return every number at an address, and the text they stand in."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}, text


def find(numbers: Numbers, name: str, **labels: str) -> float:
    return numbers[f"foreword_{name}", tuple(sorted(labels.items()))]


def ask(
    server: Server,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> int:
    host = server.url.removeprefix("http://")
    return send_raw(int(host.rpartition(":")[2]), build_request(host, path, method, body, headers)).status


@pytest.fixture
def port() -> int:
    """Return a port that is free for the numbers."""
    return find_free_port()


@dataclass(frozen=True, slots=True)
class Told:
    """A running server, and the port its numbers are at."""

    server: Server
    port: int


@pytest.fixture(scope="module")
def told(start_shared_server: StartServer) -> Told:
    """Start a server that tells its numbers, for the tests of this file."""
    port = find_free_port()
    return Told(start_shared_server(metrics=f"127.0.0.1:{port}"), port)


def send_one(server: Server, names: Mapping[str, list[str]]) -> str:
    """Let somebody send and print, and return the last page before they printed."""
    walker = walk_and_send(server.url, {}, dict(names))
    page = walker.body.decode()
    walker.ask("GET", "/summary.pdf")
    walker.connection.close()
    return page


def test_they_are_never_where_people_open_the_pages(told: Told) -> None:
    assert ask(told.server, "/metrics") == 404
    assert scrape(told.port)[0]


def test_what_is_counted_is_what_happened(told: Told) -> None:
    before, _ = scrape(told.port)
    for _ in range(3):
        ask(told.server, f"/{CANARY}")
    send_one(told.server, {})
    after, _ = scrape(told.port)

    def find_more(name: str, **labels: str) -> float:
        pairs = tuple(sorted(labels.items()))
        return find(after, name, **labels) - before.get((f"foreword_{name}", pairs), 0)

    assert find_more("requests_total", route="none", method="GET", status="4xx") == 3
    assert find_more("request_duration_seconds_count", route="none") == 3
    assert find_more("request_duration_seconds_bucket", route="none", le="+Inf") == 3
    saved = find_more("requests_total", route="/questions/<page_id>", method="POST", status="3xx")
    assert find_more("drafts_saved_total") >= saved > 0
    for name in ("drafts_started_total", "responses_sent_total", "responses_waiting", "drafts"):
        assert (name, find_more(name)) == (name, 1)
    assert find_more("pdf_drawings_total", outcome="done") == 1
    assert find(after, "pdf_starts_total") == 1
    assert find(after, "requests_in_flight") == 0
    assert find(after, "build_info", role="all", version="0.1.0") == 1
    assert find(after, "database_up") == 1


def test_what_is_no_request_is_counted_too(told: Told) -> None:
    before, _ = scrape(told.port)
    host = told.server.url.removeprefix("http://")
    assert send_raw(int(host.rpartition(":")[2]), b"GET / HTTP/1.1\r\nno header\r\n\r\n").status == 400
    after, _ = scrape(told.port)
    name = ("foreword_requests_total", (("method", "other"), ("route", "none"), ("status", "4xx")))
    assert after[name] - before.get(name, 0) == 1


def test_who_connects_and_says_nothing_is_let_go(told: Told) -> None:
    with socket.create_connection(("127.0.0.1", told.port), 60) as silent:
        assert silent.recv(1) == b""


def test_what_is_being_answered_is_counted_until_it_is(tmp_path: Path) -> None:
    app = build_web_app(load_settings({"FOREWORD_DATA": str(tmp_path / "data")}))
    before = COUNTERS.copy().in_flight

    @app.get("/now")
    def count_now() -> str:
        return str(COUNTERS.copy().in_flight - before)

    @app.get("/fault")
    def fail() -> str:
        raise ValueError

    @app.get("/pages")
    def draw_pages() -> str:
        problems.prepare(app)
        return ""

    client = app.test_client()
    assert client.get("/pages", base_url="http://127.0.0.1:8000").status_code == 200
    assert client.get("/now", base_url="http://127.0.0.1:8000").text == "1"
    assert client.get("/fault", base_url="http://127.0.0.1:8000").status_code == 500
    assert client.get("/now", base_url="http://evil.test").status_code == 400
    assert COUNTERS.copy().in_flight == before


def test_nothing_in_them_is_about_anybody_and_they_do_not_grow(told: Told) -> None:
    names = {"patient-name": [f"Zoë {CANARY}"], "patient-email": [f"{CANARY}@example.org"]}
    page = send_one(told.server, names)
    [reference] = set(re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", page))

    def visit(number: int) -> None:
        shouted = {"Cookie": f"{CANARY}={number}", "User-Agent": CANARY, "X-Request-Id": CANARY}
        ask(told.server, f"/{CANARY}{number}?{CANARY}={number}", headers=shouted)
        ask(told.server, f"/questions/{CANARY}{number}", headers=shouted)
        ask(told.server, f"/{CANARY}", CANARY.upper(), headers=shouted)
        ask(told.server, f"/clinic/responses/{CANARY}{number}", headers=shouted)
        ask(told.server, "/clinic/sign-in", "POST", f"login={CANARY}&password={CANARY}".encode())

    visit(0)
    first, _ = scrape(told.port)
    for number in range(1, 30):
        visit(number)
    second, text = scrape(told.port)
    assert first.keys() == second.keys()
    assert CANARY not in text.lower()
    for one in (reference, reference.replace("-", "")):
        assert one not in text
    labels = {name for _, pairs in second for name, _ in pairs}
    known = {"route", "method", "status", "le", "audience", "kind", "step", "outcome", "chore", "role", "version"}
    assert labels <= known | {"generation", "implementation", "major", "minor", "patchlevel"}


def test_what_stands_in_the_database_is_told_as_it_is(
    run: Run, start_server: StartServer, port: int, tmp_path: Path
) -> None:
    lived = make_clinic(run, tmp_path)
    assert lived.run("backup", str(tmp_path / "one.backup")).code == 0
    server = start_server(data=lived.folder, metrics=f"127.0.0.1:{port}")
    numbers, _ = scrape(port)
    assert find(numbers, "responses_waiting") == count(lived, "responses WHERE review_status = 'requested'") > 0
    assert find(numbers, "audit_entries") == count(lived, "audit_entries")
    assert find(numbers, "chore_done", chore="backup") == 1
    assert find(numbers, "chore_last_success_timestamp_seconds", chore="backup") > 1_700_000_000
    server.stop()
    lived.ask("UPDATE chores SET done_on = '' WHERE name = 'backup'")
    lived.ask("UPDATE drafts SET expires_at = '2020-01-01 00:00:00.000000'")
    start_server(data=lived.folder, role="patient", metrics=f"127.0.0.1:{port}")
    numbers, text = scrape(port)
    assert find(numbers, "chore_done", chore="backup") == 0
    assert 'last_success_timestamp_seconds{chore="backup"}' not in text


def count(lived: Lived, where: str) -> int:
    [(number,)] = lived.ask(f"SELECT count(*) FROM {where}")  # noqa: S608  from the test itself
    return int(str(number))


def test_a_database_that_is_gone_takes_its_numbers_away_and_no_others(start_server: StartServer, port: int) -> None:
    server = start_server(metrics=f"127.0.0.1:{port}")
    for path in server.data.glob("foreword.sqlite3*"):
        path.unlink()
    (server.data / "foreword.sqlite3").write_bytes(b"no database at all" * 100)
    server_numbers, text = scrape(port)
    while find(server_numbers, "database_up") == 1:  # a connection that was open already has the old file
        server_numbers, text = scrape(port)
    assert "foreword_responses_waiting" not in text
    assert find(server_numbers, "requests_in_flight") == 0
    server.stop(may_have_failed=True)


def test_an_address_that_is_taken_stops_the_start_with_a_sentence(
    start_server: StartServer, port: int, tmp_path: Path
) -> None:
    start_server(metrics=f"127.0.0.1:{port}")
    environ = {"FOREWORD_DATA": f"{tmp_path}/data", "PORT": str(find_free_port())}
    done = subprocess.run(
        [COMMAND, "serve"],
        env={**environ, "FOREWORD_METRICS": f"127.0.0.1:{port}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    sentence = f"FOREWORD_METRICS: 127.0.0.1:{port} cannot be listened on: Address already in use; choose another"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def in_threads(call: Callable[[], None]) -> None:
    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_nothing_is_lost_when_many_threads_count() -> None:
    counters = Counters()

    def work() -> None:
        for _ in range(5_000):
            counters.begin()
            counters.record("/", "GET", 200, 0.003)
            counters.count(PDF_STARTS)
            counters.end()

    in_threads(work)
    counted = counters.copy()
    assert counted.counts["requests"] == {("/", "GET", "2xx"): 40_000}
    assert counted.counts["pdf_starts"] == {(): 40_000}
    assert counted.durations["/"].buckets == [40_000] + [0] * len(BOUNDS)
    assert counted.in_flight == 0


def test_drawings_that_fail_and_processes_that_start_are_counted() -> None:
    renderer = PdfRenderer(timeout=60)
    before = COUNTERS.copy().counts
    renderer.render(samples.make_all_no())
    renderer.close()  # as if it had been ended
    renderer.render(samples.make_all_no())
    renderer.close()
    hasty = PdfRenderer(timeout=0)
    with pytest.raises(Exception, match="drawing took too long"):
        hasty.render(samples.make_all_no())
    with pytest.raises(PdfTooLargeError):
        hasty.render_batch([])
    after = COUNTERS.copy().counts
    assert after["pdf_starts"][()] - before["pdf_starts"][()] == 3
    for outcome, times in (("done", 2), ("failed", 1), ("busy", 0)):
        assert after["pdf_drawings"][outcome,] - before["pdf_drawings"][outcome,] == times
