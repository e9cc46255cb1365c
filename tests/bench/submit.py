"""Sending: what one post costs that seals a response to the clinic, as a share of the yardstick."""

import statistics
import sys
from collections.abc import Mapping

import click

from app.questionnaire.answer import Answer
from tests.bench.load import Shot, Tally, encode, fire, measure_rate
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
    shares, tally = [], Tally()
    for number in range(ROUNDS):
        first = number * CONNECTIONS * EACH
        some = shots[first : first + CONNECTIONS * EACH]
        yard = measure_rate([bare] * CONNECTIONS, _SECONDS)
        fire([some[lane::CONNECTIONS] for lane in range(CONNECTIONS)], tally)
        shares.append(tally.rates[-1] / yard)
    if tally.errors:
        raise RuntimeError(f"{tally.errors} of those who sent were not answered as they should be")
    return statistics.median(tally.rates), statistics.median(shares)


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
            shots.append(Shot(url, form.action, encode({**form.fields, **_TYPED}), headers, 303, "/done"))
            walker.connection.close()
    return shots
