"""The session cookie, its key, and how long a form can be sent."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, session

from app.files import make_data_folder
from app.settings import StartError
from app.web.session import COOKIE_LIFE, TOKEN_LIFE, SessionInterface, load_cookie_key
from tests.web.probe import Probe
from tests.web.raw import Reply, build_request, open_form, send_raw

DAY = 24 * 60 * 60


def list_flags(reply: Reply) -> list[str]:
    return [flag.strip().partition("=")[0] for flag in (reply.get("Set-Cookie") or "").split(";")[1:]]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(probe: Probe) -> None:
    reply = send_raw(probe.port, build_request(probe.host, "/form"))
    assert reply.cookie.startswith("foreword=")
    assert sorted(list_flags(reply)) == ["Expires", "HttpOnly", "Path", "SameSite"]
    assert "SameSite=Lax" in (reply.get("Set-Cookie") or "")


def test_over_https_the_cookie_belongs_to_this_host_alone(public_probe: Probe) -> None:
    reply = send_raw(public_probe.port, build_request("clinic.example", "/form"))
    assert reply.cookie.startswith("__Host-foreword=")
    assert sorted(list_flags(reply)) == ["Expires", "HttpOnly", "Path", "SameSite", "Secure"]


def test_the_cookie_holds_the_forms_secret_and_nothing_else(probe: Probe) -> None:
    cookie = open_form(probe.port, probe.host).cookie
    payload = cookie.removeprefix("foreword=").partition(".")[0]
    held = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert list(held) == ["csrf_token"]


def test_only_a_page_with_a_form_sets_the_cookie(probe: Probe) -> None:
    for path in ("/nowhere", "/healthz", "/moved", "/problem/500"):
        assert send_raw(probe.port, build_request(probe.host, path)).get("Set-Cookie") is None


def test_a_token_lives_as_long_as_a_draft_and_the_cookie_longer() -> None:
    assert timedelta(seconds=DAY) == TOKEN_LIFE
    assert COOKIE_LIFE > TOKEN_LIFE


def build_clocked(now: datetime) -> Flask:
    app = Flask(__name__)
    app.session_interface = SessionInterface(b"k" * 32, lambda: now)
    app.permanent_session_lifetime = COOKIE_LIFE

    @app.get("/")
    def show() -> str:
        session.setdefault("csrf_token", "secret")
        return "form"

    return app


def test_a_cookie_is_signed_anew_after_an_hour_and_not_at_every_page() -> None:
    now = datetime.now(UTC)
    first = build_clocked(now).test_client().get("/").headers["Set-Cookie"].partition(";")[0]
    for passed, is_renewed in ((timedelta(minutes=59), False), (timedelta(minutes=61), True)):
        client = build_clocked(now + passed).test_client(use_cookies=False)
        answer = client.get("/", headers={"Cookie": first})
        assert ("Set-Cookie" in answer.headers) is is_renewed


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    make_data_folder(folder)
    key = load_cookie_key(folder)
    assert len(key) == 32
    assert load_cookie_key(folder) == key
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "cookie.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["cookie.key"]


def test_programs_that_start_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(load_cookie_key, [tmp_path] * 64))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["cookie.key"]


def test_a_key_that_others_can_read_or_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    load_cookie_key(tmp_path)
    path = tmp_path / "cookie.key"
    path.chmod(0o640)
    with pytest.raises(StartError, match="others on this machine can read this key"):
        load_cookie_key(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(StartError, match="not a key of 32 bytes"):
        load_cookie_key(tmp_path)


def test_an_empty_folder_is_closed_and_an_open_one_with_things_in_it_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    make_data_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "file").touch()
    folder.chmod(0o755)
    with pytest.raises(StartError, match="chmod 700"):
        make_data_folder(folder)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StartError, match=r"FOREWORD_DATA: .*file/data cannot be used"):
        make_data_folder(file / "data")
