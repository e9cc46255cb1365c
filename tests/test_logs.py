"""The log, written by the program in a process of its own: JSON lines that no value gets into."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.ports import find_free_port

ROOT = Path(__file__).parents[1]
CANARY = "canary\n\x1b[31m\u2028"


def run_logged(script: str) -> tuple[list[dict[str, object]], str]:
    """Run a script with the log set up, and return its log's lines and all of its text."""
    start = f"import sys; from app.logs import *; configure_logs(sys.stderr); CANARY = {CANARY!r}\n"
    done = subprocess.run([sys.executable, "-c", start + script], cwd=ROOT, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stderr.splitlines()], done.stdout + done.stderr


def test_a_failure_is_logged_by_type_and_place_down_to_its_cause() -> None:
    lines, text = run_logged(
        """
try:
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(CANARY) from error
except KeyError as error:
    record_failure(error, "broke", part="test")
"""
    )
    assert [(line["event"], line["error"], line["part"], line["level"]) for line in lines] == [
        ("broke", "KeyError", "test", "error")
    ]
    places = lines[0]["places"]
    assert isinstance(places, list)
    assert [place.partition(" at ")[0] for place in places] == ["KeyError", "ValueError"]
    assert "canary" not in text


def test_every_line_names_its_process_and_whom_it_serves() -> None:
    _, text = run_logged(
        "import os; configure_logs(sys.stderr, role='patient'); get_log().info('one'); print(os.getpid())"
    )
    pid, line = text.splitlines()
    assert json.loads(line).items() >= {"event": "one", "pid": int(pid), "role": "patient"}.items()
    lines, _ = run_logged("get_log().info('one')")
    assert "role" not in lines[0]


def test_what_nobody_caught_is_logged_without_its_text() -> None:
    lines, text = run_logged(
        """
import threading
thread = threading.Thread(target=lambda: int(CANARY)); thread.start(); thread.join()
raise ValueError(CANARY)
"""
    )
    assert [line["event"] for line in lines] == ["thread", "stopped"]
    assert "canary" not in text
    assert "Traceback" not in text


def test_a_library_says_its_sentence_without_the_values() -> None:
    lines, text = run_logged(
        """
import logging
logging.getLogger("library").warning("took %s of %d", CANARY, 5)
logging.getLogger("library").info("not worth a line: %s", CANARY)
try:
    int(CANARY)
except ValueError:
    logging.getLogger("library").exception("failed at " + CANARY)
"""
    )
    assert [(line["event"], line.get("says"), line.get("error")) for line in lines] == [
        ("library", "took %s of %d", None),
        ("library failed", None, "ValueError"),
    ]
    assert "canary" not in text


def test_a_line_is_one_line_of_plain_characters() -> None:
    lines, text = run_logged("get_log().info('a\\nb', word='\\x1b[31m\\u2028\\u202e\\xe9')")
    assert lines[0]["event"] == "a\nb"
    assert text.isascii()
    assert text.count("\n") == 1
    assert text.strip().isprintable()


def test_a_log_that_has_no_room_stops_nobody_and_is_counted() -> None:
    # Given a stream that takes nothing, and later again everything
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            """
import io, sys
from app.logs import *
class Disk(io.StringIO):
    is_full = True
    def write(self, text):
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)
disk = Disk()
configure_logs(disk)
for _ in range(3):
    get_log().info("lost")
disk.is_full = False
get_log().info("there")
get_log().info("there")
print(disk.getvalue())
""",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    # Then nobody was stopped, and the log says how much is not in it
    lines = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert [line for line in lines if line["event"] == "log lines lost"] == [{"event": "log lines lost", "lost": 3}]
    assert [line["event"] for line in lines[-2:]] == ["there", "there"]


def test_a_server_whose_log_has_no_room_answers_everybody(tmp_path: Path) -> None:
    # Given a server whose standard error is a device that is always full
    port = find_free_port()
    environ = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": f"{tmp_path}/data", "PORT": str(port), "PATH": os.environ["PATH"]}
    with Path("/dev/full").open("w") as full:
        server = subprocess.Popen(
            [Path(sys.prefix) / "bin" / "foreword", "serve"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
        )
    assert server.stdout is not None
    assert server.stdout.readline().startswith("Foreword is open")
    # When people come, many more than it has threads, and some to pages that are logged as errors
    answers = [fetch_status(port, path) for path in ("/", "/support", "/no-such-page", "/resume") * 10]
    # Then each of them is answered, and it can still be stopped
    server.terminate()
    server.wait(20)
    server.stdout.close()
    assert answers == [200, 200, 404, 200] * 10


def fetch_status(port: int, path: str) -> int:
    """Return the status of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
