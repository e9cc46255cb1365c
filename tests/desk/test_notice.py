"""The e-mail that something is waiting: rare, to whom the clinic named, and without a word about anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.clinic.keeper import ClinicKeeper
from app.clinic.profile import DEMONSTRATION, ClinicSettings, dump_settings
from app.desk.nightly import Night, run_due_chores
from app.desk.notice import read_server, send_notice
from app.settings import StartError, load_settings
from app.storage.clinic_settings import save_settings
from app.storage.engine import begin_write
from app.storage.responses import list_due
from tests.desk.conftest import NOW, Clinic
from tests.support.mail import MailBox, mail_box

__all__ = ["mail_box"]

CLINIC = replace(DEMONSTRATION, name="Elm Clinic", notice_to=("desk@elm.example", "nurse@elm.example"))


def send(clinic: Clinic, box: MailBox, settings: ClinicSettings | None = CLINIC) -> int:
    return send_notice(clinic.engine, replace(clinic.settings, smtp_url=f"smtp://127.0.0.1:{box.port}"), settings, NOW)


def test_it_says_whose_clinic_and_where_and_nothing_about_anybody(clinic: Clinic, mail_box: MailBox) -> None:
    clinic.fill(6, has_reviews=False)
    assert send(clinic, mail_box) == 2
    assert mail_box.recipients == ["desk@elm.example", "nurse@elm.example"]
    for message in mail_box.messages:
        assert message["Subject"] == "Elm Clinic: something is waiting"
        body = str(message.get_payload())
        assert "http://127.0.0.1:8000/clinic/" in body
        with begin_write(clinic.engine) as connection:
            references = list_due(connection, NOW + timedelta(days=999), 10)
        assert len(references) == 6
        assert not [one for one in references if one in body]
        assert "6" not in body


def test_nothing_is_sent_where_nothing_waits_nobody_asked_or_no_server_is_set(
    clinic: Clinic, mail_box: MailBox
) -> None:
    assert send(clinic, mail_box) == 0
    clinic.fill(1, has_reviews=False)
    assert send(clinic, mail_box, replace(CLINIC, notice_to=())) == 0
    assert send(clinic, mail_box, None) == 0
    assert send_notice(clinic.engine, clinic.settings, CLINIC, NOW) == 0
    assert mail_box.messages == []


def test_it_comes_once_a_day(clinic: Clinic, mail_box: MailBox) -> None:
    clinic.fill(1, has_reviews=False)
    with begin_write(clinic.engine) as connection:
        save_settings(connection, dump_settings(CLINIC), seen=0, changed_by="x", now=NOW)
    night = Night(
        settings=replace(clinic.settings, smtp_url=f"smtp://127.0.0.1:{mail_box.port}"),
        engine=clinic.engine,
        keeper=ClinicKeeper(clinic.engine, is_demonstration=True),
        desk=clinic.desk,
    )
    for hours in (0, 1, 2, 24):
        run_due_chores(night, NOW + timedelta(hours=hours))
    assert len(mail_box.messages) == 4  # two addresses, two days


def test_one_address_that_is_refused_keeps_nobody_else_from_it(clinic: Clinic, mail_box: MailBox) -> None:
    clinic.fill(1, has_reviews=False)
    mail_box.unknown.add("desk@elm.example")
    assert send(clinic, mail_box) == 1
    assert mail_box.recipients == ["nurse@elm.example"]
    mail_box.unknown.add("nurse@elm.example")
    with pytest.raises(OSError, match="nobody of that name"):
        send(clinic, mail_box)


def test_what_failed_is_tried_again_the_same_day_and_then_no_more(clinic: Clinic, mail_box: MailBox) -> None:
    clinic.fill(1, has_reviews=False)
    with begin_write(clinic.engine) as connection:
        save_settings(connection, dump_settings(CLINIC), seen=0, changed_by="x", now=NOW)
    dead = Night(
        settings=replace(clinic.settings, smtp_url="smtp://127.0.0.1:1"),
        engine=clinic.engine,
        keeper=ClinicKeeper(clinic.engine, is_demonstration=True),
        desk=clinic.desk,
    )
    alive = replace(dead, settings=replace(dead.settings, smtp_url=f"smtp://127.0.0.1:{mail_box.port}"))
    assert run_due_chores(dead, NOW) == ("purge", "check", "notice")
    assert run_due_chores(alive, NOW + timedelta(minutes=29)) == ()
    assert run_due_chores(alive, NOW + timedelta(minutes=30)) == ("notice",)
    assert run_due_chores(alive, NOW + timedelta(minutes=61)) == ()
    assert len(mail_box.messages) == 2


def test_a_server_that_does_not_answer_stops_nothing(clinic: Clinic) -> None:
    clinic.fill(1, has_reviews=False)
    with begin_write(clinic.engine) as connection:
        save_settings(connection, dump_settings(CLINIC), seen=0, changed_by="x", now=NOW)
    night = Night(
        settings=replace(clinic.settings, smtp_url="smtp://127.0.0.1:1"),
        engine=clinic.engine,
        keeper=ClinicKeeper(clinic.engine, is_demonstration=True),
        desk=clinic.desk,
    )
    assert "notice" in run_due_chores(night, NOW)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtps://me:p%40ss@mail.example?from=a@elm.example",
            ("mail.example", 465, True, "me", "p@ss", "a@elm.example"),
        ),
        ("smtp://mail.example:2525", ("mail.example", 2525, False, "", "", "foreword@127.0.0.1")),
    ],
)
def test_the_setting_says_where_and_as_whom(url: str, expected: tuple[object, ...]) -> None:
    server = read_server(load_settings({"FOREWORD_SMTP_URL": url}))
    found = (server.host, server.port, server.is_encrypted_at_once, server.user, server.password, server.sender)
    assert found == expected
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtps://mail.example/path", "smtp://x:99999"]
)
def test_what_names_no_server_stops_the_start(url: str) -> None:
    with pytest.raises(StartError, match="FOREWORD_SMTP_URL: ") as refused:
        load_settings({"FOREWORD_SMTP_URL": url})
    assert len(refused.value.problems) == 1
