"""What is stored of a visitor's draft, opened with their own cookie."""

from flask import Flask

from app.web.patient.current import find_current
from tests.web.patient.visitor import ORIGIN, Visitor


def read_answers(app: Flask, visitor: Visitor) -> dict[str, object]:
    """Return what is stored of a visitor's draft, opened with their own cookie."""
    with app.test_request_context("/", base_url=ORIGIN, headers={"Cookie": visitor.cookie_header}):
        current = find_current()
        assert current is not None
        return dict(current.progress.answers)
