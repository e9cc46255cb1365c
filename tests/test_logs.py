"""The log, written by the program in a process of its own: JSON lines that no value gets into."""

import json
import subprocess
import sys
from pathlib import Path

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
