"""Addresses for machines: is it alive, is it ready, may it be listed. They tell nothing about anybody."""

import time
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Flask, Response

from app.bounded import Bounded
from app.desk.keyring import DESK_FILE, FOLDER, list_response_keys
from app.files import read_private
from app.logs import record_failure
from app.settings import Settings
from app.storage.editions import find_latest_edition
from app.storage.engine import begin_read
from app.web.services import Services
from app.web.session import COOKIE_KEY
from app.web.shell import get_shell

blueprint: Final = Blueprint("health", __name__)

# Less than a balancer waits: an answer that names the fault is worth more than none.
_READY_SECONDS: Final = 2.0
_ROBOTS: Final = "User-agent: *\nDisallow: /\n"


def watch(app: Flask, services: Services) -> None:
    """Name what must work before /readyz says so."""

    def read_database() -> None:
        with begin_read(services.engine) as connection:
            find_latest_edition(connection)

    parts: dict[str, Callable[[], object]] = {
        "database": read_database,
        "keys": lambda: _read_keys(services.settings),
        "edition": services.editions.get_newest,
    }
    if not services.settings.has_staff:
        parts["clinic"] = lambda: _find_clinic(services)
    get_shell(app).readiness.update({name: Bounded(check) for name, check in parts.items()})


def begin_stop(app: Flask) -> None:
    """Have /readyz answer `stopping` from now on, so that a balancer sends nobody here any more."""
    get_shell(app).is_stopping = True


def _read_keys(settings: Settings) -> None:
    """Look whether the files of the keys are where the next start will look for them; raises `StartError`."""
    paths = [settings.data / COOKIE_KEY]
    if settings.has_staff:
        folder = settings.data / FOLDER
        paths += [folder / DESK_FILE, *(list_response_keys(folder) or [folder])]
    for path in paths:
        read_private(path, f"run: chmod 600 '{path}'")


def _find_clinic(services: Services) -> None:
    """Raise `LookupError` on a database that no clinic's program started on: patients see *not open yet* for ever.

    A machine that names the wrong database would else draw most of them to itself, for it is done with each so quickly.
    """
    profile = services.keeper.get()
    if profile.key is None and profile.clinic is None:  # a demonstration has a clinic, and prints without a key
        raise LookupError("clinic")


@blueprint.get("/healthz")
def show_health() -> Response:
    """Answer that the program runs; the database is not asked, for a restart does not mend it."""
    return _answer("alive")


@blueprint.get("/readyz")
def show_readiness() -> Response:
    """Answer that all the program needs works, or with status 503 the names of what does not, within seconds."""
    shell = get_shell()
    if shell.is_stopping:
        return _answer("stopping", 503)
    deadline = time.monotonic() + _READY_SECONDS
    failed = []
    for name, run in [(name, check.begin()) for name, check in shell.readiness.items()]:
        try:
            run.wait(deadline)
        except Exception as error:  # noqa: BLE001  whatever it is, the answer is its name and the log has its place
            record_failure(error, "not ready", part=name)
            failed.append(name)
    return _answer(" ".join(failed), 503) if failed else _answer("ready")


@blueprint.get("/robots.txt")
def show_robots() -> Response:
    """Ask search engines to stay away; every answer has `X-Robots-Tag` as well."""
    return _answer(_ROBOTS.rstrip())


def _answer(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, mimetype="text/plain")
