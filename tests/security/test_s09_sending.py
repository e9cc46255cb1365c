"""security.md S9: very many forms from one network end, a waiting room's do not, and nobody else's either."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.server import prepare
from app.settings import load_settings
from app.storage.engine import begin_write
from app.web.patient.crowding import take_place
from tests.support.redis import RedisServer
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import SEND, WHO, find_services, list_responses, send
from tests.web.patient.test_sending_once import PRESSES, press
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

CROWDED, HOME = "203.0.113.66", "198.51.100.7"
MOST = 60
HERE = "127.0.0.1"

MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(tmp_path: Path, clock: Clock) -> Iterator[MakeApp]:
    """Give a function that makes the application with the least that can be set."""
    made: list[Flask] = []
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)

    def make(database_url: str, **more: str) -> Flask:
        given = {"DATA": f"{folder}", "DATABASE_URL": database_url, "DEMO": "1", "PUBLIC_URL": ORIGIN, **more}
        given["SENDS_AN_HOUR"] = f"{MOST}"
        app = create_app(load_settings({f"FOREWORD_{name}": value for name, value in given.items()}), now=clock)
        prepare(app)
        made.append(app)
        return app

    yield make
    for app in made:
        find_services(app).engine.dispose()


@pytest.fixture
def app(database_url: str, make_app: MakeApp) -> Flask:
    """Make it on either database."""
    return make_app(database_url)


def come_from(app: Flask, address: str) -> Visitor:
    visitor = make_visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.start()
    visitor.post({"age": "34", "reason-for-visit": ["ptsd"]})
    return visitor


def fill_up(app: Flask, places: int) -> None:
    """Let so many forms have been sent from where visitors come from that say nothing else."""
    with app.test_request_context("/", base_url=ORIGIN, environ_base={"REMOTE_ADDR": HERE}):
        for _ in range(places):
            with begin_write(find_services(app).engine) as connection:
                assert take_place(connection) == timedelta()


def send_by_many_presses(app: Flask) -> list[tuple[int, str]]:
    """Send a form by presses of one button at the same moment, and return each one's answer."""
    visitor = come_from(app, HERE)
    visitor.get(SEND)
    form = visitor.find_form(SEND)
    filled = {**form.fields, **{name: [f"{value}"] for name, value in WHO.items()}}
    return press(app, visitor, [Form(form.action, filled)] * PRESSES)


def expect_one_place_each(app: Flask) -> None:
    """Fail unless a form takes one place however often its button was pressed, and each press hears that it is sent."""
    fill_up(app, MOST - 2)
    for _ in range(2):
        assert send_by_many_presses(app) == [(303, "/done")] * PRESSES
    late = come_from(app, HERE)
    assert "Nothing was sent yet" in send(late).text
    assert late.status == 429
    assert len(list_responses(app)) == 2


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


def test_many_presses_at_once_take_one_place_also_the_last(app: Flask) -> None:
    # UA-28, UA-31: nobody is told that nothing was sent while another click of theirs sends it
    expect_one_place_each(app)


def test_many_presses_at_once_take_one_place_where_redis_counts(
    postgres_url: str, redis_server: RedisServer, make_app: MakeApp
) -> None:
    expect_one_place_each(make_app(postgres_url, REDIS_URL=redis_server.url))
