"""`make bench`: every budget of the design's section 7 that can be measured here, and what it was measured on."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import psutil

from app.questionnaire.answer import Answer, Coded
from tests.bench import slow
from tests.bench.chores import measure_chores
from tests.bench.clinic import measure_clinics
from tests.bench.cost import measure_cost
from tests.bench.crowd import measure_crowds
from tests.bench.databases import DATABASES
from tests.bench.load import Shot, Tally, encode, fire, measure_rate
from tests.bench.phone import measure_waits
from tests.bench.report import Report
from tests.bench.submit import measure_submits
from tests.bench.walker import Walker
from tests.bench.weight import weigh_pages
from tests.browser.patient import list_examples, load_edition, read_answers
from tests.support.ports import find_free_port
from tests.support.server import Server, launch_server

_ROUNDS = 7
_SECONDS = 2.0
_PATIENTS = 4
_PDFS = 100


PATIENTS = "What patients wait for"
COST = "What one submission costs"
SHARES = "Requests a second, as a share of a bare Flask view"


SECTIONS = ("patients", "crowd", "slow", "clinic", "chores", "cost")


@click.command()
@click.option("--journeys", default=1000, show_default=True, help="Journeys and PDFs before memory is read.")
@click.option("--hour", default=72_000, show_default=True, help="Requests after which memory is read: an hour's worth.")
@click.option("--sizes", default="1000,10000,100000", show_default=True, help="How many responses the clinics have.")
@click.option("--postgres-sizes", default="1000,10000,100000", show_default=True, help="The same, on PostgreSQL.")
@click.option("--chores", default=100_000, show_default=True, help="How many drafts and responses the chores are for.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="A folder to keep the clinics in, filled, for another run."
)
@click.option("--only", type=click.Choice(SECTIONS), multiple=True, help="One part of it; can be said again.")
@click.option("--write", is_flag=True, help="Write docs/performance.md and its plots.")
def main(**options: Any) -> None:  # noqa: ANN401  as click hands them over
    """Measure the budgets on this machine, in one run."""
    report = Report()
    for what, figure in report.machine:
        click.echo(f"  {what:<44} {figure}")
    parts: dict[str, Callable[[], None]] = {
        "patients": lambda: measure_patients(report, options["journeys"], options["hour"]),
        "crowd": lambda: measure_crowds(report, find_answers("B")),
        "slow": lambda: report.say_table(slow.GROUP, slow.HEAD, slow.measure_slow({})),
        "clinic": lambda: measure_clinics(
            report,
            {"SQLite": _read_sizes(options["sizes"]), "PostgreSQL": _read_sizes(options["postgres_sizes"])},
            options["keep"],
        ),
        "chores": lambda: measure_chores(report, options["chores"]),
        "cost": lambda: report.say_table(
            COST, ("", *DATABASES), [(row.what, *row.figures) for row in measure_cost(find_answers("B"))]
        ),
    }
    for name in options["only"] or parts:
        parts[name]()
    if options["write"]:
        report.write()


def _read_sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",") if size]


def measure_patients(report: Report, journeys: int, hour: int) -> None:
    """Print what patients wait for, and what their pages cost the server."""
    folder = Path(tempfile.mkdtemp(prefix="foreword-bench-"))
    measure_start(report, folder)
    server = launch_server(folder, {})
    try:
        weigh(report, server.url)
        measure_rates(report, server.url)
        measure_pdfs(report, server.url)
        for name, waits in zip(("with the script", "without a script"), measure_waits(server.url), strict=True):
            report.say(
                PATIENTS,
                f"slow phone, {name}",
                f"first page {waits.first:.2f} s (budget 0.9), whole all-No journey "
                f"{waits.journey:.1f} s over {waits.steps} steps (budget 5)"
                + (f"; {waits.painted:.1f} s of it from a press to the next page’s paint" if waits.painted else ""),
            )
        measure_memory(report, server, journeys)
        measure_hour(report, server, hour)
    finally:
        server.stop()


def measure_start(report: Report, folder: Path) -> None:
    """Print the seconds from the command to the first answered page, on a fresh folder and again."""
    for name in ("first start (new database)", "start again"):
        begun = time.monotonic()
        server = launch_server(folder, {})
        Walker(server.url).ask("GET", "/")
        report.say(PATIENTS, name, f"{time.monotonic() - begun:.2f} s to the first page (budget 1.5)")
        server.stop()


def weigh(report: Report, url: str) -> None:
    """Print bytes and requests a page."""
    first, requests, questions = weigh_pages(url)
    report.say(PATIENTS, "first load, compressed", f"{first:,} bytes in {requests} requests (budget 14,000 in 3)")
    report.say(
        PATIENTS,
        "question pages, compressed",
        f"median {statistics.median(questions):,.0f}, largest {max(questions):,} bytes (budget 4,000)",
    )


def measure_rates(report: Report, url: str) -> None:
    """Print a question page's GET and POST as a share of a bare view's rate on the same server."""
    port = find_free_port()
    bare = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)])
    try:
        _wait(port)
        shots = {"bare": [Shot(f"http://127.0.0.1:{port}", "/")] * _PATIENTS, "GET": [], "POST": []}
        for _ in range(_PATIENTS):
            for name, shot in zip(("GET", "POST"), make_shots(url), strict=True):
                shots[name].append(shot)
        rates: dict[str, list[float]] = {name: [] for name in shots}
        for _ in range(_ROUNDS):
            for name, kind in shots.items():
                rates[name].append(measure_rate(kind, _SECONDS))
        submits, submit_share = measure_submits(url, shots["bare"][0], find_answers("B"))
    finally:
        bare.terminate()
        bare.wait()
    for name in ("GET", "POST"):
        share = statistics.median(ours / yard for ours, yard in zip(rates[name], rates["bare"], strict=True))
        report.say(
            SHARES,
            f"question {name}",
            f"{statistics.median(rates[name]):,.0f} requests/s, {share:.0%} of a bare view's "
            f"{statistics.median(rates['bare']):,.0f} (budget 35 %)",
        )
    report.say(SHARES, "sending a response", f"{submits:,.0f} requests/s, {submit_share:.0%} of the bare view's")


def make_shots(url: str) -> tuple[Shot, Shot]:
    """Return a new patient's first question page, and its form filled in: each post saves the sealed draft."""
    walker = Walker(url)
    walker.start()
    form = walker.document.forms[0]
    headers = (("Cookie", walker.cookie_header), ("Sec-Fetch-Site", "same-origin"))
    body = encode({**form.fields, "age": ["40"], "reason-for-visit": ["chronic-pain"], "action": ["save"]})
    return Shot(url, walker.path, headers=headers), Shot(url, form.action, body, headers, expected=303)


