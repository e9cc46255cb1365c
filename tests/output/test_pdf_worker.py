"""The process that draws: limits, faults by name, never a hang, nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import FrameType

import psutil
import pytest

from app.output import pdf_worker
from app.output.pdf import PdfBusyError, PdfError, PdfRenderer, PdfTimeoutError, PdfTooLargeError, PdfWorkerError
from app.questionnaire.summary_model import Summary
from tests.output import samples
from tests.output.paper import Paper
from tests.support.source import ROOT

MOST_MEMORY = 180_000_000


@pytest.fixture
def fresh() -> Iterator[PdfRenderer]:
    """Yield a renderer whose process nobody else draws with."""
    drawing = PdfRenderer(timeout=60.0, longest_wait=120.0)
    yield drawing
    drawing.close()


def find_process(renderer: PdfRenderer) -> psutil.Process:
    number = renderer.find_worker()
    assert number is not None
    return psutil.Process(number)


def wait_for_worker(renderer: PdfRenderer, *, other_than: int | None = None) -> int:
    while (number := renderer.find_worker()) in {None, other_than}:
        time.sleep(0.005)
    assert number is not None
    return number


def test_a_process_ended_between_two_summaries_is_replaced(fresh: PdfRenderer) -> None:
    first = fresh.render(samples.make_all_no())
    before = find_process(fresh).pid
    os.kill(before, signal.SIGKILL)
    assert fresh.render(samples.make_all_no()) == first
    assert find_process(fresh).pid != before


def test_whoever_asks_in_the_moment_of_an_end_hears_a_number_or_none(fresh: PdfRenderer) -> None:
    fresh.render(samples.make_all_no())
    before = find_process(fresh).pid

    def end(frame: FrameType, event: str, _: object) -> None:
        if (event, frame.f_code.co_name) == ("return", "poll"):  # it was found running a moment ago
            sys.setprofile(None)
            fresh.close()

    sys.setprofile(end)
    try:
        assert fresh.find_worker() == before
    finally:
        sys.setprofile(None)
    assert fresh.find_worker() is None


def test_a_process_ended_midway_is_replaced_and_the_summary_drawn(fresh: PdfRenderer) -> None:
    fresh.render(samples.make_all_no())
    before = find_process(fresh)
    with ThreadPoolExecutor() as pool:
        drawing = pool.submit(fresh.render, samples.make_extreme())
        busy = before.cpu_times().user
        while before.cpu_times().user < busy + 0.05:
            time.sleep(0.005)
        before.kill()
        assert drawing.result().startswith(b"%PDF-")
    assert find_process(fresh).pid != before.pid


def test_a_process_that_ends_again_and_again_is_a_fault_by_name(fresh: PdfRenderer) -> None:
    is_over = threading.Event()

    def end_each() -> None:
        while not is_over.is_set():
            number = fresh.find_worker()
            if number is not None:
                os.kill(number, signal.SIGKILL)
            time.sleep(0.001)

    with ThreadPoolExecutor() as pool:
        ending = pool.submit(end_each)
        with pytest.raises(PdfWorkerError):
            fresh.render(samples.make_all_no())
        is_over.set()
        ending.result()
    assert fresh.render(samples.make_all_no()).startswith(b"%PDF-")


def test_a_process_that_stands_still_is_ended_in_time() -> None:
    quick = PdfRenderer(timeout=3.0)
    try:
        with ThreadPoolExecutor() as pool:
            drawing = pool.submit(quick.render, samples.make_extreme())
            stopped = psutil.Process(wait_for_worker(quick))
            stopped.suspend()
            with pytest.raises(PdfTimeoutError):
                drawing.result()
        assert quick.find_worker() is None
        assert not stopped.is_running()
    finally:
        quick.close()


def test_who_waits_too_long_for_a_turn_is_told_by_name() -> None:
    drawing = PdfRenderer(timeout=60.0, longest_wait=0.01)
    try:
        with ThreadPoolExecutor() as pool:
            first = pool.submit(drawing.render, samples.make_extreme())
            wait_for_worker(drawing)
            with pytest.raises(PdfBusyError):
                drawing.render(samples.make_all_no())
            assert first.result().startswith(b"%PDF-")
    finally:
        drawing.close()


def test_who_finds_too_many_waiting_is_told_at_once_and_the_next_one_draws() -> None:
    places = threading.BoundedSemaphore(1)
    drawing = PdfRenderer(timeout=60.0, longest_wait=60.0, places=places)
    try:
        with places, pytest.raises(PdfBusyError):
            drawing.render(samples.make_all_no())
        assert drawing.find_worker() is None
        for _ in range(2):
            assert drawing.render(samples.make_all_no()).startswith(b"%PDF-")
    finally:
        drawing.close()


def test_more_text_than_can_be_asked_for_is_refused_by_name(fresh: PdfRenderer) -> None:
    summary = replace(samples.make_all_no(), name="W" * 10_000_000)
    with pytest.raises(PdfTooLargeError) as refused:
        fresh.render(summary)
    assert "WW" not in str(refused.value)
    assert fresh.find_worker() is None


def test_a_summary_that_cannot_be_set_is_a_fault_without_its_words(fresh: PdfRenderer) -> None:
    summary = replace(samples.make_all_no(), language="not a language", name="Ana Secret")
    with pytest.raises(PdfError) as refused:
        fresh.render(summary)
    assert "Secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert fresh.render(samples.make_all_no()).startswith(b"%PDF-")


def test_a_missing_font_is_told_to_the_operator(tmp_path: Path) -> None:
    worker = ROOT / "app" / "output" / "pdf_worker.py"
    command = [sys.executable, "-I", "-S", str(worker), str(ROOT / "templates" / "print"), str(tmp_path)]
    ended = subprocess.run(command, input=b"", capture_output=True, check=False)
    outcome, _, length = pdf_worker.REPLY.unpack(ended.stdout[: pdf_worker.REPLY.size])
    assert outcome == pdf_worker.NOT_READY
    assert ended.returncode == 1
    told = ended.stdout[pdf_worker.REPLY.size :]
    assert len(told) == length
    assert b"No module named" in told


def test_many_threads_each_get_their_own_summary(fresh: PdfRenderer) -> None:
    def draw(number: int) -> bool:
        name = f"Patient number {number}"
        return name.replace(" ", "") in Paper(fresh.render(replace(samples.make_all_no(), name=name))).pages[0]

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert all(pool.map(draw, range(12)))


def test_the_process_knows_nothing_of_ours_and_can_write_no_file(fresh: PdfRenderer) -> None:
    fresh.render(samples.make_typical())
    process = find_process(fresh)
    assert set(process.environ()) <= {"MALLOC_ARENA_MAX", "RAYON_NUM_THREADS", "LC_CTYPE"}
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_AS)[0] <= 1 << 30
    assert process.rlimit(psutil.RLIMIT_CPU)[0] < 3600
    assert [file.path for file in process.open_files() if file.path != os.devnull] == []
    assert process.net_connections() == []


def test_no_folder_is_left_behind(fresh: PdfRenderer) -> None:
    fresh.render(samples.make_typical())
    number = find_process(fresh).pid
    assert not list(Path(tempfile.gettempdir()).glob(f"foreword-fonts-{number}-*"))


def test_the_process_ends_with_its_parent() -> None:
    program = (
        "import os, sys; from app.output.pdf import PdfRenderer; from tests.output import samples;"
        "drawing = PdfRenderer(timeout=60); drawing.render(samples.make_all_no());"
        "print(drawing.find_worker(), flush=True); os.kill(os.getpid(), 9)"
    )
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False).stdout
    number = int(told)
    for _ in range(600):
        if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    pytest.fail("the process that draws outlived its parent")


def make_varied(number: int) -> Summary:
    name = f"Patient {number} " + "abcdefghij"[number % 10] * (number % 50)
    return replace(samples.make_typical() if number % 2 else samples.make_all_unknown(), name=name)


def test_memory_stays_flat(fresh: PdfRenderer) -> None:
    for number in range(10):
        fresh.render(make_varied(number))
    process = find_process(fresh)
    early = process.memory_info().rss
    for number in range(10, 40):
        fresh.render(make_varied(number))
    assert find_process(fresh).pid == process.pid
    late = process.memory_info().rss
    assert late < early * 1.25
    assert late < MOST_MEMORY / 1.5


def test_a_process_that_has_grown_is_replaced(fresh: PdfRenderer) -> None:
    fresh.render(samples.make_all_no())
    before = find_process(fresh).pid
    fresh.render(samples.make_extreme())
    assert find_process(fresh).pid != before
    assert find_process(fresh).memory_info().rss < MOST_MEMORY / 1.5
