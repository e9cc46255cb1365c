"""Addresses for machines: is it alive, is it ready, may it be listed. They tell nothing about anybody."""

from typing import Final

from flask import Blueprint, Flask, Response

from app.logs import record_failure
from app.storage.editions import find_latest_edition
from app.storage.engine import begin_read
from app.web.services import Services
from app.web.session import load_cookie_key
from app.web.shell import get_shell

blueprint: Final = Blueprint("health", __name__)

_ROBOTS: Final = "User-agent: *\nDisallow: /\n"


def watch(app: Flask, services: Services) -> None:
    """Name what must work before /readyz says so."""

    def read_database() -> None:
        with begin_read(services.engine) as connection:
            find_latest_edition(connection)

    get_shell(app).readiness.update(
        database=read_database,
        keys=lambda: load_cookie_key(services.settings.data),
        edition=services.editions.get_newest,
    )


@blueprint.get("/healthz")
def show_health() -> Response:
    """Answer that the program runs."""
    return _answer("alive")


@blueprint.get("/readyz")
def show_readiness() -> Response:
    """Answer that all the program needs works, or with status 503 the names of what does not."""
    failed = []
    for name, check in get_shell().readiness.items():
        try:
            check()
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
