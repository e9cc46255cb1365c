"""security.md S9: very many forms from one network end, a waiting room's do not, and nobody else's either."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.server import prepare
from app.settings import load_settings
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import SEND, list_responses, send
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

CROWDED, HOME = "203.0.113.66", "198.51.100.7"
MOST = 60

MakeApp = Callable[..., Flask]


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """Make the application on either database, with the least that can be set."""
    (tmp_path / "data").mkdir(mode=0o700)
    given = {"FOREWORD_DATA": f"{tmp_path}/data", "FOREWORD_DATABASE_URL": database_url, "FOREWORD_DEMO": "1"}
    settings = load_settings({**given, "FOREWORD_PUBLIC_URL": ORIGIN, "FOREWORD_SENDS_AN_HOUR": f"{MOST}"})
    app = create_app(settings, now=clock)
    services = prepare(app)
    yield app
    services.engine.dispose()


def come_from(app: Flask, address: str) -> Visitor:
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


def test_a_waiting_room_sends_and_a_flood_ends_and_loses_nothing(app: Flask, clock: Clock) -> None:
    for _ in range(MOST):
        visitor = come_from(app, CROWDED)
        send(visitor)
        assert (visitor.status, visitor.path) == (200, "/done")
    late = come_from(app, CROWDED)
    page = send(late)
    assert late.status == 429
    assert late.last is not None
    assert 0 < int(late.last.headers["Retry-After"]) <= 3600
    assert "Nothing was sent yet" in page.text
    assert late.find_form(SEND).fields["patient-name"] == ["Zoë O’Test"]
    late.get(SEND)
    assert late.find_form(SEND).fields["patient-name"] == ["Zoë O’Test"]
    assert len(list_responses(app)) == MOST
    elsewhere = come_from(app, HOME)
    send(elsewhere)
    assert elsewhere.path == "/done"
    clock.now += timedelta(minutes=61)
    send(late)
    assert late.path == "/done"
    assert len(list_responses(app)) == MOST + 2


def test_sent_again_by_a_second_click_is_not_counted(app: Flask) -> None:
    visitor = come_from(app, CROWDED)
    visitor.get(SEND)
    form = visitor.find_form(SEND)
    for _ in range(MOST + 5):
        send(visitor, form=form)
        assert visitor.path == "/done"
    other = come_from(app, CROWDED)
    send(other)
    assert other.path == "/done"
