"""S16: the log holds words of the program, never what somebody typed; each act of administration is one entry."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.storage.audit import Event, EventTextError, append_event
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.web.services import get_services
from tests.web.clinic.conftest import SignIn
from tests.web.clinic.test_settings import FILLED
from tests.web.patient.visitor import ORIGIN, Visitor

CANARY = "Canary Würger 7731"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return get_services().engine


def test_what_somebody_may_have_typed_is_refused(engine: Engine) -> None:
    plain = Event(action="response.opened", actor="nobody")
    for typed in (
        "Anna Lee",
        "my sister's",
        "a, b",
        "żółć",
        "two\nlines",
        "x" * 201,
        "<b>",
        "a@b.example",
        " ",
        "(no)",
    ):
        for event in (
            replace(plain, about={"reason": typed}),
            replace(plain, about={typed: 1}),
            replace(plain, outcome=typed),
            replace(plain, action=typed),
            replace(plain, subject=typed),
            replace(plain, actor=typed),
        ):
            with pytest.raises(EventTextError) as refused, begin_write(engine) as connection:
                append_event(connection, b"k" * 32, event, datetime.now(UTC))
            assert not typed.strip() or typed not in str(refused.value)


def change_settings(administrator: Visitor) -> None:
    administrator.get("/clinic/settings")
    administrator.post(FILLED | {"name": CANARY, "privacy": CANARY}, form=administrator.find_form("/clinic/settings"))


def fail_to_change_settings(administrator: Visitor) -> None:
    administrator.get("/clinic/settings")
    administrator.post(FILLED | {"name": CANARY, "country": ""}, form=administrator.find_form("/clinic/settings"))


def filter_log(administrator: Visitor) -> None:
    administrator.post({"reference": CANARY}, form=administrator.find_form("/clinic/audit"))


def verify(administrator: Visitor) -> None:
    form = administrator.find_form("/clinic/audit/verify")
    administrator.client.post(form.action, data=form.fields, base_url=ORIGIN)


def export(administrator: Visitor) -> None:
    form = administrator.find_form("/clinic/audit/export")
    administrator.client.post(form.action, data=form.fields | {"format": "csv"}, base_url=ORIGIN, buffered=True)


@pytest.mark.parametrize(
    ("before", "act", "expected"),
    [
        ("/clinic/account", lambda one: one.get("/clinic/health"), ["health.viewed"]),
        ("/clinic/audit", filter_log, ["audit.viewed"]),
        ("/clinic/account", change_settings, ["settings.changed"]),
        ("/clinic/account", fail_to_change_settings, []),
        ("/clinic/audit", verify, ["audit.verified"]),
        ("/clinic/audit", export, ["audit.exported", "audit.exported"]),
        ("/clinic/account", lambda one: one.get("/clinic/responses"), ["page.refused"]),
    ],
)
def test_each_act_is_one_entry_without_what_was_typed(
    engine: Engine, sign_in: SignIn, before: str, act: Callable[[Visitor], object], expected: list[str]
) -> None:
    administrator = sign_in(Role.ADMINISTRATOR)
    administrator.get(before)
    count = len(read_log(engine))
    act(administrator)
    added = read_log(engine)[count:]
    assert [row[0] for row in added] == expected
    for row in added:
        who, origin = row[1], row[2]
        assert len(who) == 32
        assert origin == "127.0.0.1"
        assert not [word for word in ("Canary", "7731", "elm.example", "Elm", "London") if word in " ".join(row)]


def read_log(engine: Engine) -> list[tuple[str, ...]]:
    with begin_read(engine) as connection:
        rows = connection.execute(
            text("SELECT action, actor, origin, subject, outcome, about FROM audit_entries ORDER BY number")
        )
        return [tuple(str(part) for part in row) for row in rows]
