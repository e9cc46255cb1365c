"""The whole application on a real SQLite file over https, and a way to be somebody of the clinic in it."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.storage.people import Role
from tests.web.clinic import staff
from tests.web.patient.conftest import app, clock, template, visitor
from tests.web.patient.visitor import Visitor

__all__ = ["app", "clock", "template", "visitor"]

SignIn = Callable[..., Visitor]


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """Give a function that returns somebody who is signed in: `sign_in(Role.REVIEWER)`."""

    def sign_in_with(*roles: Role) -> Visitor:
        return staff.sign_in(app, *roles)

    return sign_in_with