def measure_pdfs(report: Report, url: str) -> None:
    """Print the median time of a summary's PDF after the first, over HTTP, for test patient B."""
    walker = Walker(url)
    walker.start()
    walker.walk(find_answers("B"))
    walker.ask("GET", "/summary.pdf")
    times = []
    for _ in range(_PDFS):
        begun = time.monotonic()
        walker.ask("GET", "/summary.pdf")
        times.append(time.monotonic() - begun)
    report.say(
        PATIENTS,
        "summary PDF (test patient B)",
        f"median {statistics.median(times) * 1000:.0f} ms after the first (budget 40)",
    )


def measure_memory(report: Report, server: Server, journeys: int) -> None:
    """Print the memory of the server and its helpers after many journeys and PDFs."""
    all_no = {
        link_id: Coded(("no",))
        for link_id, item in load_edition().items.items()
        if any(option.code == "no" for option in item.answer_options)
    }
    readings = [read_memory(server)]
    with click.progressbar(range(journeys), label="journeys", file=sys.stderr) as steps:
        for step in steps:
            walker = Walker(server.url)
            walker.start()
            walker.walk(find_answers("H") if step % 2 else all_no)
            walker.ask("GET", "/summary.pdf")
            walker.connection.close()
            if (step + 1) % max(1, journeys // 4) == 0:
                readings.append(read_memory(server))
    path = ", ".join(f"{reading:.0f}" for reading in readings)
    report.say(
        PATIENTS,
        "memory, server and PDF worker",
        f"{readings[-1]:.0f} MB after {journeys} journeys and PDFs (budget 180); on the way: {path}",
    )


def measure_hour(report: Report, server: Server, count: int) -> None:
    """Print each process's memory after so many more requests, half of which save a page: 20 a second for an hour."""
    shots = [shot for _ in range(_PATIENTS) for shot in make_shots(server.url)]
    tally = Tally()
    while len(tally.waits) < count:
        fire([[shot] for shot in shots], tally, _SECONDS)
    process = psutil.Process(server.process.pid)
    workers = ", ".join(f"PDF worker {child.memory_info().rss / 1e6:.0f} MB" for child in process.children())
    report.say(
        PATIENTS,
        f"memory after {len(tally.waits):,} more requests",
        f"server {process.memory_info().rss / 1e6:.0f} MB{f', {workers}' if workers else ''}; {tally.errors} errors",
    )


def find_answers(letter: str) -> Mapping[str, Answer]:
    """Return the answers of one test patient."""
    return next(read_answers(example) for example in list_examples() if example.name == f"Test Patient {letter}")


def read_memory(server: Server) -> float:
    """Return the resident memory of the server and its children in MB."""
    process = psutil.Process(server.process.pid)
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1e6


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            Walker(f"http://127.0.0.1:{port}").ask("GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
