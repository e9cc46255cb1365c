"""The web shell with pages that tests need and patients never see, served by the real server in its own process."""

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import TooManyRequests

from app.logs import configure_logs, get_log
from app.server import open_listener, stop_on_signals
from app.settings import load_settings
from app.storage.engine import create_engine_for
from app.web import build_web_app
from app.web.shell import WebApp, get_shell
from app.web.wire import Server
from tests.support.ports import find_free_port

_ROOT = Path(__file__).parents[2]
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Probe:
    """A running probe: its port, and the folders for its data and for whatever it should not write."""

    port: int
    data: Path
    temporary: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        """Return what a browser sends as Host."""
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End the process as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_SECONDS)


def start_probe(folder: Path, **settings: str | int) -> Probe:
    """Return a probe that answers; `settings` are FOREWORD_ settings."""
    port = find_free_port()
    temporary = folder / "temporary"
    temporary.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "TMPDIR": str(temporary),
        "FOREWORD_DATA": str(folder / "data"),
        **{f"FOREWORD_{name.upper()}": str(value) for name, value in settings.items()},
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.probe"], cwd=_ROOT, env=environment, stdout=output, stderr=output
        )
    probe = Probe(port, folder / "data", temporary, log, process)
    _wait_until_alive(probe)
    return probe


def _wait_until_alive(probe: Probe) -> None:
    deadline = time.monotonic() + _SECONDS
    while probe.process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", probe.port, timeout=_SECONDS)
            connection.request("GET", "/healthz")
            connection.getresponse()
            connection.close()
            return
        time.sleep(0.05)
    probe.process.kill()
    raise AssertionError(probe.log.read_text())


def add_form(app: WebApp) -> None:
    """Give an application a form, a page of what was stored with it, and one that keeps what was typed."""
    stored: list[dict[str, list[str]]] = []

    @app.get("/form")
    def show_form() -> str:
        return f"<title>{'form ' * 200}</title>{generate_csrf()}"

    @app.post("/form")
    def save_form() -> str:
        stored.append(request.form.to_dict(flat=False))
        return "saved"

    @app.get("/stored")
    def show_stored() -> dict[str, object]:
        return {"forms": stored, "address": request.remote_addr, "scheme": request.scheme, "host": request.host}

    def keep_form(form: MultiDict[str, str]) -> ResponseReturnValue | None:
        return (f"kept {form.to_dict(flat=False)}", 400) if request.path == "/form" else None

    get_shell(app).keep_form = keep_form


def add_faults(app: WebApp) -> None:
    """Give an application a page for each way to fail."""

    @app.route("/fault/<typed>", methods=["GET", "POST"])
    def fail(typed: str) -> str:
        raise ValueError(typed, request.args, request.form)

    @app.get("/problem/<int:status>")
    def show_problem(status: int) -> str:
        abort(status)

    @app.get("/slow")
    def be_slow() -> str:
        get_log().info("slow begun")
        time.sleep(1)
        return "slow, but whole"

    @app.get("/database")
    def read_database() -> str:
        with create_engine_for("postgresql+psycopg://nobody@127.0.0.1:1/none").connect():
            return "there is no such database"

    @app.get("/flood")
    def refuse_flood() -> str:
        raise TooManyRequests(retry_after=60)

    @app.get("/moved")
    def move() -> ResponseReturnValue:
        return redirect("/form")

    @app.get("/broken")
    def show_broken() -> str:
        return "what comes after this page breaks"

    @app.teardown_request
    def break_afterwards(_: BaseException | None) -> None:
        if request.path == "/broken":
            raise ValueError(request.path)


def main() -> None:
    """Serve the probe until told to stop."""
    configure_logs(sys.stderr)
    stop_on_signals()
    settings = load_settings(os.environ)
    app = build_web_app(settings)
    add_form(app)
    add_faults(app)
    server = Server(app, settings, open_listener(settings))
    stop_on_signals(server.stop)
    server.run()


if __name__ == "__main__":
    main()
