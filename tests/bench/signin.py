"""Signing in: what a failure costs, whoever it was about (security.md S10), and what a crowd costs patients (S7).

An unknown name, a wrong password and a closed account are tried in turn; then a hundred people sign in while a patient
opens pages. It stands by itself, for it takes minutes: python -m tests.bench.signin
"""

import math
import re
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import click
from flask import Flask

from app.storage.access import set_password
from app.storage.engine import begin_write
from app.storage.people import Role, change_activity, create_person
from app.web.clinic.identity.passwords import get_hasher
from app.web.services import get_services
from tests.support.server import launch_server
from tests.web.clinic.conftest import make_app
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN
from tests.web.raw import build_request, send_raw

_TRIES = 200
_AT_ONCE = 100
_PAGES = 200
_WRONG = "not the right password"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class RealClock(Clock):
    """The time as it is."""

    def __call__(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


@click.command()
@click.option("--tries", default=_TRIES, show_default=True, help="How often each kind of name is tried.")
def main(tries: int) -> None:
    """Measure both on this machine."""
    times = measure_tries(tries)
    for kind, taken in times.items():
        click.echo(f"  {kind:<44} {statistics.median(taken):.1f} ms")
    kinds = list(times)
    for number, one in enumerate(kinds):
        for other in kinds[number + 1 :]:
            click.echo(f"  {f'{one} and {other}: p':<44} {compare(times[one], times[other]):.3f}")
    calm, busy, statuses = measure_crowd()
    click.echo(f"  {'a patient page, 95 of 100, calm':<44} {calm:.0f} ms")
    click.echo(f"  {f'a patient page, 95 of 100, {_AT_ONCE} sign in':<44} {busy:.0f} ms")
    click.echo(f"  {'what those who sign in were answered':<44} {statuses}")


def measure_tries(tries: int) -> dict[str, list[float]]:
    """Return how many milliseconds a try took for each kind of name, one after the other in turn."""
    folder = Path(tempfile.mkdtemp(prefix="foreword-bench-"))
    app = make_app(folder, RealClock(), PASSWORD_COST="65536,3,4")
    names = make_names(app, tries)
    client, addresses = app.test_client(), count()
    page = client.get("/clinic/sign-in", base_url=ORIGIN).text
    token = _TOKEN.findall(page)[0]
    times: dict[str, list[float]] = {kind: [] for kind in names}
    for number in range(tries):
        for kind, logins in names.items():
            part = next(addresses)
            client.environ_base["REMOTE_ADDR"] = f"10.{part >> 16 & 255}.{part >> 8 & 255}.{part & 255}"
            typed = {"csrf_token": token, "login": logins[number], "password": _WRONG}
            begun = time.perf_counter()
            answer = client.post("/clinic/sign-in", data=typed, base_url=ORIGIN)
            times[kind].append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 422, answer.status_code
    return times


def make_names(app: Flask, tries: int) -> dict[str, list[str]]:
    """Return names to try, of which each kind has so many: none is tried so often that it is slowed."""
    names = {
        kind: [f"{kind.replace(' ', '-')}-{number}@clinic.example" for number in range(tries)]
        for kind in ("unknown", "wrong password", "closed account")
    }
    with app.test_request_context("/clinic/sign-in"):
        services = get_services()
        password_hash = get_hasher().hash("kettle violin orbit seven")
        with begin_write(services.engine) as connection:
            for login in [*names["wrong password"], *names["closed account"]]:
                person = create_person(connection, login=login, name=login, roles={Role.REVIEWER}, now=services.now())
                set_password(connection, person.id, password_hash, services.now())
                if login in names["closed account"]:
                    change_activity(connection, person.id, is_active=False)
    return names


def compare(one: list[float], other: list[float]) -> float:
    """Return how likely such a difference is by chance alone (Mann and Whitney, two-sided, normal approximation)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, side) in enumerate(ranked, 1) if side == 0)
    first, second = len(one), len(other)
    expected = first * (first + second + 1) / 2
    deviation = math.sqrt(first * second * (first + second + 1) / 12)
    return math.erfc(abs(ranks - expected) / deviation / math.sqrt(2))


def measure_crowd() -> tuple[float, float, dict[int, int]]:
    """Return how long patients wait for a page, when nobody else is there and while a hundred people sign in."""
    server = launch_server(Path(tempfile.mkdtemp(prefix="foreword-bench-")), {})
    host = server.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    try:
        calm = measure_page(host, port)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            crowd = [threads.submit(sign_in, host, port, number) for number in range(_AT_ONCE)]
            busy = measure_page(host, port)
            statuses = [status for each in crowd for status in each.result()]
    finally:
        server.stop(may_have_failed=True)
    return calm, busy, {status: statuses.count(status) for status in sorted(set(statuses))}


def measure_page(host: str, port: int) -> float:
    """Return within how many milliseconds 95 of 100 first pages came."""
    times = []
    for _ in range(_PAGES):
        begun = time.perf_counter()
        assert send_raw(port, build_request(host, "/")).status == 200
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.quantiles(times, n=20)[-1]


def sign_in(host: str, port: int, number: int) -> list[int]:
    """Try to sign in five times under a name of one's own, and return how that was answered."""
    page = send_raw(port, build_request(host, "/clinic/sign-in"))
    token = _TOKEN.findall(page.text)[0]
    typed = {"csrf_token": token, "login": f"n{number}@clinic.example", "password": _WRONG}
    request = build_request(host, "/clinic/sign-in", "POST", urlencode(typed).encode(), {"Cookie": page.cookie})
    return [send_raw(port, request).status for _ in range(5)]


if __name__ == "__main__":
    main()
