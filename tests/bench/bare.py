"""A bare Flask view that returns a constant, on the very server that Foreword runs on: the yardstick."""

import logging
import sys
from dataclasses import replace

from flask import Flask

from app.server import open_listener, stop_on_signals
from app.settings import load_settings
from app.web.shell import WebApp
from app.web.wire import Server

CONSTANT = b"x" * 9000


def main(port: int) -> None:
    """Serve the constant until told to stop."""
    stop_on_signals()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that it has much to do is what it is for
    settings = replace(load_settings({}), port=port)
    app = Flask("bare")
    app.extensions.update(WebApp().extensions)

    @app.get("/")
    def show() -> bytes:
        return CONSTANT

    Server(app, settings, open_listener(settings)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
