"""Sending: what one post costs that seals a response to the clinic, as a share of the yardstick."""

import http.client
import statistics
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import click

from app.questionnaire.answer import Answer
from tests.bench.load import Shot, encode, measure_rate
from tests.bench.walker import Walker

ROUNDS = 5
CONNECTIONS = 4
EACH = 15
_SECONDS = 1.0
_TYPED = {
    "patient-name": ["Test Somebody"],
    "patient-birth-day": ["3"],
    "patient-birth-month": ["5"],
    "patient-birth-year": ["1990"],
    "consent-to-share": ["agree"],
}


def measure_submits(url: str, bare: Shot, answers: Mapping[str, Answer]) -> tuple[float, float]:
    """Return how many patients a second can send, and that as a share of the yardstick, measured in turn with it."""
    shots = prepare_submits(url, answers, ROUNDS * CONNECTIONS * EACH)
    rates, shares = [], []
    for number in range(ROUNDS):
        first = number * CONNECTIONS * EACH
        some = shots[first : first + CONNECTIONS * EACH]
        yard = measure_rate([bare] * CONNECTIONS, _SECONDS)
        rates.append(_fire([some[lane::CONNECTIONS] for lane in range(CONNECTIONS)]))
        shares.append(rates[-1] / yard)
    return statistics.median(rates), statistics.median(shares)


def prepare_submits(url: str, answers: Mapping[str, Answer], count: int) -> list[Shot]:
    """Return the posts by which so many patients send, each of which can be made once."""
    shots = []
    with click.progressbar(range(count), label="patients who are about to send", file=sys.stderr) as steps:
        for _ in steps:
            walker = Walker(url)
            walker.start()
            walker.walk(answers)
            walker.ask("GET", "/share/send")
            form = next(form for form in walker.document.forms if form.action == "/share/send")
            headers = (("Cookie", walker.cookie_header), ("Sec-Fetch-Site", "same-origin"))
            shots.append(Shot(url, form.action, encode({**form.fields, **_TYPED}), headers, expected=303))
            walker.connection.close()
    return shots


def _fire(lanes: Sequence[Sequence[Shot]]) -> float:
    """Send every shot once, a connection for each lane, and return how many a second; raises RuntimeError."""
    faults: list[str] = []

    def run(shots: Sequence[Shot]) -> None:
        parts = urlsplit(shots[0].url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.connect()
        for shot in shots:
            connection.sock.sendall(shot.write())
            answer = http.client.HTTPResponse(connection.sock)
            answer.begin()
            answer.read()
            if answer.status != shot.expected or not str(answer.headers["Location"]).endswith("/done"):
                faults.append(f"{shot.path} answered {answer.status}")
        connection.close()

    threads = [threading.Thread(target=run, args=(shots,)) for shots in lanes]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(faults[0])
    return sum(map(len, lanes)) / (time.monotonic() - begun)
