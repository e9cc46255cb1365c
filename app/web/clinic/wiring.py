"""The closed half put together: its pages and what they share."""

from __future__ import annotations

from flask import Flask

from app.web.clinic import blueprint

MODULES = ()
"""The modules with pages: importing them is what puts their views on the blueprint."""


def init_app(app: Flask) -> None:
    """Give an application the staff pages."""
    app.register_blueprint(blueprint)
